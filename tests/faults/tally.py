"""What was tried, and what broke: one row of the table for each kind of fault."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Breach = Literal["lost", "doubled", "stuck", "wrong"]
BREACHES: tuple[Breach, ...] = ("lost", "doubled", "stuck", "wrong")
TOLD = 10  # breaches that a failing test tells in words; the table counts them all


@dataclass
class Tally:
    """One kind: its cases, its breaches in words, its time, and figures to print beside them."""

    kind: str
    cases: int = 0
    breaches: list[tuple[Breach, str]] = field(default_factory=list)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    failed: bool = False

    def breach(self, what: Breach, sentence: str) -> None:
        """Count a breach; the sentence names the case, so that it can be played again.

        `lost`: acknowledged, and not whole in table and bucket. `doubled`: recorded or accepted more than once.
        `stuck`: neither settled nor where a person finds it. `wrong`: any other promise.
        """
        self.breaches.append((what, sentence))

    def expect(self, holds: object, what: Breach, sentence: str) -> None:
        """Count a breach unless it holds."""
        if not holds:
            self.breach(what, sentence)

    def count(self, what: Breach) -> int:
        """How many there were."""
        return sum(1 for each, _ in self.breaches if each == what)

    def note(self, figure: str) -> None:
        """Print a figure beside the kind."""
        self.notes.append(figure)


class Tallies:
    """The rows, in the order in which they were begun; tests of one kind share its row."""

    def __init__(self) -> None:
        self.rows: dict[str, Tally] = {}

    @contextmanager
    def of(self, kind: str) -> Iterator[Tally]:
        """Count in the row of a kind; fails at the end, with the first sentences, where anything broke."""
        row = self.rows.setdefault(kind, Tally(kind))
        before, began = len(row.breaches), time.monotonic()
        try:
            yield row
        except BaseException:
            row.failed = True
            raise
        finally:
            row.seconds += time.monotonic() - began
        found = [f"{what}: {sentence}" for what, sentence in row.breaches[before:]]
        assert not found, "\n".join([f"{len(found)} breaches, the first of them:", *found[:TOLD]])


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is tried: a little in `make test`, all of it in `make faults`."""

    long: bool

    def __call__(self, *, short: int, long: int) -> int:
        """A count for this run."""
        return long if self.long else short
