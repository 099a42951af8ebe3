"""Which part of the attention list is meant: options of the commands that work on it, and how items of it are shown."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from console.attention import handle_of, reason_of
from console.connection import Gateway
from console.options import read_end, read_time
from console.output import screen, time_text, words
from console.reading import KINDS, Kind, Reader
from mms_gateway.message_table.store import Item


class KindName(StrEnum):
    """A reason to be on the list, as it is typed."""

    IN_DOUBT = "IN_DOUBT"
    REJECTED = "REJECTED"
    CONFLICT = "CONFLICT"
    QUARANTINED = "QUARANTINED"


Kinds = Annotated[
    list[KindName] | None,
    typer.Option(
        case_sensitive=False,
        metavar="KIND",
        help="IN_DOUBT, REJECTED, CONFLICT or QUARANTINED; may be repeated.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only what has waited since this day or time (UTC), or later.")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only what has waited since this day or time, or earlier.")
]


def listed(
    gateway: Gateway, kinds: list[KindName] | None, since: str | None, until: str | None
) -> dict[Kind, Iterator[Item]]:
    """What is on the list for each of these reasons, or for any, what has waited longest first."""
    reader = Reader(gateway)
    period = {"since": read_time(since) if since else "", "until": read_end(until) if until else "~"}
    return {kind: reader.attention(kind, **period) for kind in KINDS if not kinds or kind in kinds}


def show_item(item: Item) -> None:
    """Since when, its id, who with whom, and why; the id is never broken, so that it can be copied."""
    line = words(time_text(str(item.get("attentionSince", item.get("receivedAt", "")))), "dim")
    line.append("  ").append_text(words(handle_of(item), "bold"))
    if "handset" in item or "service" in item:
        ends = [item.get("service", "?"), item.get("handset", "?")]
        one, other = ends if item.get("direction") == "MT" else ends[::-1]
        line.append("  ").append_text(words(f"from {one} to {other}"))
    screen.print(line, soft_wrap=True)
    if reason := reason_of(item):
        show_indented(reason)


def show_indented(text: object, style: str = "") -> None:
    """Words of whoever's, folded and set in."""
    for line in words(text, style).wrap(screen, max(screen.width - 4, 20)):
        line.rstrip()
        screen.print("    ", line, sep="", soft_wrap=True)
