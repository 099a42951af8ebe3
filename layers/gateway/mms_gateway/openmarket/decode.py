"""Decode a callback: bytes to InboundMms or DeliveryReport.

Source: OpenMarket, "Receive an MMS" and "Things to Know" (HTTP MMS). What is bent is taken with a flag; what can't be
read is refused with a sentence that names the field or the part and never quotes the input.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import CallbackEncoding, DeliveryReport, Flag, InboundMms, Part
from mms_gateway.openmarket.callback_json import (
    MAX_SUBJECT,
    Fields,
    canonical,
    is_cut_short,
    normal_address,
    read_date,
    read_object,
)
from mms_gateway.openmarket.charset import read_text
from mms_gateway.openmarket.content_type import ContentType, boundary_of, read_content_type
from mms_gateway.openmarket.multipart import Entity, part_name, split
from mms_gateway.openmarket.transfer import (
    Encoding,
    Undeclared,
    declared_encoding,
    decode_base64,
    decode_quoted_printable,
    decode_undeclared,
)

MAX_CONTENT_ID = 255  # characters; the provider allows fewer than 20 on the way out
MAX_PART_TEXT = 8 * 1024  # bytes of a text that may stand in the item: a part's text is held that far at least
MAX_TEXT = 32 * 1024  # bytes of UTF-8 in the message's `text`: several long texts, and the item stays small
JSON_TYPE = "application/json"
DEFAULT_TYPE = "application/octet-stream"


def decode_callback(
    content_type: str, body: bytes, *, encoding: CallbackEncoding = "auto", body_sha256: str | None = None
) -> InboundMms | DeliveryReport:
    """Decode one callback.

    `content_type` is the request's header; `body` the request's bytes; `encoding` how to take media that declare no
    transfer encoding; `body_sha256` the body's hash where the caller has it already. Raises MalformedCallback where
    it can't be read, TruncatedCallback where it was cut short.
    """
    if not body:
        raise MalformedCallback("the body is empty")
    media_type = read_content_type(content_type)
    if media_type is None:
        raise MalformedCallback("Content-Type: absent or not a media type")
    body_sha256 = body_sha256 or hashlib.sha256(body).hexdigest()
    if media_type.essence == JSON_TYPE:
        if is_cut_short(body):
            raise TruncatedCallback("the JSON ends too early")
        return _message(body, [], ["json-only"], body_sha256)
    if media_type.essence.startswith("multipart/"):
        main, media, flags = read_multipart(body, boundary_of(media_type), encoding)
        return _message(main, media, flags, body_sha256)
    raise MalformedCallback("Content-Type: expected a multipart type or application/json")


@dataclass(frozen=True, slots=True)
class Media:
    """A media part with its transfer encoding undone, not yet hashed."""

    content_type: str
    charset: str | None
    content_id: str | None
    data: bytes | memoryview
    flags: tuple[Flag, ...]


def read_multipart(body: bytes, boundary: str, encoding: CallbackEncoding) -> tuple[bytes, list[Media], list[Flag]]:
    """The JSON part's bytes, the media parts, and the message's flags of a multipart body."""
    pieces = split(body, boundary)
    heads = [_head(entity) for entity in pieces.entities]
    main, main_flags = _declared_content(heads[0], pieces.entities[0]) if heads else (b"", ())
    if heads and heads[0].content_type == JSON_TYPE:
        is_cut_short(bytes(main))  # for its limits, which come before the complaint that the body is cut
    if not pieces.closed:
        raise TruncatedCallback("the closing delimiter is missing")
    for position, head in enumerate(heads):
        if position == 0 and head.content_type != JSON_TYPE:
            raise MalformedCallback("the first part is not application/json")
        if position > 0 and head.content_id == "main":
            raise MalformedCallback(f"Content-Id: {part_name(position)} is called main, as only the first part may be")
    flags: list[Flag] = ["lf-lines"] if pieces.line_end == b"\n" else []
    flags += [*heads[0].flags, *main_flags]
    return bytes(main), _media(heads[1:], pieces.entities[1:], encoding), flags


@dataclass(frozen=True, slots=True)
class _Head:
    """What a part's headers say."""

    content_type: str
    charset: str | None
    content_id: str | None
    encoding: Encoding
    flags: tuple[Flag, ...]


def _head(entity: Entity) -> _Head:
    flags: list[Flag] = []
    if not entity.headers:
        flags.append("no-headers")
    if entity.folded:
        flags.append("folded-header")
    media_type = _part_type(entity.values("content-type"), flags)
    content_id = _content_id(entity.values("content-id"), flags)
    encoding, understood = declared_encoding(entity.values("content-transfer-encoding"))
    if not understood:
        flags.append("encoding-unknown")
    if media_type.essence.startswith("multipart/"):
        flags.append("nested-multipart")
    charset = next(iter(media_type.values("charset")), None)
    return _Head(media_type.essence, charset, content_id, encoding, tuple(flags))


def _part_type(headers: Sequence[bytes], flags: list[Flag]) -> ContentType:
    default = ContentType(DEFAULT_TYPE, ())
    if not headers:
        return default
    media_type = read_content_type(headers[0].decode("latin-1")) if len(headers) == 1 else None
    if media_type is None:
        flags.append("content-type-unusable")
    return media_type or default


def _content_id(headers: Sequence[bytes], flags: list[Flag]) -> str | None:
    if not headers:
        return None
    try:
        name = headers[0].decode("utf-8").strip(" \t").removeprefix("<").removesuffix(">").strip(" \t")
    except UnicodeDecodeError:
        name = ""
    fits = 0 < len(name) <= MAX_CONTENT_ID and name.isprintable()
    if len(headers) == 1 and fits and not ("/" in name or "\\" in name or ".." in name):
        return name
    flags.append("content-id-unusable")
    return None


