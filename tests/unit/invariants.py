"""What holds of every result of the decoder, whatever went in."""

import json
from hashlib import sha256
from typing import Literal

from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback

Encoding = Literal["auto", "binary", "base64"]

PART_FLAGS = frozenset(
    {
        "base64-undeclared",
        "base64-broken",
        "encoding-unknown",
        "no-headers",
        "folded-header",
        "content-type-unusable",
        "content-id-unusable",
        "nested-multipart",
        "charset-unusable",
    }
)
MESSAGE_FLAGS = frozenset(
    {
        "lf-lines",
        "folded-header",  # of the JSON part, which is not among the parts
        "base64-broken",
        "encoding-unknown",
        "content-id-unusable",
        "charset-unusable",
        "subject-too-long",
        "date-unreadable",
        "operator-id-not-a-number",
        "text-repaired",
        "json-only",
        "field-unusable",
    }
)


def read(
    content_type: str, body: bytes, encoding: Encoding = "auto"
) -> InboundMms | DeliveryReport | MalformedCallback:
    """What becomes of the callback: a result or our own error, and nothing else; either is checked."""
    try:
        result = decode_callback(content_type, body, encoding=encoding)
    except MalformedCallback as error:
        assert_reason_is_well_formed(error)
        return error
    if isinstance(result, InboundMms):
        assert_message_is_consistent(result, body)
    else:
        assert result.mt_id.isdigit()
        assert result.status
    return result


def message_of(content_type: str, body: bytes, encoding: Encoding = "auto") -> InboundMms:
    """The message that the body, which is one, holds."""
    result = read(content_type, body, encoding)
    assert isinstance(result, InboundMms), str(result)
    return result


def assert_reason_is_well_formed(error: MalformedCallback) -> None:
    """One plain sentence, printable ASCII, at most 200 characters, none of them from the input."""
    reason = str(error)
    assert 0 < len(reason) <= 200, reason
    assert all(" " <= character <= "~" for character in reason), ascii(reason)
    assert reason == reason.strip()
    assert "canary" not in reason.lower(), reason


def assert_message_is_consistent(message: InboundMms, body: bytes) -> None:
    """Hashes, sizes and counts agree with the bytes; ids and flags are of their closed kinds."""
    assert message.body_sha256 == sha256(body).hexdigest()
    assert len(message.content_sha256) == 64
    assert message.mo_id.isascii()
    assert message.mo_id.isdigit()
    assert 1 <= len(message.mo_id) <= 40
    assert isinstance(json.loads(message.details, parse_int=str, parse_float=str), dict)
    assert len(message.details.encode()) <= 65_536
    assert len((message.subject or "").encode()) <= 255 * 4
    assert len((message.text or "").encode()) <= 32_768
    assert set(message.flags) <= MESSAGE_FLAGS
    assert len(set(message.flags)) == len(message.flags)
    assert len(message.parts) <= 64
    for index, part in enumerate(message.parts):
        data = bytes(part.data)
        assert part.index == index
        assert part.size == len(data)
        assert part.sha256 == sha256(data).hexdigest()
        assert set(part.flags) <= PART_FLAGS
        assert len(set(part.flags)) == len(part.flags)
        assert part.content_type == part.content_type.lower()
        assert 1 <= len(part.content_type) <= 255
        assert part.content_id is None or 1 <= len(part.content_id) <= 255
