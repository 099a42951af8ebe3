"""The table: keys, conditions, items; the only module that knows DynamoDB."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from mms_gateway.aws import storage_errors
from mms_gateway.messages import DeliveryReport, InboundMms, Part, utc_text
from mms_gateway.openmarket.notation import read_date
from mms_gateway.receiving import InboundRecord, QuarantineRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]


class MessageTable:
    """Records messages, reports and what could not be read, each exactly once."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def put_inbound(self, record: InboundRecord) -> Literal["stored", "duplicate", "conflict"]:
        """Record a message if none stands under its id; otherwise compare the contents."""
        item = inbound_item(record)
        standing = self._put_if_absent(item)
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
        self._put_if_absent(conflict)
        return "conflict"

    def put_report(self, report: DeliveryReport, *, received_at: str, request_id: str | None) -> bool:
        """Record a report if it is not there yet."""
        item = {
            "pk": f"MTID#{report.mt_id}",
            "sk": f"REPORT#{_date_and_hash(report)}",
            "mtId": report.mt_id,
            **_delivery(report),
            "userAgent": report.user_agent,
            "details": report.details,
            "bodySha256": report.body_sha256,
            "flags": list(report.flags) or None,
            "receivedAt": received_at,
            "openMarketRequestId": request_id,
        }
        return self._put_if_absent(_without_nothing(item)) is None

    def join_report(self, report: DeliveryReport) -> bool:
        """Show the report on its message, unless a later or final one stands there; false where there is none yet."""
        request_id = self._request_of(report.mt_id)
        if request_id is None:
            return False
        order = f"{int(report.final)}#{_date_and_hash(report)}"
        return self._advance_delivery(request_id, _without_nothing(_delivery(report)), order)

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
        standing = self._put_if_absent(_without_nothing(item))
        # Refused by an item of this very moment: our own first try, whose answer was lost.
        return standing is None or standing.get("receivedAt") == record.received_at

    def _put_if_absent(self, item: Item) -> Item | None:
        """Write `item` if none stands under its key; otherwise the one that stands there."""
        with storage_errors("the table"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=_serialize(item),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return _deserialize(cast("Item", refusal.response.get("Item", {})))
        return None

    def _request_of(self, mt_id: str) -> str | None:
        """The request whose message has this mtId, read consistently: a report must see a commit before it."""
        with storage_errors("the table"):
            answer = self._client.get_item(
                TableName=self._name,
                Key={"pk": {"S": f"MTID#{mt_id}"}, "sk": {"S": "REQUEST"}},
                ConsistentRead=True,
            )
        request_id = _deserialize(answer.get("Item", {})).get("requestId")
        return str(request_id) if request_id is not None else None

    def _advance_delivery(self, request_id: str, delivery: Item, order: str) -> bool:
        """Set the message's delivery if `order` says that it moves forward; false where there is no such message."""
        with storage_errors("the table"):
            try:
                self._client.update_item(
                    TableName=self._name,
                    Key={"pk": {"S": f"MT#{request_id}"}, "sk": {"S": "MESSAGE"}},
                    UpdateExpression="SET delivery = :delivery, deliveryOrder = :order",
                    ConditionExpression="attribute_exists(pk) AND "
                    "(attribute_not_exists(deliveryOrder) OR deliveryOrder < :order)",
                    ExpressionAttributeValues=_serialize({":delivery": delivery, ":order": order}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return bool(refusal.response.get("Item"))
        return True


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
        **_index_keys(message, record.sent_at),
    }
    return _without_nothing(item)


def _index_keys(message: InboundMms, sent_at: str) -> Item:
    """The keys of by-handset and by-service; an index is left out where its key is missing."""
    keys = {}
    if message.handset is not None:
        keys["handsetOrder"] = f"{message.service or ''}#{sent_at}#{message.mo_id}"
    if message.service is not None:
        keys["serviceDay"] = f"{message.service}#{sent_at[:10]}"
        keys["serviceOrder"] = f"{sent_at}#{message.mo_id}"
    return keys


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


def _delivery(report: DeliveryReport) -> Item:
    """What a report says, as it stands on its own item and on its message."""
    return {
        "status": report.status,
        "outcomeId": report.outcome_id,
        "outcomeDescription": report.outcome_description,
        "date": _report_date(report),
        "final": report.final,
    }


def _date_and_hash(report: DeliveryReport) -> str:
    """What tells a report from the others of its message, in the order of their dates; unreadable ones come first."""
    identity = hashlib.sha256(report.identity.encode("utf-8")).hexdigest()[:16]
    return f"{_report_date(report) or '-'}#{identity}"


def _report_date(report: DeliveryReport) -> str | None:
    date = read_date(report.date) if report.date is not None else None
    return utc_text(date) if date is not None else None


def _without_nothing(item: Item) -> Item:
    return {name: value for name, value in item.items() if value is not None}


def _serialize(item: Item) -> Item:
    to_wire = TypeSerializer()
    return {name: to_wire.serialize(value) for name, value in item.items()}


def _deserialize(item: Mapping[str, Any]) -> Item:
    from_wire = TypeDeserializer()
    return {name: from_wire.deserialize(value) for name, value in item.items()}
