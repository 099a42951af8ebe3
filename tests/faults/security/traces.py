"""All that stands in a stack's table and bucket, to be compared before and after."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from local.readback import Item
from local.simulator.client import SimulatorClient
from local.simulator.mt.reports import LATE
from local.stack import Stack
from tests.integration.producer import Producer

PATIENCE = 120.0  # seconds for what earlier tests have left under way to settle
REPORTS_WITHIN = LATE + 0.5  # seconds: later than any report that the simulator still owes


@dataclass(frozen=True, slots=True)
class Traces:
    """Every item whole, in DynamoDB's notation, by its key; every version of every object, with its ETag."""

    items: Mapping[tuple[str, str], Item]
    versions: Mapping[tuple[str, str], str]

    def since(self, before: "Traces") -> list[str]:
        """What is new, gone or changed since then, in words."""
        changed = [key for key, item in self.items.items() if before.items.get(key) != item]
        return [
            *(f"item {pk}/{sk}" for pk, sk in [*changed, *(before.items.keys() - self.items.keys())]),
            *(f"object {key} version {version}" for key, version in self.versions.keys() ^ before.versions.keys()),
        ]


class Store:
    """The table and the bucket of a stack, read whole."""

    def __init__(self, stack: Stack) -> None:
        self._scan = stack.client("dynamodb").get_paginator("scan")
        self._versions = stack.client("s3").get_paginator("list_object_versions")
        self._table, self._bucket = stack.table_name, stack.media_bucket

    def traces(self) -> Traces:
        """What stands there now."""
        pages = self._scan.paginate(TableName=self._table, ConsistentRead=True)
        items = {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}
        listed = self._versions.paginate(Bucket=self._bucket)
        versions = {
            (each["Key"], each["VersionId"]): each.get("ETag", "a delete marker")
            for page in listed
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        }
        return Traces(items, versions)

    def come_to_rest(self, producer: Producer, simulator: SimulatorClient) -> None:
        """Wait until nothing of earlier tests is under way: no message, no callback, no report."""
        producer.empties_the_queue(PATIENCE)
        end = time.monotonic() + PATIENCE
        before = self.traces()
        while True:
            time.sleep(REPORTS_WITHIN)
            settled = all(each.settled for each in simulator.list_deliveries())
            now = self.traces()
            if settled and not now.since(before):
                return
            assert time.monotonic() < end, f"somebody else goes on writing: {now.since(before)[:3]}"
            before = now
