"""Decode a callback: bytes to InboundMms or DeliveryReport.

Source: OpenMarket, "Receive an MMS" and "Things to Know" (HTTP MMS). What is bent is taken with a flag; what can't be
read is refused with a sentence that names the field or the part and never quotes the input.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import (
    MAX_PART_TEXT,
    MAX_TEXT,
    CallbackEncoding,
    DeliveryReport,
    Flag,
    InboundMms,
    Part,
    joined_text,
)
from mms_gateway.openmarket.callback_json import MAX_SUBJECT, Fields, check_limits, read_object
from mms_gateway.openmarket.charset import read_text
from mms_gateway.openmarket.content_type import boundary_of, read_content_type
from mms_gateway.openmarket.media import JSON_TYPE, Media, read_multipart
from mms_gateway.openmarket.notation import normal_address
from mms_gateway.openmarket.strict_json import canonical, ends_too_early

FINAL_STATUSES = {"Retrieved", "Rejected", "Expired", "NotSupported", "Unreachable", "Unrecognized"}
"""Words of reports after which no better one comes; all others may be followed. Source: the MMS delivery page, MM7."""
DELIVERED = "Retrieved"
"""The one of them that is success."""


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
        check_limits(body)
        if ends_too_early(body):
            raise TruncatedCallback("the JSON ends too early")
        return _message(body, [], ["json-only"], body_sha256)
    if media_type.essence.startswith("multipart/"):
        main, media, flags = read_multipart(body, boundary_of(media_type), encoding)
        return _message(main, media, flags, body_sha256)
    raise MalformedCallback("Content-Type: expected a multipart type or application/json")


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
        final=status in FINAL_STATUSES,
        identity=json.dumps(
            [status, fields.as_key("outcomeId"), fields.as_key("outcomeDescription")],
            separators=(",", ":"),
            ensure_ascii=False,
        ),
        date=fields.date("date"),
        outcome_id=fields.integer("outcomeId", or_digits=True),
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
    content = {"json": values, "parts": [[part.content_type, part.content_id, part.sha256] for part in parts]}
    return InboundMms(
        mo_id=str(values["moId"]),
        handset=normal_address(fields.text("source")),
        service=normal_address(next(iter(destinations), None)),
        destinations=destinations,
        ccs=fields.texts("ccs"),
        bccs=fields.texts("bccs"),
        date=fields.date("date"),
        mobile_operator_id=fields.integer("mobileOperatorId", otherwise="operator-id-not-a-number"),
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
    return joined_text(texts)


def _unique(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    return tuple(dict.fromkeys(flags))
