"""`mms conversation`: what one handset sent and was sent."""

from typing import Annotated

import typer

from console.connection import connect
from console.options import AsJson, StackName, read_address
from console.output import arrow_of, aside, coloured, plain_table, print_json, screen, time_text, words
from console.reading import Reader, identity
from mms_gateway.message_table.store import Item


def conversation(
    handset: Annotated[str, typer.Argument(help="The handset's number in international form, such as 447700900750.")],
    service: Annotated[str | None, typer.Option(help="Only with this short code.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most messages to show.")] = 50,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Show a conversation with a handset: the newest messages, oldest of them first."""
    reader = Reader(connect(stack_name))
    number = read_address(handset)
    items: list[Item] = []
    after: Item | None = None
    while len(items) < limit:
        page = reader.conversation(
            number, read_address(service) if service else None, after=after, limit=limit - len(items)
        )
        items += page.items
        after = page.next
        if after is None:
            break
    items.reverse()
    if as_json:
        print_json(items)
        return
    table = plain_table("at", "", "with", "status", "what", "id")
    for item in items:
        at, status = time_text(item["sentAt"]), coloured(item.get("attention", item["status"]))
        said, *more = _lines(item)
        table.add_row(at, arrow_of(item), words(item.get("service")), status, words(said), identity(item))
        for line in more:
            table.add_row("", "", "", "", words(line, "dim"), "")
    screen.print(table)
    if not items:
        aside.print(f"Nothing was sent to or from {number}.")
    if after:
        aside.print(f"These are the newest {limit}; for more, --limit.", style="dim")


def _lines(item: Item) -> list[str]:
    said = [text for text in (item.get("subject"), item.get("text")) if text]
    lines = [": ".join(said) or "(no text)"]
    files = [str(part.get("contentId")) for part in item.get("parts", []) if part["contentType"] != "text/plain"]
    if files:
        lines.append(f"with {', '.join(files)}")
    if "delivery" in item:
        lines.append(f"{item['delivery']['status']} {time_text(item['delivery'].get('date', ''))}")
    if "error" in item:
        lines += item["error"]["description"].split("; ")
    return lines
