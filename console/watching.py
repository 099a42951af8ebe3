"""How long work that takes a while has come: told by what does it, shown by who started it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from console.output import aside

FEW = 5  # things that are done before a bar would be seen


class Watcher(Protocol):
    """Is told what is done next, of how many, and how many of them are done."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Something new is done next; None where nobody knows how much of it there is."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


class Unwatched:
    """Nobody looks."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""


class Bars:
    """One line of a progress bar for what is done now."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)

    def begin(self, what: str, total: int | None = None) -> None:
        """Show what is done next."""
        self._progress.reset(self._task, total=total, completed=0, description=what, visible=True)

    def advance(self, count: int = 1) -> None:
        """Move the bar; a total that was an estimate grows along."""
        self._progress.advance(self._task, count)
        task = self._progress.tasks[0]
        if task.total is not None and task.completed > task.total:
            self._progress.update(self._task, total=task.completed)


def progress(*columns: ProgressColumn, hidden: bool = False) -> Progress:
    """A progress bar on stderr, gone at the end; none where nobody looks."""
    return Progress(*columns, console=aside, transient=True, disable=hidden or not aside.is_terminal)


@contextmanager
def bars() -> Iterator[Bars]:
    """A progress bar that shows what is done now."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with progress(*columns) as shown:
        yield Bars(shown)
