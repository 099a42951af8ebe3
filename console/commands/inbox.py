"""`mms inbox`: a short code's day."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from console.connection import connect
from console.options import AsJson, StackName, read_address, read_time
from console.output import arrow_of, aside, coloured, plain_table, print_json, screen, words
from console.reading import Page, Reader, identity


def inbox(
    service: Annotated[str, typer.Option(help="The short code or number.")],
    day: Annotated[str | None, typer.Option(help="The day in UTC, YYYY-MM-DD.", show_default="today")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most messages to show.")] = 100,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List a short code's messages of a day, in and out, newest first."""
    reader = Reader(connect(stack_name))
    date = read_time(day)[:10] if day else f"{datetime.now(UTC):%Y-%m-%d}"
    number = read_address(service)
    page = _first(reader, number, date, limit)
    if as_json:
        print_json(page.items)
        return
    table = plain_table("at", "", "handset", "status", "subject", "id")
    for item in page.items:
        at, arrow, status = item["serviceOrder"][11:19], arrow_of(item), coloured(item["status"])
        table.add_row(at, arrow, words(item.get("handset")), status, words(item.get("subject")), identity(item))
    screen.print(table)
    if not page.items:
        aside.print(f"Nothing was sent to or from {number} on {date} (UTC).")
    if page.next:
        aside.print(f"These are the newest {limit}; for more, --limit.", style="dim")


def _first(reader: Reader, service: str, day: str, limit: int) -> Page:
    page = reader.day(service, day, limit=limit)
    items = page.items
    while page.next and len(items) < limit:
        page = reader.day(service, day, after=page.next, limit=limit - len(items))
        items = [*items, *page.items]
    return Page(items=items, next=page.next)
