"""Use case: take in one callback, so that it is answered 200 if and only if it is durable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from mms_gateway.errors import MalformedCallback, StorageRefused, TruncatedCallback
from mms_gateway.messages import (
    MAX_ITEM_TEXTS,
    MAX_PART_TEXT,
    Blob,
    CallbackEncoding,
    DeliveryReport,
    InboundMms,
    Part,
    utc_text,
)
from mms_gateway.openmarket.content_type import MAX_HEADER
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.openmarket.notation import read_date

MAX_REASON = 200  # characters: it is a header's value too


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """An authenticated request of OpenMarket's."""

    content_type: str
    body: bytes
    body_sha256: str
    received_at: datetime
    request_id: str | None
    """The X-Request-Id, which names the request at OpenMarket."""
    fault: str | None = None
    """Why the request can't be a callback, found before its body was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRecord:
    """A message as it is written down."""

    message: InboundMms
    media_keys: tuple[str | None, ...]
    """For each part its key in the bucket, or None where its text stands in the item."""
    sent_at: str
    received_at: str
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRecord:
    """A callback that could not be read, as it is written down."""

    body_sha256: str
    reason: str
    size: int
    key: str
    content_type: str
    received_at: str
    request_id: str | None


class Table(Protocol):
    """Where messages are recorded. Every write is conditional; true says that it was news."""

    def put_inbound(self, record: InboundRecord) -> Literal["stored", "duplicate", "conflict"]:
        """Record a message once; another content under its id is kept beside it as a conflict."""

    def put_report(self, report: DeliveryReport, *, received_at: str, request_id: str | None) -> bool:
        """Record a delivery report once."""

    def join_report(self, report: DeliveryReport) -> bool:
        """Show the report on its message; false while nothing is known of such a message."""

    def put_quarantined(self, record: QuarantineRecord) -> bool:
        """Record a callback that can't be read once."""


class Bucket(Protocol):
    """Where media and whole bodies lie."""

    def put_all(self, blobs: Sequence[Blob]) -> None:
        """Write all of them, at the same time; returns when the last one is durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a callback; all of these are durable."""

    name: Literal["stored", "duplicate", "conflict", "report", "quarantined", "truncated"]
    message: InboundMms | DeliveryReport | None = None
    reason: str | None = None
    """For quarantined and truncated: one plain sentence, printable ASCII, at most 200 characters."""
    media_bytes: int = 0
    """Of the media that were news."""
    joined: bool | None = None
    """For a report: whether it could be shown on its message yet."""


def receive(callback: Callback, *, table: Table, bucket: Bucket, encoding: CallbackEncoding, keep_raw: bool) -> Outcome:
    """Take in one callback.

    Raises StorageUnavailable where it could not be made durable: OpenMarket must send it again.
    """
    try:
        message = _decode(callback, encoding)
    except MalformedCallback as error:
        return _quarantine(callback, error, table, bucket)
    try:
        if isinstance(message, DeliveryReport):
            return _record_report(callback, message, table)
        return _record_message(callback, message, table, bucket, keep_raw=keep_raw)
    except StorageRefused as refusal:
        return _quarantine(callback, MalformedCallback(str(refusal)), table, bucket)


def _decode(callback: Callback, encoding: CallbackEncoding) -> InboundMms | DeliveryReport:
    if callback.fault is not None:
        raise MalformedCallback(callback.fault)
    try:
        return decode_callback(
            callback.content_type, callback.body, encoding=encoding, body_sha256=callback.body_sha256
        )
    except MalformedCallback:
        raise
    except Exception as bug:  # a mistake of ours must not lose a customer's message
        raise MalformedCallback(f"the gateway failed to read it, please report this: {type(bug).__name__}") from bug


def _record_message(
    callback: Callback, message: InboundMms, table: Table, bucket: Bucket, *, keep_raw: bool
) -> Outcome:
    """Media first, the item last: what the item names is there."""
    keys = media_keys(message)
    blobs = [
        Blob(key, part.data, part.sha256, part.content_type)
        for part, key in zip(message.parts, keys, strict=True)
        if key is not None
    ]
    raw = [_whole_body(callback, "raw")] if keep_raw else []
    bucket.put_all([*blobs, *raw])
    date = read_date(message.date) if message.date is not None else None
    name = table.put_inbound(
        InboundRecord(
            message=message,
            media_keys=keys,
            sent_at=utc_text(date or callback.received_at),
            received_at=utc_text(callback.received_at),
            request_id=callback.request_id,
        )
    )
    news = name != "duplicate"
    return Outcome(name=name, message=message, media_bytes=sum(part.size for part in message.parts) if news else 0)


def _record_report(callback: Callback, report: DeliveryReport, table: Table) -> Outcome:
    """Write the report, then look for its message: whichever of the two comes second sees the first."""
    is_new = table.put_report(report, received_at=utc_text(callback.received_at), request_id=callback.request_id)
    # A repeat joins too: the first try may have ended between the two.
    joined = table.join_report(report)
    return Outcome(name="report" if is_new else "duplicate", message=report, joined=joined)


def _quarantine(callback: Callback, error: MalformedCallback, table: Table, bucket: Bucket) -> Outcome:
    """Keep what can't be read, for a person to look at."""
    body = _whole_body(callback, "quarantine")
    bucket.put_all([body])
    reason = _plain(str(error), MAX_REASON)
    is_new = table.put_quarantined(
        QuarantineRecord(
            body_sha256=callback.body_sha256,
            reason=reason,
            size=len(callback.body),
            key=body.key,
            content_type=_plain(callback.content_type, MAX_HEADER),
            received_at=utc_text(callback.received_at),
            request_id=callback.request_id,
        )
    )
    truncated = isinstance(error, TruncatedCallback) and is_new
    return Outcome(name="truncated" if truncated else "quarantined", reason=reason)


def _plain(text: str, most: int) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text[:most])


def _whole_body(callback: Callback, folder: str) -> Blob:
    key = f"{folder}/{callback.body_sha256}"
    content_type = _plain(callback.content_type, MAX_HEADER)
    return Blob(key, callback.body, callback.body_sha256, "application/octet-stream", content_type)


def media_keys(message: InboundMms) -> tuple[str | None, ...]:
    """For each part its key in the bucket, or None where its text fits into the item."""
    keys: list[str | None] = []
    room = MAX_ITEM_TEXTS
    for part in message.parts:
        inline = _inline_size(part)
        if inline is not None and inline <= room:
            room -= inline
            keys.append(None)
        else:
            keys.append(f"mo/{message.mo_id}/{part.index}-{part.sha256}")
    return tuple(keys)


def _inline_size(part: Part) -> int | None:
    """The bytes that the part's text takes in the item; None where it must lie in the bucket."""
    if part.text is None or part.size > MAX_PART_TEXT or part.text.encode(part.charset) != part.data:
        return None
    return len(part.text.encode("utf-8"))
