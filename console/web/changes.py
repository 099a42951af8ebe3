"""What changes in the table, as it changes: the table's stream, followed shard by shard.

Source: Amazon DynamoDB, "DynamoDB Streams": a shard ends after some hours and has children; a read gives at most 1 MB.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import Problem
from console.reading import plain
from mms_gateway.message_table.store import Item, deserialize

PAUSE = 0.3  # seconds between two looks where nothing came; a shard takes five a second
LOST = {"ExpiredIteratorException", "TrimmedDataAccessException", "ResourceNotFoundException"}
BUSY = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "InternalServerError",
}


@dataclass(frozen=True, slots=True)
class Change:
    """An item before and after it was written; None where it was not there."""

    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Changes from now on are told, and some before it may not have been."""


@dataclass(slots=True)
class _Shards:
    """Where each open shard has been read to."""

    gateway: Gateway
    arn: str
    iterators: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def find_new(self, start: str) -> None:
        """Begin to read the shards that were not there before, at their beginning or where they end now."""
        after: str | None = None
        while True:
            more = {"ExclusiveStartShardId": after} if after else {}
            told = self.gateway.streams.describe_stream(StreamArn=self.arn, **more)["StreamDescription"]  # type: ignore[arg-type]
            for shard in told.get("Shards", []):
                ended = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
                if shard["ShardId"] not in self.known and not (ended and start == "LATEST"):
                    self.iterators[shard["ShardId"]] = self.gateway.streams.get_shard_iterator(
                        StreamArn=self.arn,
                        ShardId=shard["ShardId"],
                        ShardIteratorType="LATEST" if start == "LATEST" else "TRIM_HORIZON",
                    )["ShardIterator"]
                self.known.add(shard["ShardId"])
            after = told.get("LastEvaluatedShardId")
            if after is None:
                return

    def read(self) -> list[Change]:
        """What has come since the last time."""
        changes = []
        for shard, iterator in list(self.iterators.items()):
            answer = self.gateway.streams.get_records(ShardIterator=iterator)
            changes += [
                Change(_image(record["dynamodb"].get("OldImage")), _image(record["dynamodb"].get("NewImage")))
                for record in answer["Records"]
            ]
            following = answer.get("NextShardIterator")
            if following:
                self.iterators[shard] = following
            else:
                del self.iterators[shard]
                self.find_new("TRIM_HORIZON")
        return changes


def follow(gateway: Gateway, stopped: threading.Event) -> Iterator[Change | Gap]:
    """Changes from now on until `stopped` is set, a Gap first; Problem where the stream can't be read."""
    described = gateway.dynamodb.describe_table(TableName=gateway.addresses.table_name)["Table"]
    arn = described.get("LatestStreamArn")
    if arn is None:
        raise Problem("The table has no stream, so the page can't be told of news; reload it to see them.")
    shards: _Shards | None = None
    while not stopped.is_set():
        try:
            if shards is None:
                shards = _Shards(gateway, arn)
                shards.find_new("LATEST")
                yield Gap()
            changes = shards.read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in LOST:
                shards = None
            elif code not in BUSY:
                raise
            changes = []
        yield from changes
        if not changes:
            stopped.wait(PAUSE)


def _image(image: Item | None) -> Item | None:
    item: Item | None = plain(deserialize(image)) if image is not None else None
    return item
