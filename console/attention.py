"""What a person must look at: what it means, why it is there, and the short name to call it by."""

import re

from console.connection import Gateway
from console.problems import Problem
from console.reading import Kind, NothingThere, Reader, identity
from mms_gateway.message_table.store import Item, deserialize, serialize

MEANING: dict[Kind, str] = {
    "IN_DOUBT": "it is not known whether OpenMarket took these",
    "REJECTED": "these were not sent and will not be",
    "CONFLICT": "the same id came with another content; both are kept",
    "QUARANTINED": "callbacks that could not be read; their bodies are kept",
}
"""What a kind is, in words."""

_NAME = re.compile(r"(?:(MT|MO|RAW)#)?([^#]+)(?:#([0-9a-f]{4,64}))?")
_PART_OF_A_SHA = re.compile("[0-9a-f]{8,63}")
SHOWN_OF_A_CONFLICT, SHOWN_OF_A_BODY = 8, 12  # hexadecimal digits; should they ever fit two, `find` asks for more


def handle_of(item: Item) -> str:
    """The short name that `find` takes: an id, `MT#order-1#1a2b3c4d` for a conflict, 12 digits of a body's SHA-256."""
    pk, sk = str(item["pk"]), str(item["sk"])
    if sk.startswith("CONFLICT#"):
        return f"{pk}#{sk.removeprefix('CONFLICT#')[:SHOWN_OF_A_CONFLICT]}"
    return identity(item)[:SHOWN_OF_A_BODY] if sk == "CALLBACK" else identity(item)


def reason_of(item: Item) -> str:
    """Why something needs attention, in words; a customer's may be among them."""
    if "reason" in item:
        return str(item["reason"])
    if item.get("direction") == "MO":
        return "another message came under this moId before"
    said = str(item.get("error", {}).get("description", ""))
    if is_ordered_again(item):
        return f"ordered again, and not tried yet; before that: {said}"
    return said


def is_ordered_again(item: Item) -> bool:
    """Whether a person had a doubtful message sent again, and it has not been tried since."""
    return item.get("status") == "RETRY" and "attention" in item


def find(gateway: Gateway, name: str) -> Item:
    """The one item that a name stands for, as of now: what `handle_of` gives, a whole SHA-256, or a whole `pk`.

    Problem where there is none, or several.
    """
    read = _NAME.fullmatch(name)
    if read is None:
        shows = f"`{gateway.command('attention')}`"
        raise NothingThere(f"{name} is no id. Give one as {shows} shows them, such as order-4711.")
    kind, whole, conflict = read.groups()
    pks = [f"{each}#{whole}" for each in ((kind,) if kind else ("MT", "MO", "RAW"))]
    reader = Reader(gateway)
    if conflict is not None:
        found = [item for pk in pks for item in reader.items(pk, f"CONFLICT#{conflict}")]
    else:
        items = (reader.item(pk, "CALLBACK" if pk.startswith("RAW#") else "MESSAGE") for pk in pks)
        found = [item for item in items if item is not None]
        if not found and kind in {None, "RAW"} and _PART_OF_A_SHA.fullmatch(whole):
            found = _quarantined(gateway, reader, whole)
    if len(found) > 1:  # a requestId may be somebody's moId: what needs a person is meant
        found = [item for item in found if "attention" in item] or found
    if not found:
        raise NothingThere(
            f"Nothing stands under {name}. `{gateway.command('attention')}` lists what needs a person, each with its "
            "id; a callback that is no longer on that list is found by its whole SHA-256 alone."
        )
    if len(found) > 1:
        names = " and ".join(_whole_name(item) for item in found)
        raise Problem(f"{name} fits several: give one of {names}.")
    return found[0]


def _quarantined(gateway: Gateway, reader: Reader, start: str) -> list[Item]:
    """Those callbacks of the index whose bodies' SHA-256 begins so."""
    pages = gateway.dynamodb.get_paginator("query").paginate(
        TableName=gateway.addresses.table_name,
        IndexName="attention",
        KeyConditionExpression="attention = :kind",
        FilterExpression="begins_with(pk, :start)",
        ExpressionAttributeValues=serialize({":kind": "QUARANTINED", ":start": f"RAW#{start}"}),
    )
    return list(reader.items_of([deserialize(key) for page in pages for key in page["Items"]]))


def _whole_name(item: Item) -> str:
    return f"{item['pk']}{str(item['sk']).removeprefix('CONFLICT')}" if "#" in item["sk"] else str(item["pk"])
