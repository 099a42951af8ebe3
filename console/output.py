"""How things are shown on a terminal, and printed for programs."""

import json
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

screen = Console(highlight=False)
"""Where results go."""
aside = Console(stderr=True, highlight=False)
"""Where progress and advice go, so that results can be piped on."""


def print_json(value: Any) -> None:
    """Print a value for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def plain_table(*columns: str) -> Table:
    """A table without lines."""
    return Table(*columns, box=None, pad_edge=False, header_style="dim")


def coloured(status: Any) -> str:
    """A status in its colour, as Rich's markup."""
    colour = COLOURS.get(status, "default")
    return f"[{colour}]{status}[/{colour}]"


def words(text: object, style: str = "") -> Text:
    """Words of a stranger's: no markup, and nothing that a terminal obeys."""
    joiner = "\u200d"  # holds emojis together
    kept = (c if c.isprintable() or c in {"\n", joiner} else "\ufffd" for c in str("" if text is None else text))
    return Text("".join(kept), style=style)


def size_text(size: int) -> str:
    """A number of bytes as a person reads it, in the units of OpenMarket's limits (1 KB = 1,000 bytes)."""
    if size < 1_000:
        return f"{size} bytes"
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
