"""What an item looks like, and how large it can get."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mms_gateway.message_table.inbound import inbound_item
from mms_gateway.message_table.store import Item
from mms_gateway.messages import InboundMms
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.receiving import InboundRecord, media_keys
from tests.wire.bodies import main, message, mo_json, multipart_type, part, text

ITEM_LIMIT = 400 * 1024


def item_of(body: bytes) -> Item:
    decoded = decode_callback(multipart_type(), body)
    assert isinstance(decoded, InboundMms)
    return inbound_item(
        InboundRecord(
            message=decoded,
            media_keys=media_keys(decoded),
            sent_at="2014-07-16T19:20:30.000Z",
            received_at="2026-11-21T08:30:15.123Z",
            request_id="015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1",
        )
    )


def size_of(value: Any) -> int:
    """Bytes of a value by DynamoDB's rules: names and texts in UTF-8, three bytes and one an element for nesting."""
    match value:
        case str():
            return len(value.encode())
        case dict():
            return 3 + sum(1 + len(name.encode()) + size_of(each) for name, each in value.items())
        case list():
            return 3 + sum(1 + size_of(each) for each in value)
        case bool() | None:
            return 1
        case int():
            return 1 + (len(str(value)) + 1) // 2
    raise AssertionError(type(value))


def test_an_item_has_the_attributes_of_the_contract() -> None:
    item = item_of(
        message(main(source="+44 7800 000001", ccs="88602"), part(b"\xff\xd8\xff", "Image/JPEG"), text("Polly"))
    )
    parts = item.pop("parts")
    details = item.pop("details")
    hashes = {name: item.pop(name) for name in ("contentSha256", "bodySha256")}
    assert item == {
        "pk": "MO#123456789012345",
        "sk": "MESSAGE",
        "direction": "MO",
        "status": "RECEIVED",
        "moId": "123456789012345",
        "handset": "447800000001",
        "handsetOrder": "88600#2014-07-16T19:20:30.000Z#123456789012345",
        "service": "88600",
        "serviceDay": "88600#2014-07-16",
        "serviceOrder": "2014-07-16T19:20:30.000Z#123456789012345",
        "sentAt": "2014-07-16T19:20:30.000Z",
        "receivedAt": "2026-11-21T08:30:15.123Z",
        "subject": "Test MMS",
        "text": "Polly",
        "destinations": ["88600"],
        "ccs": ["88602"],
        "bccs": [],
        "mobileOperatorId": 77,
        "userAgent": "HTC One",
        "date": "2014-07-16T19:20:30+00:00",
        "openMarketRequestId": "015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1",
    }
    assert json.loads(details)["source"] == "+44 7800 000001"
    assert all(len(value) == 64 for value in hashes.values())
    picture, words = parts
    assert picture.pop("s3Key") == f"mo/123456789012345/0-{picture['sha256']}"
    assert (picture["contentType"], picture["contentId"], picture["size"]) == ("image/jpeg", "image.jpg", 3)
    assert (words["text"], words["index"]) == ("Polly", 1)
    assert "s3Key" not in words
    assert "flags" not in words


def test_a_text_in_another_charset_names_it_for_the_bytes_to_be_made_again() -> None:
    words = "für Elise"
    body = message(main(), part(words.encode("latin-1"), "text/plain; charset=ISO-8859-1"), text("plain"))
    latin, plain = item_of(body)["parts"]
    assert latin["text"].encode(latin["charset"]) == words.encode("latin-1")
    assert "charset" not in plain


@pytest.mark.parametrize("source", ["", " ", "4" * 5000, None])
def test_an_unusable_sender_leaves_its_index_out(source: str | None) -> None:
    item = item_of(message(main(source=source)))
    assert "handset" not in item
    assert "handsetOrder" not in item
    assert item["serviceDay"] == "88600#2014-07-16"


@pytest.mark.parametrize("destinations", [[], "", ["4" * 5000], None, [""]])
def test_an_unusable_short_code_leaves_its_index_out_but_not_the_conversation(destinations: object) -> None:
    item = item_of(message(main(destinations=destinations)))
    assert not {"service", "serviceDay", "serviceOrder"} & item.keys()
    assert item["handsetOrder"] == "#2014-07-16T19:20:30.000Z#123456789012345"


def test_the_largest_item_fits_the_table() -> None:
    widest = "\U0001f99c" * 255  # four bytes each, and printable
    odd_type = "text/" + "x" * 250 + "; charset=none"
    fields: dict[str, Any] = {"source": "s" * 255, "ccs": [], "bccs": []}
    room = 64 * 1024 - len(mo_json(destinations=[""], **fields))
    body = message(
        main(destinations=["8" * room], **fields),
        *[text("é" * 4096, content_id=f"{n}.txt") for n in range(8)],
        *[part(b"\x00" * 10, odd_type, widest, encoding="unknown", extra=[b"X:", b" folded"]) for _ in range(56)],
    )
    item = item_of(body) | {"attention": "CONFLICT", "attentionSince": datetime.now(UTC).isoformat()}
    assert len(item["details"].encode()) == 64 * 1024
    assert len(item["text"].encode()) > 32 * 1000
    assert [("text" in each) for each in item["parts"]] == [True] * 8 + [False] * 56
    assert size_of(item) < ITEM_LIMIT
    assert size_of(item) > ITEM_LIMIT * 3 // 4, "far from the largest: the test would prove nothing"
