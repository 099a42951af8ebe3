"""What a full table costs: the calls of AWS and the items read, with 100,000 messages in it as with 1,000.

On the local stack's table; its times say nothing of DynamoDB's. Half of all messages are one conversation, all are of
one day; pages are asked for as the README reads them, and must be full: a query that had to filter would read more.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from mms_gateway.message_table.inbound import InboundTable, inbound_item
from mms_gateway.message_table.store import Item, index_keys, serialize
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.receiving import InboundRecord, media_keys
from tests.bench.table import Figure
from tests.bench.workbench import Workbench
from tests.wire.bodies import main, message, multipart_type, report_json, text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FEW, MANY = 1_000, 100_000
BATCH = 25  # items, as many as a BatchWriteItem takes
AT_ONCE = 8
PAGE = 50  # messages that somebody looks at
HANDSET, SERVICE, DAY = "447700900999", "88699", "2026-11-28"
NUMBERS = itertools.count(time.time_ns())


def measure(bench: Workbench) -> Iterator[Figure]:
    """Calls and items of each kind of access, with few messages and with many."""
    if not any(bench.wants(f"growth-{name}") for name in WHAT):
        return
    few, many = (FEW // 10, FEW) if bench.quick else (FEW, MANY)
    table = GrowingTable(bench)
    table.grow_to(few)
    before = table.accesses()
    bench.say(f"Writing {many:,} messages")
    table.grow_to(many)
    after = table.accesses()
    for name, small in before.items():
        for unit in small if bench.wants(f"growth-{name}") else ():
            yield Figure(
                row=f"growth-{name}",
                what=f"{unit} for {WHAT[name]}, {many:,} messages : {few:,}",
                ours=after[name][unit],
                theirs=small[unit],
                unit="",
                goal=1.0,
            )


WHAT = {
    "store": "storing a message",
    "conversation": f"a page of {PAGE} of a conversation",
    "day": f"a page of {PAGE} of a short code's day",
    "join": "a report and its message",
}


class GrowingTable:
    """The stack's table, and what is asked of it."""

    def __init__(self, bench: Workbench) -> None:
        self._client: DynamoDBClient = bench.stack.client("dynamodb")
        self._name = bench.stack.table_name
        self._table = InboundTable(self._client, self._name)
        self._messages = 0
        self._calls = 0
        self._read = 0
        self._client.meta.events.register("before-send.dynamodb", self._count_call)
        self._client.meta.events.register("after-call.dynamodb", self._count_items)

    def _count_call(self, **_: Any) -> None:
        self._calls += 1

    def _count_items(self, parsed: dict[str, Any], **_: Any) -> None:
        self._read += parsed.get("ScannedCount", 1 if "Item" in parsed else 0)

    def grow_to(self, messages: int) -> None:
        """Write messages until there are so many."""
        with ThreadPoolExecutor(AT_ONCE) as writers:
            list(writers.map(self._write, range(self._messages, messages, BATCH)))
        self._messages = messages

    def _write(self, first: int) -> None:
        puts: Any = [{"PutRequest": {"Item": an_item(number)}} for number in range(first, first + BATCH)]
        left = self._client.batch_write_item(RequestItems={self._name: puts})["UnprocessedItems"]
        assert not left

    def accesses(self) -> dict[str, dict[str, float]]:
        """Of each access its calls and the items read."""
        request, report = f"bench-{next(NUMBERS)}", a_report()
        self._client.put_item(
            TableName=self._name,
            Item={"pk": {"S": f"MT#{request}"}, "sk": {"S": "MESSAGE"}, "status": {"S": "ACCEPTED"}},
        )
        self._client.put_item(
            TableName=self._name,
            Item={"pk": {"S": f"MTID#{report.mt_id}"}, "sk": {"S": "REQUEST"}, "requestId": {"S": request}},
        )
        return {
            "store": self._counted(lambda: self._table.put_inbound(a_record(next(NUMBERS)))),
            "conversation": self._counted(lambda: self._page("by-handset", "handset", HANDSET)),
            "day": self._counted(lambda: self._page("by-service", "serviceDay", f"{SERVICE}#{DAY}")),
            "join": self._counted(lambda: self._record(report)),
        }

    def _counted(self, access: Callable[[], object]) -> dict[str, float]:
        self._calls = self._read = 0
        assert access()
        return {"calls": self._calls, **({"items read": self._read} if self._read else {})}

    def _page(self, index: str, key: str, value: str) -> bool:
        page = self._client.query(
            TableName=self._name,
            IndexName=index,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues={":value": {"S": value}},
            ScanIndexForward=False,
            Limit=PAGE,
        )
        return len(page["Items"]) == PAGE

    def _record(self, report: DeliveryReport) -> bool:
        self._table.put_report(report, received_at=f"{DAY}T08:00:00.000Z", request_id=None)
        return self._table.join_report(report)


def a_record(number: int) -> InboundRecord:
    """A message as it is recorded; every other one is of the same handset."""
    handset = HANDSET if number % 2 else f"4477{number % 10**8:08}"
    body = message(main(moId=number, source=handset, destinations=[SERVICE]), text("Is this parrot dead?"))
    decoded = decode_callback(multipart_type(), body)
    assert isinstance(decoded, InboundMms)
    moment = f"{DAY}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return InboundRecord(
        message=decoded, media_keys=media_keys(decoded), sent_at=moment, received_at=moment, request_id=None
    )


@cache
def pattern() -> Item:
    """The item of some message."""
    return serialize(inbound_item(a_record(1)))


def an_item(number: int) -> Item:
    """The item of a message, made quickly: what is in no key is the same for all."""
    mo_id, moment = str(number), f"{DAY}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    handset = HANDSET if number % 2 else f"4477{number % 10**8:08}"
    keys = index_keys(handset=handset, service=SERVICE, sent_at=moment, identity=mo_id)
    return pattern() | serialize({"pk": f"MO#{mo_id}", "moId": mo_id, "handset": handset, "sentAt": moment, **keys})


def a_report() -> DeliveryReport:
    """A report of its own mtId."""
    report = decode_callback("application/json", report_json(mtId=next(NUMBERS)))
    assert isinstance(report, DeliveryReport)
    return report
