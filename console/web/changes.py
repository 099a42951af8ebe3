"""What changes in the table, as it changes: the table's stream, followed shard by shard.

Source: Amazon DynamoDB, "DynamoDB Streams": a shard ends after some hours and has children; it may be read five times a
second, by all readers together; a read gives at most 1 MB.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import Problem
from console.reading import plain
from mms_gateway.message_table.store import Item, deserialize

PAUSE = 0.5  # seconds between two looks where nothing came: two pages, and a function of one's own, may read as well
LOST = {"ExpiredIteratorException", "TrimmedDataAccessException", "ResourceNotFoundException"}
BUSY = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "InternalServerError",
    "InternalFailure",
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
    """Where each shard has been read to."""

    client: Any
    arn: str
    iterators: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    has_ended: bool = False
    """Whether a shard has ended whose children have not been looked for."""

    def find(self, start: str) -> None:
        """Begin to read the shards that were not known, at their beginning (TRIM_HORIZON) or their end (LATEST)."""
        found: dict[str, bool] = {}
        after: str | None = None
        while True:
            more = {"ExclusiveStartShardId": after} if after else {}
            told = self.client.describe_stream(StreamArn=self.arn, **more)["StreamDescription"]
            for shard in told.get("Shards", []):
                found[shard["ShardId"]] = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
            after = told.get("LastEvaluatedShardId")
            if after is None:
                break
        for shard_id, ended in found.items():
            if shard_id not in self.known and not (ended and start == "LATEST"):
                self.iterators[shard_id] = self.client.get_shard_iterator(
                    StreamArn=self.arn, ShardId=shard_id, ShardIteratorType=start
                )["ShardIterator"]
            self.known.add(shard_id)

    def read(self) -> Iterator[Change]:
        """What has come since the last time; a shard that is busy is read the next time."""
        if self.has_ended or not self.iterators:
            with _if_busy_later():
                self.find("TRIM_HORIZON")
                self.has_ended = False
        for shard, iterator in list(self.iterators.items()):
            with _if_busy_later():
                answer = self.client.get_records(ShardIterator=iterator)
                following = answer.get("NextShardIterator")
                if following:
                    self.iterators[shard] = following
                else:
                    del self.iterators[shard]
                    self.has_ended = True
                for record in answer["Records"]:
                    images = record["dynamodb"]
                    yield Change(_image(images.get("OldImage")), _image(images.get("NewImage")))


def follow(gateway: Gateway, stopped: threading.Event) -> Iterator[Change | Gap]:
    """Changes from now on until `stopped` is set, a Gap first and wherever some may have been missed.

    Problem where the table has no stream; AWS's error where it may not be read.
    """
    described = gateway.dynamodb.describe_table(TableName=gateway.addresses.table_name)["Table"]
    arn = described.get("LatestStreamArn")
    if arn is None:
        raise Problem("The table has no stream.")
    shards: _Shards | None = None
    while not stopped.is_set():
        came = False
        try:
            if shards is None:
                fresh = _Shards(gateway.streams, arn)
                fresh.find("LATEST")
                shards = fresh
                yield Gap()
            for change in shards.read():
                came = True
                yield change
        except ClientError as error:
            code = _code(error)
            if code not in LOST | BUSY:
                raise
            shards = None if code in LOST else shards
        if not came:
            stopped.wait(PAUSE)


class _if_busy_later:  # noqa: N801 - used like a function
    """Passes over what AWS has no time for now."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        return isinstance(error, ClientError) and _code(error) in BUSY


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _image(image: Item | None) -> Item | None:
    item: Item | None = plain(deserialize(image)) if image is not None else None
    return item
