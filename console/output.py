"""How things are shown on a terminal, and printed for programs."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "RECEIVED": "cyan",
    "SENDING": "yellow",
    "RETRY": "yellow",
    "ACCEPTED": "green",
    "REJECTED": "red",
    "IN_DOUBT": "bold magenta",
    "CLOSED": "dim",
    "CONFLICT": "red",
    "QUARANTINED": "red",
}
"""A status's, or the reason why something needs attention."""

WIDEST = 45  # columns that one column of a list may have before it is no longer kept in line
ANY_WIDTH = 1_000  # columns, where no terminal has a width: lines that are read by programs are not folded


def _screen() -> Console:
    has_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if has_width else ANY_WIDTH)


screen = _screen()
"""Where results go."""
aside = Console(stderr=True, highlight=False)
"""Where progress and advice go, so that results can be piped on."""


def print_json(value: Any) -> None:
    """Print a value for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def plain_table(*columns: str) -> Table:
    """A table without lines."""
    return Table(*columns, box=None, pad_edge=False, header_style="dim")


def print_aligned(rows: Iterable[Sequence[Text]]) -> None:
    """Print rows under each other; a long one is the terminal's to break, so that an id in it can be copied whole."""
    rows = list(rows)
    widths = [min(max(cell.cell_len for cell in column), WIDEST) for column in zip(*rows, strict=True)]
    for row in rows:
        line = Text()
        for cell, width in zip(row, widths, strict=True):
            line.append_text(cell).append(" " * (max(width - cell.cell_len, 0) + 2))
        line.rstrip()
        screen.print(line, soft_wrap=True)


def coloured(status: Any) -> str:
    """A status in its colour, as Rich's markup."""
    colour = COLOURS.get(status, "default")
    return f"[{colour}]{status}[/{colour}]"


def status_text(status: Any) -> Text:
    """A status in its colour."""
    return words(status, COLOURS.get(status, ""))


def words(text: object, style: str = "") -> Text:
    """Words of a stranger's: no markup, and nothing that a terminal obeys."""
    joiner = "\u200d"  # holds emojis together
    kept = (c if c.isprintable() or c in {"\n", joiner} else "\ufffd" for c in str("" if text is None else text))
    return Text("".join(kept), style=style)


def size_text(size: int) -> str:
    """A number of bytes as a person reads it, in the units of OpenMarket's limits (1 KB = 1,000 bytes)."""
    if size < 1_000:
        return counted(size, "byte")
    return f"{size / 1_000:,.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def counted(count: int, what: str) -> str:
    """So many of something, in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def time_text(time: str) -> str:
    """A time of the table's as a person reads it: UTC, to the second."""
    return f"{time[:10]} {time[11:19]}" if time[10:11] == "T" else time


def arrow_of(item: dict[str, Any]) -> str:
    """Which way a message went."""
    return "→ in" if item.get("direction") == "MO" else "← out"
