"""The item of a message to send: what is written of it, and how it is read."""

from datetime import datetime

from mms_gateway.message_table.store import Item, index_keys, without_nothing
from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import SendError, Standing, Trace
from mms_gateway.outbound_record import OutboundRecord, RecordedPart


def message_attributes(record: OutboundRecord) -> Item:
    """What a message's item says of the message itself."""
    item = {
        "direction": "MT",
        "requestId": record.request_id,
        "requestSha256": record.request_sha256,
        "handset": record.handset,
        "service": record.service,
        "receivedAt": record.received_at,
        "subject": record.subject,
        "mobileOperatorId": record.mobile_operator_id,
        "text": record.text,
        "parts": [_part(part) for part in record.parts] if record.parts is not None else None,
        "details": record.details,
        "detailsKey": record.details_key,
    }
    return without_nothing(item)


def when_sent(record: OutboundRecord, sent_at: str) -> Item:
    """When it was sent, and the keys of the indexes in which it stands from then on."""
    keys = index_keys(handset=record.handset, service=record.service, sent_at=sent_at, identity=record.request_id)
    return {"sentAt": sent_at, **keys}


def _part(part: RecordedPart) -> Item:
    item = {
        "index": part.index,
        "contentId": part.content_id,
        "contentType": part.content_type,
        "size": part.size,
        "sha256": part.sha256,
        "text": part.text,
        "s3Key": part.s3_key,
        "s3Bucket": part.s3_bucket,
        "s3VersionId": part.s3_version_id,
        "url": part.url,
    }
    return without_nothing(item)


def error_attribute(error: SendError) -> Item:
    """Why a message is where it is, as its item has it."""
    return without_nothing({"httpStatus": error.http_status, "code": error.code, "description": error.description})


def trace_attributes(trace: Trace) -> Item:
    """Where a call went, as the item has it."""
    return without_nothing({"host": trace.host, "openMarketRequestId": trace.open_market_request_id})


def read_standing(item: Item) -> Standing:
    """What an item says of where its message stands."""
    error = item.get("error") or {}
    return Standing(
        status=item["status"],
        request_sha256=item.get("requestSha256", ""),
        owner=item.get("owner"),
        lease_until=item.get("leaseUntil", ""),
        attempts=int(item.get("attempts", 0)),
        tried_since=_moment(item.get("resentAt") or item.get("sentAt")),
        resend=item["status"] == "RETRY" and "attention" in item,
        doubted="resentAt" in item or (item["status"] == "RETRY" and "attention" in item),
        retry_at=_moment(item.get("retryAt")),
        attention_since=_moment(item.get("attentionSince")),
        mt_id=item.get("mtId"),
        error=SendError(
            description=error["description"],
            http_status=int(error["httpStatus"]) if "httpStatus" in error else None,
            code=error.get("code"),
        )
        if "description" in error
        else None,
    )


def _moment(text: str | None) -> datetime | None:
    return read_date(text) if text is not None else None
