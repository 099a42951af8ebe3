"""Short ways to say what became of a body."""

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from tests.unit.invariants import Encoding, message_of, read
from tests.wire.bodies import CRLF, WirePart, main, message, multipart_type, part

Decoded = tuple[bytes, set[str]]


def contents(body: bytes, content_type: str = multipart_type()) -> list[bytes]:
    """The parts' bytes of a message."""
    return [bytes(each.data) for each in message_of(content_type, body).parts]


def assert_quarantined(body: bytes, content_type: str = multipart_type()) -> None:
    result = read(content_type, body)
    assert isinstance(result, MalformedCallback), f"taken: {result!r:.300}"
    assert not isinstance(result, TruncatedCallback), str(result)


def assert_truncated(body: bytes, content_type: str = multipart_type()) -> None:
    result = read(content_type, body)
    assert isinstance(result, TruncatedCallback), f"{type(result).__name__}: {result!s:.300}"


def decoded(*parts: WirePart, encoding: Encoding = "auto", line_end: bytes = CRLF) -> list[Decoded]:
    """Bytes and flags of each part."""
    result = message_of(multipart_type(), message(main(), *parts, line_end=line_end), encoding)
    return [(bytes(each.data), set(each.flags)) for each in result.parts]


def only(content: bytes, encoding: str | None = None, content_type: str = "image/jpeg") -> Decoded:
    """Bytes and flags of a part that is alone."""
    (one,) = decoded(part(content, content_type, encoding=encoding))
    return one
