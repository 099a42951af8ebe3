"""Whole items, chosen by handset, by short code and days, or all there are; with what belongs to them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from console.connection import Gateway
from console.reading import Reader, plain
from console.watching import Watcher
from mms_gateway.message_table.store import Item, deserialize, serialize

SEGMENTS = 8  # of a parallel Scan: enough to fill a connection's time, few enough to leave the table's throughput alone
AT_ONCE = 16  # queries in flight

Given = TypeVar("Given")
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is wanted: a handset's, a service's (of some days), or everything."""

    handset: str | None = None
    service: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    """None for today, whenever that is."""

    def takes(self, item: Item) -> bool:
        """Whether a message is wanted; two messages under one id may be of different people."""
        if self.handset is not None:
            return item.get("handset") == self.handset
        return self.service is None or item.get("service") == self.service


class Selection:
    """Reads chosen items of a gateway's table, whole and as of now, in portions."""

    def __init__(self, gateway: Gateway, watcher: Watcher) -> None:
        self._client = gateway.dynamodb
        self._table = gateway.addresses.table_name
        self._reader = Reader(gateway)
        self._watcher = watcher

    def items(self, choice: Choice) -> Iterator[list[Item]]:
        """Messages with their conflicts, the reports on them and whose their mtIds are; without a choice all items."""
        if choice.handset is None and choice.service is None:
            self._watcher.begin("Reading the table", self._about_how_many())
            for items in self.scan():
                yield items
                self._watcher.advance(len(items))
            return
        keys = sorted(self.partitions(choice))
        self._watcher.begin("Reading messages", len(keys))
        for items in in_parallel(lambda pk: self._of_partition(pk, choice), keys):
            yield items
            self._watcher.advance()

    def partitions(self, choice: Choice) -> set[str]:
        """The `pk` of all messages that are chosen, as far as the indexes have them by now."""
        self._watcher.begin("Looking for messages")
        if choice.handset is not None:
            found = self._keys("by-handset", "handset = :value", choice.handset)
        elif choice.first_day is None:
            # Nobody knows on which days there was something, and the days are the index's keys.
            found = (
                item["pk"] for items in self.scan("service = :value", {":value": choice.service}) for item in items
            )
        else:
            days = [f"{choice.service}#{day}" for day in _days(choice.first_day, choice.last_day or today())]
            pages = in_parallel(lambda day: list(self._keys("by-service", "serviceDay = :value", day)), days)
            found = (pk for page in pages for pk in page)
        partitions = set()
        for pk in found:
            partitions.add(pk)
            self._watcher.advance()
        return partitions

    def scan(self, condition: str | None = None, values: Item | None = None) -> Iterator[list[Item]]:
        """All items of the table that meet a condition, by a parallel Scan."""
        more: Any = {}
        if condition is not None:
            more = {"FilterExpression": condition, "ExpressionAttributeValues": serialize(values or {})}

        def page(segment: int, after: Any) -> tuple[int, list[Item], Any]:
            start: Any = {"ExclusiveStartKey": after} if after else {}
            answer = self._client.scan(
                TableName=self._table, Segment=segment, TotalSegments=SEGMENTS, ConsistentRead=True, **more, **start
            )
            return segment, [plain(deserialize(item)) for item in answer["Items"]], answer.get("LastEvaluatedKey")

        with ThreadPoolExecutor(SEGMENTS) as pool:
            asked = {pool.submit(page, segment, None) for segment in range(SEGMENTS)}
            while asked:
                done, asked = wait(asked, return_when=FIRST_COMPLETED)
                for each in done:
                    segment, items, after = each.result()
                    if after:
                        asked.add(pool.submit(page, segment, after))
                    yield items

    def _of_partition(self, pk: str, choice: Choice) -> list[Item]:
        messages = [item for item in self._reader.items(pk) if choice.takes(item)]
        return messages + [item for message in messages for item in self.reports_on(message)]

    def reports_on(self, message: Item) -> list[Item]:
        """The reports on a message and whose its mtId is; nothing where that says that it is another message's."""
        if "mtId" not in message:
            return []
        found = self._reader.items(f"MTID#{message['mtId']}")
        owners = {item["requestId"] for item in found if item["sk"] == "REQUEST"}
        return found if owners <= {message["requestId"]} else []

    def _keys(self, index: str, condition: str, value: str) -> Iterator[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=serialize({":value": value}),
            ProjectionExpression="pk",
        )
        return (str(deserialize(item)["pk"]) for page in pages for item in page["Items"])

    def _about_how_many(self) -> int | None:
        """How many items the table had some hours ago."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount") or None


def in_parallel(work: Callable[[Given], Got], given: Iterable[Given], at_once: int = AT_ONCE) -> Iterator[Got]:
    """What comes of each, in any order; a few more than are being worked on are taken ahead, never all."""
    pool = ThreadPoolExecutor(at_once)
    try:
        rest = iter(given)
        asked = {pool.submit(work, one) for _, one in zip(range(2 * at_once), rest, strict=False)}
        while asked:
            done, asked = wait(asked, return_when=FIRST_COMPLETED)
            asked |= {pool.submit(work, one) for _, one in zip(done, rest, strict=False)}
            for each in done:
                yield each.result()
    finally:
        pool.shutdown(cancel_futures=True)


def today() -> str:
    """The day, in UTC as all days."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _days(first: str, last: str) -> Iterator[date]:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=1)
