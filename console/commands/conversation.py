"""`mms conversation`: what one handset sent and was sent."""

from typing import Annotated

import typer

from console.attention import handle_of
from console.commands.kinds import show_indented
from console.connection import connect
from console.options import AsJson, StackName, read_address
from console.output import arrow_of, aside, print_json, screen, status_text, time_text, words
from console.reading import Reader
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
    items, has_more = reader.newest(number, limit, read_address(service) if service else None)
    items.reverse()
    if as_json:
        print_json(items)
        return
    for item in items:
        line = words(time_text(item["sentAt"]), "dim").append(f"  {arrow_of(item)}  ")
        line.append_text(words(item.get("service"))).append("  ")
        line.append_text(status_text(item.get("attention", item["status"]))).append("  ")
        screen.print(line.append_text(words(handle_of(item), "bold")), soft_wrap=True)
        said, *more = _lines(item)
        show_indented(said)
        for each in more:
            show_indented(each, "dim")
    if not items:
        aside.print(f"Nothing was sent to or from {number}.")
    if has_more:
        aside.print(f"These are the newest {limit}; for more, --limit.", style="dim")


def _lines(item: Item) -> list[str]:
    said = [text for text in (item.get("subject"), item.get("text")) if text]
    lines = [": ".join(said) or "(no text)"]
    files = [
        str(part.get("contentId") or part["contentType"])
        for part in item.get("parts", [])
        if part["contentType"] != "text/plain"
    ]
    if files:
        lines.append(f"with {', '.join(files)}")
    if "delivery" in item:
        lines.append(f"{item['delivery']['status']} {time_text(item['delivery'].get('date', ''))}")
    if "error" in item:
        lines += item["error"]["description"].split("; ")
    return lines