def _media(heads: Sequence[_Head], entities: Sequence[Entity], encoding: CallbackEncoding) -> list[Media]:
    undeclared = [n for n, head in enumerate(heads) if head.encoding == "none"]
    proven: dict[int, bytes | None] = {}
    if encoding == "auto":
        candidates = [Undeclared(heads[n].content_type, entities[n].content) for n in undeclared]
        proven = dict(zip(undeclared, decode_undeclared(candidates), strict=True))
    elif encoding == "base64":
        proven = {n: decode_base64(entities[n].content) for n in undeclared}
    media = []
    for n, (head, entity) in enumerate(zip(heads, entities, strict=True)):
        data, flags = _declared_content(head, entity)
        if (decoded := proven.get(n)) is not None:
            data, flags = decoded, (("base64-undeclared",) if entity.content else ())
        elif encoding == "base64" and head.encoding == "none":
            flags = ("base64-broken",)
        media.append(Media(head.content_type, head.charset, head.content_id, data, head.flags + flags))
    return media


def _declared_content(head: _Head, entity: Entity) -> tuple[bytes | memoryview, tuple[Flag, ...]]:
    """A part's content with its declared transfer encoding undone, and what was odd about that."""
    if head.encoding == "base64":
        decoded = decode_base64(entity.content)
        return (entity.content, ("base64-broken",)) if decoded is None else (decoded, ())
    if head.encoding == "quoted-printable":
        return decode_quoted_printable(entity.content), ()
    return entity.content, ()


def _message(
    main: bytes, media: Sequence[Media], flags: Iterable[Flag], body_sha256: str
) -> InboundMms | DeliveryReport:
    values, details = read_object(main)
    fields = Fields(values)
    fields.flags.extend(flags)
    kind = values.get("type")
    if kind == "MO":
        return _inbound_mms(fields, {**values, "moId": fields.id("moId")}, details, media, body_sha256)
    if kind != "REPORT":
        raise MalformedCallback("type: expected MO or REPORT")
    if media:
        raise MalformedCallback("type: a REPORT came with media parts")
    return _delivery_report(fields, details, body_sha256)


def _delivery_report(fields: Fields, details: str, body_sha256: str) -> DeliveryReport:
    mt_id = fields.id("mtId")
    status = fields.text("status")
    if not status:
        raise MalformedCallback("status: expected the report's word, got none")
    return DeliveryReport(
        mt_id=mt_id,
        status=status,
        date=fields.text("date"),
        outcome_id=fields.integer("outcomeId", flag="field-unusable"),
        outcome_description=fields.text("outcomeDescription"),
        user_agent=fields.text("userAgent"),
        details=details,
        body_sha256=body_sha256,
        flags=_unique(flag for flag in fields.flags if flag != "json-only"),
    )


def _inbound_mms(
    fields: Fields, values: dict[str, object], details: str, media: Sequence[Media], body_sha256: str
) -> InboundMms:
    parts = _parts(media)
    destinations = fields.texts("destinations")
    subject = fields.text("subject")
    if subject is not None and len(subject) > MAX_SUBJECT:
        fields.flags.append("subject-too-long")
        subject = subject[:MAX_SUBJECT]
    date = fields.text("date")
    if date is not None and read_date(date) is None:
        fields.flags.append("date-unreadable")
    content = {"json": values, "parts": [[part.content_type, part.content_id, part.sha256] for part in parts]}
    return InboundMms(
        mo_id=str(values["moId"]),
        handset=normal_address(fields.text("source")),
        service=normal_address(next(iter(destinations), None)),
        destinations=destinations,
        ccs=fields.texts("ccs"),
        bccs=fields.texts("bccs"),
        date=date,
        mobile_operator_id=fields.integer("mobileOperatorId", flag="operator-id-not-a-number"),
        subject=subject,
        user_agent=fields.text("userAgent"),
        text=_joined_text(parts),
        parts=parts,
        details=details,
        content_sha256=hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass")).hexdigest(),
        body_sha256=body_sha256,
        flags=_unique(fields.flags),
    )


def _parts(media: Sequence[Media]) -> tuple[Part, ...]:
    """The parts, hashed and read; of long texts just as much is held as the message's `text` has room for."""
    parts = []
    room = MAX_TEXT
    for index, piece in enumerate(media):
        part = _part(index, piece, max(room, MAX_PART_TEXT))
        if part.content_type == "text/plain":
            room -= len(part.text or "")
        parts.append(part)
    return tuple(parts)


def _part(index: int, media: Media, most: int) -> Part:
    text, codec, flags = None, "", list(media.flags)
    if media.content_type.startswith("text/"):
        text, codec, usable = read_text(media.data, media.charset, most)
        if not usable:
            flags.append("charset-unusable")
    return Part(
        index=index,
        content_type=media.content_type,
        content_id=media.content_id,
        data=media.data,
        sha256=hashlib.sha256(media.data).hexdigest(),
        text=text,
        charset=codec,
        flags=_unique(flags),
    )


def _joined_text(parts: Iterable[Part]) -> str | None:
    texts = [part.text for part in parts if part.content_type == "text/plain" and part.text is not None]
    joined = "\n".join(texts)[:MAX_TEXT].encode("utf-8")
    return joined[:MAX_TEXT].decode("utf-8", "ignore") if texts else None


def _unique(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    return tuple(dict.fromkeys(flags))
