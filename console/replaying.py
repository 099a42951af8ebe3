"""Callbacks that could not be read, once more through the decoder of this checkout."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import cast

from console.attention import handle_of
from console.connection import Gateway
from console.media import Media
from console.problems import Problem
from console.reading import Reader
from mms_gateway.errors import MalformedCallback
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.message_table.store import Item, serialize
from mms_gateway.messages import CallbackEncoding, DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.openmarket.notation import read_date
from mms_gateway.receiving import Callback, Outcome, receive

MEDIA_AT_A_TIME = 16
FAULTS_OF_THE_REQUEST = frozenset(
    {
        "Content-Type: the request has it twice",
        "Content-Encoding: the request's body is compressed or encoded, expected it as it is",
        "the API's base64 of the body is broken",
        "the body went through a text conversion and lost its bytes",
    }
)
"""Reasons that the function behind the API finds before a body is decoded: what was kept is not what was meant."""


class Replayer:
    """Reads quarantined callbacks anew; nothing is lost, and everything may be repeated."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._media = Media(gateway)
        self._table = InboundTable(gateway.dynamodb, gateway.addresses.table_name, gateway.retention)
        self._bucket = MediaBucket(
            gateway.s3, gateway.addresses.media_bucket, ThreadPoolExecutor(MEDIA_AT_A_TIME, "replayed-media")
        )
        self._encoding = cast("CallbackEncoding", gateway.parameters.get("CallbackEncoding", "auto"))

    def try_to_read(self, item: Item) -> tuple[InboundMms | DeliveryReport, str]:
        """What a callback would become, and whether it would be `stored`, `duplicate`, `conflict` or `report`.

        MalformedCallback says why it still can't be read. Nothing is written.
        """
        callback = self._callback(item)
        if callback.fault is not None:
            raise MalformedCallback(callback.fault)
        try:
            message = decode_callback(callback.content_type, callback.body, encoding=self._encoding)
        except MalformedCallback:
            raise
        except Exception as bug:
            raise MalformedCallback(f"the decoder failed to read it: {type(bug).__name__}: {bug}") from bug
        if isinstance(message, DeliveryReport):
            return message, "report"
        standing = Reader(self._gateway).item(f"MO#{message.mo_id}")
        if standing is None:
            return message, "stored"
        return message, "duplicate" if standing.get("contentSha256") == message.content_sha256 else "conflict"

    def replay(self, item: Item) -> Outcome:
        """Take a callback in as if it came now for the first time; where that could be done, it needs nobody more.

        `quarantined` with the reason where it still can't be read: it stays as it is.
        """
        outcome = receive(
            self._callback(item),
            table=self._table,
            bucket=self._bucket,
            encoding=self._encoding,
            keep_raw=self._gateway.raw_days > 0,
        )
        if outcome.name in {"quarantined", "truncated"}:
            return Outcome(name="quarantined", reason=outcome.reason)
        self._dismiss(item)
        return outcome

    def _callback(self, item: Item) -> Callback:
        """The callback as it came; Problem where what was kept is not its body."""
        if item["sk"] != "CALLBACK":
            raise Problem(f"{handle_of(item)} is no callback that could not be read: there is nothing to replay.")
        sha256 = str(item["pk"]).removeprefix("RAW#")
        try:
            body = self._media.open_object(item["s3Key"]).read()
        except Problem as gone:
            close = self._gateway.command("resolve", handle_of(item), "--close")
            raise Problem(f"{handle_of(item)} can't be read any more: {gone} Close it with `{close}`.") from None
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Problem(
                f"The body kept for {handle_of(item)} is not the one that came: its SHA-256 differs. Nothing was "
                f"changed; look for an older version of {item['s3Key']} in the bucket."
            )
        reason = item.get("reason")
        return Callback(
            content_type=item.get("contentType", ""),
            body=body,
            body_sha256=sha256,
            received_at=read_date(item["receivedAt"]) or datetime.now(UTC),
            request_id=item.get("openMarketRequestId"),
            fault=reason if reason in FAULTS_OF_THE_REQUEST else None,
        )

    def _dismiss(self, item: Item) -> None:
        """Take it off the list; where somebody else has done so, that is as well."""
        if "attention" not in item:
            return
        client = self._gateway.dynamodb
        try:
            client.update_item(
                TableName=self._gateway.addresses.table_name,
                Key=serialize({"pk": item["pk"], "sk": item["sk"]}),
                UpdateExpression="REMOVE attention, attentionSince",
                ConditionExpression="attentionSince = :since",
                ExpressionAttributeValues=serialize({":since": item["attentionSince"]}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return
