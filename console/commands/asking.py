"""Questions before something is done that can't be undone."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.prompt import Confirm, Prompt

from console.output import aside


def confirm(question: str) -> None:
    """Ask whether to go on; typer.Abort where the answer is no, or nobody is there to give one."""
    if not agrees(question):
        raise typer.Abort


def agrees(question: str) -> bool:
    """Whether a person says yes; typer.Abort where nobody is there to say anything."""
    with _on_stderr():
        return Confirm.ask(question, console=aside, default=False)


def typed(question: str) -> str:
    """What a person types; typer.Abort where nobody is there."""
    with _on_stderr():
        return Prompt.ask(question, console=aside)


@contextmanager
def _on_stderr() -> Iterator[None]:
    """Rich's questions: Typer's own write a blank to stdout, where results go."""
    try:
        yield
    except EOFError:
        aside.print()
        raise typer.Abort from None
