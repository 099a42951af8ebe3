"""What every write and read of the table goes through: one client, one table, errors in our own words."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from mms_gateway.aws import storage_errors
from mms_gateway.retention import FOR_EVER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_NAME = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A conditional update of one item; attributes are written `#name`, and `update` begins with SET."""

    pk: str
    sk: str
    update: str
    condition: str
    values: Item


class Store:
    """Conditional writes and consistent reads of one table; what is written is kept for `retention` from then on."""

    def __init__(self, client: "DynamoDBClient", name: str, retention: timedelta = FOR_EVER) -> None:
        self._client = client
        self._name = name
        self._retention = retention

    def put_if_absent(self, item: Item) -> Item | None:
        """Write `item` if none stands under its key; otherwise the one that stands there."""
        with storage_errors("the table"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=serialize(item | self._expiry()),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return deserialize(cast("Item", refusal.response.get("Item", {})))
        return None

    def get(self, pk: str, sk: str) -> Item | None:
        """The item under a key, as of now."""
        with storage_errors("the table"):
            answer = self._client.get_item(
                TableName=self._name, Key=serialize({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        return deserialize(answer["Item"]) if "Item" in answer else None

    def query(self, pk: str, start: str) -> list[Item]:
        """The items under a partition key whose sort keys begin with `start`, as of now, in order."""
        with storage_errors("the table"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :start)",
                ExpressionAttributeValues=serialize({":pk": pk, ":start": start}),
                ConsistentRead=True,
            )
            return [deserialize(item) for page in pages for item in page["Items"]]

    def change(self, change: Change) -> tuple[bool, Item]:
        """Whether the condition held, and the item: as it is now, or as it stood in the way (empty where none did)."""
        with storage_errors("the table"):
            try:
                answer = self._client.update_item(
                    **self._request(change), ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD"
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return False, deserialize(cast("Item", refusal.response.get("Item", {})))
        return True, deserialize(answer["Attributes"])

    def change_and_put(
        self, change: Change, item: Item, *, unless: str, values: Item
    ) -> tuple[Item | None, Item | None]:
        """Change one item and put another in one transaction, where the change's condition and `unless` hold.

        Gives for each of the two the item that stood in its way (empty where none did), None where nothing did.
        """
        on_failure: Any = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        put: Any = {
            "TableName": self._name,
            "Item": serialize(item | self._expiry()),
            "ConditionExpression": unless,
            "ExpressionAttributeValues": serialize(values),
        }
        with storage_errors("the table"):
            try:
                self._client.transact_write_items(
                    TransactItems=[{"Update": self._request(change) | on_failure}, {"Put": put | on_failure}]
                )
            except self._client.exceptions.TransactionCanceledException as refusal:
                first, second = refusal.response["CancellationReasons"]
                ways = [
                    deserialize(reason.get("Item", {})) if reason.get("Code") == "ConditionalCheckFailed" else None
                    for reason in (first, second)
                ]
                if ways == [None, None]:
                    raise  # another write of the same moment, or too many of them: to be tried again
                return ways[0], ways[1]
        return None, None

    def _request(self, change: Change) -> Any:
        update, values = with_expiry(change.update, self._retention)
        names = set(_NAME.findall(f"{update} {change.condition}"))
        return {
            "TableName": self._name,
            "Key": serialize({"pk": change.pk, "sk": change.sk}),
            "UpdateExpression": update,
            "ConditionExpression": change.condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ExpressionAttributeValues": serialize(change.values | values),
        }

    def _expiry(self) -> Item:
        """When DynamoDB may delete what is written now: each write puts it off; nothing where all is kept."""
        return expiry(self._retention)


def index_keys(*, handset: str | None, service: str | None, sent_at: str, identity: str) -> Item:
    """The keys of by-handset and by-service; an index is left out where its key is missing."""
    keys = {}
    if handset is not None:
        keys["handsetOrder"] = f"{service or ''}#{sent_at}#{identity}"
    if service is not None:
        keys["serviceDay"] = f"{service}#{sent_at[:10]}"
        keys["serviceOrder"] = f"{sent_at}#{identity}"
    return keys


def expiry(retention: timedelta) -> Item:
    """The attribute that says when an item written now is to be deleted, in seconds since 1970; {} if never."""
    return {} if retention == FOR_EVER else {"expiresAt": int(time.time() + retention.total_seconds())}


def with_expiry(update: str, retention: timedelta) -> tuple[str, Item]:
    """An update expression that says when the item is to be deleted too, or has it kept for ever; and its values.

    An item of a time when there was a retention has an end: it must not come while a message is sent again.
    """
    if kept := expiry(retention):
        return update.replace("SET ", "SET expiresAt = :expiresAt, ", 1), {":expiresAt": kept["expiresAt"]}
    return update + (", expiresAt" if " REMOVE " in update else " REMOVE expiresAt"), {}


def without_nothing(item: Item) -> Item:
    """An item without the attributes that are None."""
    return {name: value for name, value in item.items() if value is not None}


def serialize(item: Item) -> Item:
    """An item in DynamoDB's notation."""
    to_wire = TypeSerializer()
    return {name: to_wire.serialize(value) for name, value in item.items()}


def deserialize(item: Mapping[str, Any]) -> Item:
    """An item out of DynamoDB's notation."""
    from_wire = TypeDeserializer()
    return {name: from_wire.deserialize(value) for name, value in item.items()}
