"""`mms inbox`: a short code's day."""

from typing import Annotated

import typer

from console.attention import handle_of
from console.connection import connect
from console.options import AsJson, StackName, read_address, read_day
from console.output import arrow_of, aside, print_aligned, print_json, status_text, words
from console.reading import Reader
from console.selection import today


def inbox(
    service: Annotated[str, typer.Option(help="The short code or number.")],
    day: Annotated[str | None, typer.Option(help="The day in UTC, YYYY-MM-DD.", show_default="today")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most messages to show.")] = 100,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List a short code's messages of a day, in and out, newest first."""
    reader = Reader(connect(stack_name))
    date = read_day(day) if day else today()
    number = read_address(service)
    items, has_more = reader.newest_of_day(number, date, limit)
    if as_json:
        print_json(items)
        return
    print_aligned(
        (
            words(item["serviceOrder"][11:19], "dim"),
            words(arrow_of(item)),
            words(item.get("handset")),
            status_text(item["status"]),
            words(handle_of(item)),
            words(" ".join(str(item.get("subject", "")).split()), "dim"),
        )
        for item in items
    )
    if not items:
        aside.print(f"Nothing was sent to or from {number} on {date} (UTC).")
    if has_more:
        aside.print(f"These are the newest {limit}; for more, --limit.", style="dim")
