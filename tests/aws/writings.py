"""What tests write into a deployed stack, noted as they write it, and its removal."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx

from console.connection import Gateway
from console.forgetting.versions import Versions
from console.watching import Unwatched
from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import InboundMms
from mms_gateway.openmarket.decode import decode_callback

PROBE = "PROBE"  # what the probes of the roles write, from functions of their own
PROBES = {f"{prefix}/probe" for prefix in ("mo", "mt", "raw", "quarantine", "outgoing")}
WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")


class Writings:
    """The partitions of the table and the objects of the bucket that tests wrote."""

    def __init__(self) -> None:
        self.partitions = {PROBE}
        self.keys = set(PROBES)

    def note_calls_of(self, client: Any) -> None:
        """Note what a boto3 client writes from now on."""
        for operation in WRITES:
            client.meta.events.register_first(f"provide-client-params.dynamodb.{operation}", self._note_items)
        client.meta.events.register_first("provide-client-params.s3.PutObject", self._note_object)

    def note_callback(self, request: httpx.Request) -> None:
        """Note what a callback's body makes the gateway write."""
        body = request.read()
        sha256 = hashlib.sha256(body).hexdigest()
        self.partitions.add(f"RAW#{sha256}")
        self.keys |= {f"raw/{sha256}", f"quarantine/{sha256}"}
        try:
            decoded = decode_callback(request.headers.get("Content-Type", ""), body)
        except MalformedCallback:
            return
        self.partitions.add(f"MO#{decoded.mo_id}" if isinstance(decoded, InboundMms) else f"MTID#{decoded.mt_id}")

    def _note_items(self, params: dict[str, Any], **_: Any) -> None:
        writes = params.get("TransactItems") or [{"": params}]
        for write in (one for each in writes for one in each.values()):
            pk = (write.get("Item") or write.get("Key"))["pk"]
            self.partitions.add(pk["S"] if isinstance(pk, dict) else pk)

    def _note_object(self, params: dict[str, Any], **_: Any) -> None:
        self.keys.add(params["Key"])

    def remove_from(self, gateway: Gateway) -> str:
        """Remove all of it with every version, and say what that was."""
        versions = Versions(gateway)
        found = [version for key in sorted(self.keys) for version in versions.of(key)]
        found += [version for prefix in self._media_prefixes() for version in versions.under(prefix)]
        versions.remove(found, Unwatched())
        items = list(self._items(gateway))
        for item in items:
            gateway.dynamodb.delete_item(TableName=gateway.addresses.table_name, Key=item)
        return f"{len(items)} items and {len(found)} versions of objects"

    def _media_prefixes(self) -> Iterator[str]:
        for partition in sorted(self.partitions):
            kind, _, name = partition.partition("#")
            if kind in {"MO", "MT"} and name:
                yield f"{kind.lower()}/{name}/"

    def _items(self, gateway: Gateway) -> Iterator[dict[str, Any]]:
        for partition in sorted(self.partitions):
            yield from gateway.dynamodb.query(
                TableName=gateway.addresses.table_name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
                ProjectionExpression="pk, sk",
                ConsistentRead=True,
            )["Items"]
