"""Questions before something is done that can't be undone."""

import typer
from rich.prompt import Confirm

from console.output import aside


def confirm(question: str) -> None:
    """Ask a person; typer.Abort where the answer is no, or nobody is there to give one."""
    # Typer's own writes a blank to stdout, where results go.
    try:
        agreed = Confirm.ask(question, console=aside, default=False)
    except EOFError:
        aside.print()
        agreed = False
    if not agreed:
        raise typer.Abort
