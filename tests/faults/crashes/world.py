"""What the chains are played with: a running stack, and cases that know what must hold of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from boto3.dynamodb.conditions import Key

from local.readback import Item, ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.faults.calls import Function
from tests.faults.crashes.functions import Functions
from tests.faults.crashes.steps import Fault
from tests.faults.tally import Breach

LATER = 130.0  # seconds until a delivery that was not acknowledged comes again: beyond any lease
Found = Iterator[tuple[Breach, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All parts of a running stack that a case touches."""

    stack: Stack
    stored: ReadBack
    simulator: SimulatorClient
    functions: Functions
    receipt_handle: str
    """Of a message in the queue whose visibility the sender may change."""
    set_aside: Callable[[], list[str]]
    """The bodies that were put into the dead-letter queue, all of this run."""
    picture: dict[str, str]
    """An object under outgoing/, as a queue message names it."""
    numbers: Iterator[int]
    """Numbers of 12 digits that nobody else has."""

    def find_missing_media(self, item: Item) -> Found:
        """What an item names in the gateway's own folders, and the bucket does not have."""
        keys = [part["s3Key"] for part in item.get("parts", ()) if "s3Key" in part and "s3Bucket" not in part]
        for key in [*keys, *[item[name] for name in ("s3Key", "detailsKey") if name in item]]:
            if not self.stored.keys(key):
                yield "lost", f"{item['pk']} names {key}, which is not in the bucket"

    def find_hidden(self, item: Item, kind: str) -> Found:
        """Whether nobody who looks at what wants attention would find an item."""
        now = Key("attention").eq(kind) & Key("attentionSince").eq(item.get("attentionSince", "never"))
        shown = self.stored.table.query(IndexName="attention", KeyConditionExpression=now)["Items"]
        if (item["pk"], item["sk"]) not in {(each["pk"], each["sk"]) for each in shown}:
            yield "stuck", f"{item['pk']}: {kind}, and no person would find it"


class Case(Protocol):
    """One play of a scenario, with ids of its own."""

    function: Function
    trouble: dict[str, Fault]
    """What befalls the first delivery in any case."""
    ahead: float
    """How far the clock is ahead when it begins, in seconds."""

    def event(self, receives: int) -> dict[str, Any]:
        """The delivery, as the function gets it."""

    def find_now(self) -> Found:
        """What is wrong at this moment, whatever has been acknowledged."""

    def find_acknowledged(self, *, doubtful: bool) -> Found:
        """What is wrong, given that a delivery was acknowledged; `doubtful` where its request may have gone out."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named way through a chain."""

    name: str
    since: str
    """The first step that is not as in the chain's first scenario."""
    begin: Callable[[World], Case]
