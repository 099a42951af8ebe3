"""Each reader of bytes from outside, as a function of one input that raises where something does not hold.

An input is a line, then the body: for the decoder `<encoding> <Content-Type>`, for the reply `<status> <Retry-After>`,
for the queue message nothing but the body. The fuzzer makes inputs, and the tests read those that are kept.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from mms_gateway.errors import Undeliverable
from mms_gateway.messages import DeliveryReport
from mms_gateway.openmarket.reply import (
    MAX_DESCRIPTION,
    MAX_RETRY_AFTER,
    Accepted,
    Answer,
    TryLater,
    read_reply,
)
from mms_gateway.queue_message import read_queue_message
from tests.unit.invariants import Encoding, read
from tests.unit.queue_messages import HOSTS

ENCODINGS: dict[str, Encoding] = {"binary": "binary", "base64": "base64"}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def decode(data: bytes) -> str:
    """What becomes of a callback: the outcome, or the reason."""
    line, _, body = data.partition(b"\n")
    encoding, _, content_type = line.decode("latin-1").partition(" ")
    result = read(content_type, body, ENCODINGS.get(encoding, "auto"))
    return str(result) if isinstance(result, Exception) else type(result).__name__


def queue(data: bytes) -> str:
    """What becomes of a queue message: its faults, or why it has no requestId."""
    body = data.decode("utf-8", "replace")
    try:
        message = read_queue_message(body, link_hosts=HOSTS)
    except Undeliverable as error:
        assert_plain(str(error))
        return str(error)
    assert message.details == body
    assert (message.request is None) is bool(message.faults)
    assert message.request is None or message.request.request_id == message.request_id
    for fault in message.faults:
        assert_plain(fault)
        assert ": " in fault, fault
    assert read_queue_message(f" {body}\n", link_hosts=HOSTS).request_sha256 == message.request_sha256
    return "; ".join(message.faults) or "sound"


def reply(data: bytes) -> str:
    """What an answer of OpenMarket's means."""
    line, _, body = data.partition(b"\n")
    digits, _, after = line.decode("latin-1").partition(" ")
    status = int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 3 else 200
    result = read_reply(Answer(status=status, headers=(("retry-after", after),), body=body), now=NOW)
    if isinstance(result, Accepted):
        assert 200 <= status < 300
        assert result.mt_id.isascii()
        assert result.mt_id.isdigit()
        return "Accepted"
    assert 0 < len(result.description) <= MAX_DESCRIPTION
    assert result.description.isprintable()
    assert result.code is None or 0 < len(result.code) <= 40
    assert not isinstance(result, TryLater) or 0 <= result.after <= MAX_RETRY_AFTER
    return f"{type(result).__name__} {status}"


def assert_plain(sentence: str) -> None:
    """One printable line."""
    assert sentence
    assert sentence.isprintable(), ascii(sentence)
    assert len(sentence) < 2_000


def planted(data: bytes) -> str:
    """A decoder that fails on a content id it can't use: to see that the fuzzer finds such a thing."""
    line, _, body = data.partition(b"\n")
    result = read(line.decode("latin-1").partition(" ")[2], body)
    assert isinstance(result, Exception | DeliveryReport) or not any(
        "content-id-unusable" in part.flags for part in result.parts
    ), "the planted fault"
    return type(result).__name__


HARNESSES: dict[str, Callable[[bytes], str]] = {
    "decode": decode,
    "queue": queue,
    "reply": reply,
    "planted": planted,
}
