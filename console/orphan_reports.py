"""Delivery reports of messages that nobody knows: one of them may be a doubtful message's."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from console.connection import Gateway
from console.reading import Reader, plain
from mms_gateway.message_table.store import Item, deserialize, serialize

SEGMENTS = 8  # read at the same time
REPORTS = "begins_with(pk, :mtid) AND begins_with(sk, :report)"
OF_THE_TIME = "(receivedAt BETWEEN :since AND :until OR #date BETWEEN :since AND :until)"
SHOWN = "pk, sk, mtId, #status, outcomeId, outcomeDescription, #date, receivedAt, #final"


def orphan_reports(
    gateway: Gateway, since: str, until: str, on_progress: Callable[[int, int], None] = lambda _read, _of: None
) -> list[Item]:
    """Reports received or dated between two times whose mtId is no known message's, in the order of their receipt.

    No index has them: this reads the whole table (needs dynamodb:Scan), and may serve several doubts. `on_progress`
    hears how many items were read, and of how many; threads call it, one at a time.
    """
    table = gateway.addresses.table_name
    client = gateway.dynamodb
    count = client.describe_table(TableName=table)["Table"].get("ItemCount", 0)  # as of some hours ago
    stop, telling = threading.Event(), threading.Lock()
    read = 0

    def tell(more: int) -> None:
        nonlocal read
        with telling:
            read += more
            on_progress(read, max(read, count))

    def segment(number: int) -> list[Item]:
        pages = client.get_paginator("scan").paginate(
            TableName=table,
            Segment=number,
            TotalSegments=SEGMENTS,
            FilterExpression=f"{REPORTS} AND {OF_THE_TIME}",
            ProjectionExpression=SHOWN,
            ExpressionAttributeNames={"#date": "date", "#status": "status", "#final": "final"},
            ExpressionAttributeValues=serialize(
                {":mtid": "MTID#", ":report": "REPORT#", ":since": since, ":until": until}
            ),
        )
        found: list[Item] = []
        for page in pages:
            if stop.is_set():
                break
            found += [plain(deserialize(item)) for item in page["Items"]]
            tell(page["ScannedCount"])
        return found

    with ThreadPoolExecutor(SEGMENTS) as pool:
        try:
            reports = [item for items in pool.map(segment, range(SEGMENTS)) for item in items]
        finally:
            stop.set()  # Ctrl-C, or one that failed: the others need not read on
    return sorted(_without_known(gateway, reports), key=lambda item: str(item["receivedAt"]))


def _without_known(gateway: Gateway, reports: list[Item]) -> list[Item]:
    """Those reports whose mtId has no message."""
    pks = {report["pk"] for report in reports}
    requests: list[Any] = [{"pk": pk, "sk": "REQUEST"} for pk in pks]
    known = {item["pk"] for item in Reader(gateway).items_of(requests)}
    return [report for report in reports if report["pk"] not in known]
