"""The conversation at the end: everything that one handset sent and was sent, out of one query."""

import json

from rich.json import JSON
from rich.padding import Padding
from rich.table import Table

from local.readback import Item
from local.scenes.stage import HANDSET, Stage

EXPECTED = [  # newest first
    ("MT", "IN_DOUBT"),
    ("MT", "REJECTED"),
    ("MT", "REJECTED"),
    ("MT", "ACCEPTED"),
    ("MO", "RECEIVED"),
]


def show_conversation(stage: Stage) -> None:
    """Show every item whole, then the conversation as a person reads it."""
    conversation = stage.stored.query("by-handset", handset=HANDSET)
    stage.scene(f"The conversation with {HANDSET}, one query of the table: every item of it")
    for item in conversation:
        stage.console.print(JSON(json.dumps(item, default=int, ensure_ascii=False)), soft_wrap=True)
    stage.scene("The same, as a person reads it")
    found = [(item["direction"], item["status"]) for item in conversation]
    stage.check("holds every message in and out, each once", found == EXPECTED)
    table = Table("", "at", "status", "delivery", "what", box=None, pad_edge=False, header_style="dim")
    for item in reversed(conversation):
        arrow = "→ in" if item["direction"] == "MO" else "← out"
        delivery = item.get("delivery", {}).get("status", "")
        first, *more = _lines(item)
        table.add_row(arrow, item["sentAt"][11:19], item["status"], delivery, first)
        for line in more:
            table.add_row("", "", "", "", line, style="dim")
    stage.console.print(Padding.indent(table, 4))


def _lines(item: Item) -> list[str]:
    names = [part["contentId"] for part in item.get("parts", []) if part["contentType"] != "text/plain"]
    lines = [f"{item.get('subject')}: {item.get('text')}"] if item.get("text") else [str(item.get("subject"))]
    if names:
        lines.append(f"with {', '.join(names)}")
    if "error" in item:
        lines += item["error"]["description"].split("; ")
    return lines
