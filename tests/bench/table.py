"""A row of the table: one thing measured as a ratio to another in the same run, and its goal."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What came out for one row."""

    row: str
    """The name by which `make bench ROW=…` finds it."""
    what: str
    ours: float
    theirs: float
    unit: str
    goal: float | None = None
    """The ratio that is wanted at most; None where there is nothing to want."""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours to theirs."""
        return self.ours / self.theirs

    @property
    def missed(self) -> bool:
        """Whether the goal was not reached."""
        return self.goal is not None and self.ratio > self.goal


def number(value: float) -> str:
    """Three figures that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 or value == 0 else f"{value:.1e}"


def show(figures: Sequence[Figure], title: str, console: Console) -> None:
    """Print the table; goals that were missed are marked."""
    table = Table(box=None, pad_edge=False)
    table.add_column("make bench ROW=", no_wrap=True)
    table.add_column("ours : theirs")
    for column in ("ours", "theirs", "ratio", "goal"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for figure in figures:
        mark = "" if figure.goal is None else "missed" if figure.missed else "ok"
        table.add_row(
            figure.row,
            figure.what + (f" ({figure.note})" if figure.note else ""),
            f"{number(figure.ours)} {figure.unit}",
            f"{number(figure.theirs)} {figure.unit}",
            f"{figure.ratio:.3f}" if figure.ratio < 10 else f"{figure.ratio:.0f}",
            "" if figure.goal is None else f"{figure.goal:g}",
            mark,
            style="bold red" if figure.missed else None,
        )
    console.print(f"\n[bold]{title}[/bold]")
    console.print(table)
