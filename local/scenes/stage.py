"""Where the scenes are played: claims are checked, counted and shown."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from local.readback import Item, ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack

HANDSET, SHORT_CODE = "447800000001", "88600"


class Stage:
    """A running stack, a console, and one entry in `held` for each claim that was checked."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self.stack = stack
        self.console = console
        self.stored = ReadBack(stack)
        self.simulator = SimulatorClient(stack.open_market_url)
        self.held: list[bool] = []

    def scene(self, title: str) -> None:
        """Begin a scene."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def check(self, claim: str, held: bool) -> None:
        """Show a claim, and whether it held."""
        self.held.append(held)
        self.console.print(f"  [green]✔[/green] {claim}" if held else f"  [bold red]✘ NOT TRUE:[/bold red] {claim}")

    def tell(self, line: str) -> None:
        """Show a line of what is there."""
        self.console.print(f"    {line}", style="dim", markup=False, soft_wrap=True)

    def show_parts(self, parts: Sequence[Item]) -> None:
        """Show a message's parts and where they lie."""
        table = Table("type", "content id", "sha256", "where", box=None, pad_edge=False, header_style="dim")
        table.add_column("bytes", justify="right")  # the last: no line ends in blanks
        for part in parts:
            where = "the item itself" if "text" in part else "the bucket"
            table.add_row(part["contentType"], part["contentId"], f"{part['sha256'][:12]}…", where, str(part["size"]))
        self.console.print(Padding.indent(table, 4))
