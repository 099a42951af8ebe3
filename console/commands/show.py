"""`mms show`: all that is known of a message."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from console.attention import find, handle_of
from console.connection import Gateway, connect
from console.media import Media, file_name
from console.options import AsJson, StackName
from console.output import (
    aside,
    plain_table,
    print_aligned,
    print_json,
    screen,
    size_text,
    status_text,
    time_text,
    words,
)
from console.problems import Problem
from console.reading import NothingThere, Reader
from mms_gateway.message_table.store import Item

SHOWN = ("handset", "service", "subject", "text", "reason", "mtId", "host", "openMarketRequestId", "attention")
TIMES = {
    "receivedAt": "received",
    "sentAt": "sent",
    "retryAt": "tried again at",
    "acceptedAt": "accepted",
    "attentionSince": "needs attention since",
    "resentAt": "ordered again",
}


def show(
    identity: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A requestId, moId or mtId, a quarantined body's SHA-256, an id that mms attention shows, or a whole "
            "`pk`.",
        ),
    ],
    save: Annotated[
        Path | None, typer.Option(file_okay=False, help="Save its contents into this folder.", show_default=False)
    ] = None,
    stack_name: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Show a message, its contents, its conflicts and every delivery report; save its contents with --save."""
    gateway = connect(stack_name)
    reader = Reader(gateway)
    message = _found(gateway, identity)
    conflicts = [item for item in reader.items(message["pk"]) if item["sk"] != message["sk"]]
    reports = reader.reports(message["mtId"]) if "mtId" in message else []
    if as_json:
        print_json({"message": message, "conflicts": conflicts, "reports": reports})
    else:
        _show(message, conflicts, reports)
    if save is not None:
        _save(gateway, message, save)


def _found(gateway: Gateway, name: str) -> Item:
    try:
        return Reader(gateway).message(name)
    except NothingThere as nothing:
        try:
            return find(gateway, name)
        except NothingThere:
            raise nothing from None


def _show(message: Item, conflicts: list[Item], reports: list[Item]) -> None:
    is_conflict = message["sk"].startswith("CONFLICT#")
    status = "CONFLICT" if is_conflict else message.get("status", message.get("attention", "looked at"))
    name = handle_of(message) if is_conflict else message["pk"]
    screen.print(words(name, "bold").append("  ").append_text(status_text(status)), soft_wrap=True)
    facts = plain_table("", "")
    facts.show_header = False
    for name in SHOWN:
        if name in message:
            facts.add_row(words(name, "dim"), words(message[name]))
    for name, meaning in TIMES.items():
        if name in message:
            facts.add_row(words(meaning, "dim"), words(time_text(message[name])))
    for fault in message.get("error", {}).get("description", "").split("; "):
        if fault:
            facts.add_row(words("error", "dim"), words(fault, "red"))
    screen.print(facts)
    if message.get("parts"):
        screen.print("\nContents")
        print_aligned(
            (
                words(part["index"], "dim"),
                words(part.get("contentId")),
                words(part["contentType"]),
                words(size_text(part["size"]) if "size" in part else ""),
                words(part.get("s3Key") or part.get("url") or "in the item", "dim"),
            )
            for part in message["parts"]
        )
    for title, items in (("Delivery reports", reports), ("Other contents under the same id", conflicts)):
        if items:
            screen.print(f"\n{title}")
        for item in items:
            said = item.get("outcomeDescription") or item.get("subject")
            when = time_text(item.get("date") or item["receivedAt"])
            name = f"  {handle_of(item)}" if item["sk"].startswith("CONFLICT#") else ""
            screen.print(words(f"{when}{name}  {item['status']}  {said or ''}"), soft_wrap=True)


def _save(gateway: Gateway, message: Item, folder: Path) -> None:
    """Write each content into a file; a quarantined callback is one content."""
    media = Media(gateway)
    parts = message.get("parts") or []
    if message["sk"] == "CALLBACK":
        parts = [{"index": 0, "contentId": "body", "s3Key": message["s3Key"]}]
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for part in track(parts, "Saving", console=aside, transient=True):
        try:
            opened = media.open(part)
        except Problem as problem:
            missing.append(f"{file_name(part)}: {problem}")
            continue
        file = folder / file_name(part)
        with file.open("wb") as output:
            output.writelines(opened.pieces)
        aside.print(f"{file}  {size_text(opened.size)}", markup=False, soft_wrap=True)
    if missing:
        raise Problem("\n".join(missing))
