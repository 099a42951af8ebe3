"""A callback as the standard library's parser reads it, and where that, the decoder and the sender disagree.

`email` and not a parser of form data: it knows preambles, folded headers, transfer encodings and charsets, it is
older than most such parsers, and it is here already.
"""

import re
from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser

from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import InboundMms, Part
from tests.faults.bodies.legal_bodies import Legal, Sent
from tests.faults.tally import Breach
from tests.unit.invariants import read

Finding = tuple[Breach, str]
_FOLD = re.compile(r"\r?\n(?=[ \t])")
PARSER = BytesParser(policy=policy.compat32)  # the newer policies read headers ten times as slowly


def differences(legal: Legal) -> Iterator[Finding]:
    """What the decoder or the standard library reads otherwise than it was sent."""
    result = read(legal.content_type, legal.body)
    if not isinstance(result, InboundMms):
        yield "lost", f"not taken: {result}" if isinstance(result, MalformedCallback) else "taken for a report"
        return
    opinion = second_opinion(legal)
    if not opinion:
        yield "wrong", "the second opinion finds no parts"
        return
    main, *media = opinion
    flags = {"lf-lines"} if legal.line_end == b"\n" else set()
    yield from _unless(set(result.flags) == flags | ({"folded-header"} if legal.json_folded else set()), "flags")
    yield from _unless(result.details == legal.details, "the JSON", "lost")
    yield from _unless(_content(main) == legal.details.encode(), "the JSON by the second opinion")
    yield from _unless(len(result.parts) == len(legal.parts), "the number of parts", "lost")
    yield from _unless(len(media) == len(legal.parts), "the number of parts by the second opinion")
    for part, sent in zip(result.parts, legal.parts, strict=False):
        yield from _unless(bytes(part.data) == sent.data, f"part {part.index}'s bytes", "lost")
        yield from _unless(_described(part) == _expected(sent), f"part {part.index}: {_described(part)}")
        yield from _unless(set(part.flags) == ({"folded-header"} if sent.folded else set()), f"part {part.index} flags")
    for index, (message, sent) in enumerate(zip(media, legal.parts, strict=False)):
        yield from _unless(_content(message) == sent.data, f"part {index}'s bytes by the second opinion")
        yield from _unless(_opinion(message) == _expected(sent), f"part {index} by the second opinion")


def second_opinion(legal: Legal) -> list[Message]:
    """The body's parts as the standard library finds them."""
    whole = PARSER.parsebytes(b"Content-Type: " + legal.content_type.encode() + b"\r\n\r\n" + legal.body)
    parts = whole.get_payload()
    return [each for each in parts if isinstance(each, Message)] if isinstance(parts, list) else []


def _unless(holds: bool, what: str, breach: Breach = "wrong") -> Iterator[Finding]:
    if not holds:
        yield breach, what


def _expected(sent: Sent) -> tuple[str, str | None, str | None]:
    return sent.content_type, sent.content_id, sent.text


def _described(part: Part) -> tuple[str, str | None, str | None]:
    return part.content_type, part.content_id, part.text


def _opinion(message: Message) -> tuple[str, str | None, str | None]:
    content_id = message["content-id"]
    if content_id is not None:
        content_id = _FOLD.sub("", content_id).strip(" \t").removeprefix("<").removesuffix(">").strip(" \t")
    text = None
    if message.get_content_maintype() == "text":
        text = _content(message).decode(message.get_content_charset("utf-8"))
    return message.get_content_type(), content_id, text


def _content(message: Message) -> bytes:
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
