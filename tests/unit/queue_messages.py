"""Queue messages to read, and what must hold of the faults that are found in them."""

import json
from typing import Any

from mms_gateway.queue_message import QueueMessage, read_queue_message
from mms_gateway.send_request import SendRequest

HOSTS = frozenset({"www.openmarket.com", "media.example.org"})
CANARY = "canary"  # no fault may quote a value: rows put it into theirs
LINK = "https://www.openmarket.com/docs/demo.mp4"

BASE: dict[str, Any] = {
    "requestId": "order-4711",
    "source": "88600",
    "destination": "447700900750",
    "content": [{"contentId": "text.txt", "text": "Here it is"}],
}
SAMPLE: dict[str, Any] = {  # design.md, "Sending"
    "requestId": "order-4711",
    "source": "88600",
    "destination": "447700900750",
    "subject": "Your parrot",
    "mtConfig": "config1",
    "mobileOperatorId": 77,
    "notAfter": "2026-12-01T18:00:00Z",
    "content": [
        {"contentId": "text.txt", "contentType": "text/plain", "text": "Here it is"},
        {
            "contentId": "parrot.jpg",
            "contentType": "image/jpeg",
            "s3": {"bucket": "media", "key": "outgoing/parrot.jpg", "versionId": "v1"},
        },
        {"contentId": "tiny.gif", "contentType": "image/gif", "base64": "R0lGODlhAQABAAAAACw="},
        {"contentId": "demo.mp4", "url": LINK},
    ],
}


def read(body: str) -> QueueMessage:
    return read_queue_message(body, link_hosts=HOSTS)


def reading(**fields: Any) -> QueueMessage:
    """The usual message with some fields changed."""
    return read(json.dumps({**BASE, **fields}))


def with_content(**content: Any) -> QueueMessage:
    """The usual message with just this content; `contentId` is `piece` unless it is given."""
    return reading(content=[{"contentId": "piece", **content}])


def with_raw(member: str) -> QueueMessage:
    """The usual message with one more member, written by hand."""
    return read(json.dumps(BASE)[:-1] + f", {member}}}")


def assert_one_fault(message: QueueMessage, field: str) -> None:
    assert [fault.partition(": ")[0] for fault in message.faults] == [field], message.faults
    assert message.request is None
    (fault,) = message.faults
    assert fault.partition(": ")[2]
    assert CANARY not in fault.lower()


def assert_sound(message: QueueMessage) -> SendRequest:
    assert message.faults == ()
    assert message.request is not None
    return message.request
