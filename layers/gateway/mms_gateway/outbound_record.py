"""A message to send as it is written down, and what of it lies in the bucket."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mms_gateway.messages import MAX_ITEM_TEXTS, MAX_PART_TEXT, Blob, SourceObject, joined_text, utc_text
from mms_gateway.openmarket.content_type import read_content_type
from mms_gateway.openmarket.encode import REMOTE_CONTENT
from mms_gateway.openmarket.notation import normal_address
from mms_gateway.queue_message import QueueMessage, content_bytes
from mms_gateway.send_request import Content, S3Object

MAX_DETAILS = 64 * 1024  # bytes of a queue message that stand in the item; a longer one lies in the bucket
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPart:
    """One content as the item has it: with its text, or where in a bucket its bytes lie, or its link."""

    index: int
    content_id: str
    content_type: str
    """Lower case, without parameters."""
    size: int | None = None
    sha256: str | None = None
    text: str | None = None
    s3_key: str | None = None
    s3_bucket: str | None = None
    """None for the gateway's own bucket."""
    s3_version_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRecord:
    """A message to send; attributes of the item are named alike."""

    request_id: str
    request_sha256: str
    handset: str | None
    service: str | None
    subject: str | None
    mobile_operator_id: int | None
    text: str | None
    parts: tuple[RecordedPart, ...] | None
    """None where the message has faults."""
    details: str | None
    details_key: str | None
    received_at: str
    """When it was enqueued."""
    looked_at: bool
    """Whether its S3 objects have been looked at."""
    blobs: tuple[Blob, ...]
    """What must lie in the bucket before the item names it."""


def outbound_record(
    message: QueueMessage,
    sources: Mapping[int, SourceObject] | None = None,
    *,
    media_bucket: str,
    enqueued_at: datetime,
) -> OutboundRecord:
    """The record of a message; `sources` are its S3 objects by the content's index, where they were looked at."""
    folder = f"mt/{message.request_id}"
    parts: tuple[RecordedPart, ...] | None = None
    blobs: list[Blob] = []
    if message.request is not None:
        parts, blobs = _parts(message.request.content, sources or {}, folder, media_bucket)
    details = message.details.encode("utf-8", "surrogatepass")
    details_key = None
    if len(details) > MAX_DETAILS:
        sha256 = hashlib.sha256(details).hexdigest()
        details_key = f"{folder}/details-{sha256}"
        blobs.append(Blob(details_key, details, sha256, "application/json"))
    return OutboundRecord(
        request_id=message.request_id,
        request_sha256=message.request_sha256,
        handset=normal_address(message.destination),
        service=normal_address(message.source),
        subject=message.fields.get("subject"),
        mobile_operator_id=message.fields.get("mobile_operator_id"),
        text=_joined_text(message.request.content) if message.request is not None else None,
        parts=parts,
        details=None if details_key else message.details,
        details_key=details_key,
        received_at=utc_text(enqueued_at),
        looked_at=sources is not None,
        blobs=tuple(blobs),
    )


def content_type_of(content: Content, source: SourceObject | None) -> str:
    """The media type that a content is sent under."""
    if content.content_type is not None:
        return content.content_type.strip(" ")
    if content.url is not None:
        return REMOTE_CONTENT
    if content.s3 is not None:
        return source.content_type if source is not None else DEFAULT_TYPE
    return "text/plain"


def _parts(
    contents: Iterable[Content], sources: Mapping[int, SourceObject], folder: str, media_bucket: str
) -> tuple[tuple[RecordedPart, ...], list[Blob]]:
    parts: list[RecordedPart] = []
    blobs: list[Blob] = []
    room = MAX_ITEM_TEXTS
    for index, content in enumerate(contents):
        media_type = read_content_type(content_type_of(content, sources.get(index)))
        part = RecordedPart(
            index=index,
            content_id=content.content_id,
            content_type=media_type.essence if media_type else DEFAULT_TYPE,
            url=content.url,
        )
        data = content_bytes(content) if content.url is None else None
        if content.s3 is not None:
            part = _in_s3(part, content.s3, sources.get(index), media_bucket)
        elif data is not None:
            part = replace(part, size=len(data), sha256=hashlib.sha256(data).hexdigest())
            text = _text(content)
            if text is not None and len(data) <= min(MAX_PART_TEXT, room):
                room -= len(data)
                part = replace(part, text=text)
            else:
                blob = Blob(f"{folder}/{index}-{part.sha256}", data, str(part.sha256), part.content_type)
                blobs.append(blob)
                part = replace(part, s3_key=blob.key)
        parts.append(part)
    return tuple(parts), blobs


def _in_s3(part: RecordedPart, named: S3Object, found: SourceObject | None, media_bucket: str) -> RecordedPart:
    return replace(
        part,
        size=found.size if found is not None else None,
        s3_key=named.key,
        s3_bucket=named.bucket if named.bucket != media_bucket else None,
        s3_version_id=named.version_id,
    )


def _text(content: Content) -> str | None:
    """What a content says that is given as text, or as base64 of a text in UTF-8."""
    if content.base64 is None:
        return content.text
    media_type = read_content_type(content.content_type or "")
    if media_type is None or not media_type.essence.startswith("text/"):
        return None
    charsets = {value.lower() for value in media_type.values("charset")}
    try:
        return (content_bytes(content) or b"").decode("utf-8") if charsets <= {"utf-8", "us-ascii"} else None
    except UnicodeDecodeError:
        return None


def _joined_text(contents: Iterable[Content]) -> str | None:
    """The text/plain contents that the message brings along, joined by line feeds."""
    texts = []
    for content in contents:
        media_type = read_content_type(content.content_type or "text/plain")
        text = _text(content)
        if text is not None and media_type is not None and media_type.essence == "text/plain":
            texts.append(text)
    return joined_text(texts)
