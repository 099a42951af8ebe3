"""What the gateway has written, read back with the stack's keys as any client of AWS would."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from local.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.service_resource import Bucket

Item = dict[str, Any]


class ReadBack:
    """Reads the table and the bucket of a running local stack."""

    def __init__(self, stack: Stack) -> None:
        self.table: Table = stack.resource("dynamodb").Table(stack.table_name)
        self.bucket: Bucket = stack.resource("s3").Bucket(stack.media_bucket)

    def items(self, pk: str) -> list[Item]:
        """Every item under one partition key, by sort key."""
        return self.table.query(KeyConditionExpression=Key("pk").eq(pk), ConsistentRead=True)["Items"]

    def item(self, pk: str, sk: str = "MESSAGE") -> Item:
        """One item, or nothing at all."""
        return self.table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item", {})

    def query(self, index: str, **key: str) -> list[Item]:
        """What an index holds under its partition key, newest first."""
        ((name, value),) = key.items()
        return self.table.query(IndexName=index, KeyConditionExpression=Key(name).eq(value), ScanIndexForward=False)[
            "Items"
        ]

    def all_items(self) -> Iterator[Item]:
        """Every item of the table."""
        page = self.table.scan(ConsistentRead=True)
        yield from page["Items"]
        while "LastEvaluatedKey" in page:
            page = self.table.scan(ConsistentRead=True, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield from page["Items"]

    def media(self, key: str) -> bytes:
        """An object's bytes."""
        return self.bucket.Object(key).get()["Body"].read()

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of all objects under a prefix."""
        return [each.key for each in self.bucket.objects.filter(Prefix=prefix)]
