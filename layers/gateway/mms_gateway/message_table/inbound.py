"""Messages from handsets, and callbacks that could not be read: keys, conditions, items."""

from typing import Literal

from mms_gateway.message_table.reports import ReportTable
from mms_gateway.message_table.store import Item, index_keys, without_nothing
from mms_gateway.messages import Part
from mms_gateway.receiving import InboundRecord, QuarantineRecord


class InboundTable(ReportTable):
    """Records messages, reports and what could not be read, each exactly once."""

    def put_inbound(self, record: InboundRecord) -> Literal["stored", "duplicate", "conflict"]:
        """Record a message if none stands under its id; otherwise compare the contents."""
        item = inbound_item(record)
        standing = self._store.put_if_absent(item)
        if standing is None:
            return "stored"
        if standing.get("contentSha256") == record.message.content_sha256:
            return "duplicate"  # or our own first try, whose answer was lost
        conflict = {
            **item,
            "sk": f"CONFLICT#{record.message.content_sha256}",
            "attention": "CONFLICT",
            "attentionSince": record.received_at,
        }
        self._store.put_if_absent(conflict)
        return "conflict"

    def put_quarantined(self, record: QuarantineRecord) -> bool:
        """Record a callback that can't be read; its first sight stays."""
        item = {
            "pk": f"RAW#{record.body_sha256}",
            "sk": "CALLBACK",
            "reason": record.reason,
            "size": record.size,
            "s3Key": record.key,
            "contentType": record.content_type,
            "receivedAt": record.received_at,
            "openMarketRequestId": record.request_id,
            "attention": "QUARANTINED",
            "attentionSince": record.received_at,
        }
        standing = self._store.put_if_absent(without_nothing(item))
        # Refused by an item of this very moment: our own first try, whose answer was lost.
        return standing is None or standing.get("receivedAt") == record.received_at


def inbound_item(record: InboundRecord) -> Item:
    """The item of a message, as the data model has it."""
    message = record.message
    item = {
        "pk": f"MO#{message.mo_id}",
        "sk": "MESSAGE",
        "direction": message.direction,
        "status": "RECEIVED",
        "moId": message.mo_id,
        "handset": message.handset,
        "service": message.service,
        "sentAt": record.sent_at,
        "receivedAt": record.received_at,
        "subject": message.subject,
        "text": message.text,
        "parts": [_part(part, key) for part, key in zip(message.parts, record.media_keys, strict=True)],
        "details": message.details,
        "destinations": list(message.destinations),
        "ccs": list(message.ccs),
        "bccs": list(message.bccs),
        "mobileOperatorId": message.mobile_operator_id,
        "userAgent": message.user_agent,
        "date": message.date,
        "contentSha256": message.content_sha256,
        "bodySha256": message.body_sha256,
        "openMarketRequestId": record.request_id,
        "flags": list(message.flags) or None,
        **index_keys(handset=message.handset, service=message.service, sent_at=record.sent_at, identity=message.mo_id),
    }
    return without_nothing(item)


def _part(part: Part, key: str | None) -> Item:
    item: Item = {
        "index": part.index,
        "contentType": part.content_type,
        "contentId": part.content_id,
        "size": part.size,
        "sha256": part.sha256,
    }
    if part.flags:
        item["flags"] = list(part.flags)
    if key is not None:
        return {**item, "s3Key": key}
    if part.charset not in {"utf-8", "ascii"}:
        item["charset"] = part.charset  # without it the bytes, and so `sha256`, could not be made again
    return {**item, "text": part.text}
