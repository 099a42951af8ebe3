"""The real things that the model is compared with: sender, tables, report handler, on the running stack's table."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from local.readback import Item as Stored
from local.readback import ReadBack
from local.stack import Stack
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.message_table.outbound import OutboundTable
from mms_gateway.openmarket.encode import MixedEncoder
from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import Call, Delivery
from mms_gateway.queue_message import read_queue_message
from mms_gateway.receiving import Callback, receive
from tests.faults.model.lanes import Lane, stop_before_each_call
from tests.faults.model.protocol import FAULTY
from tests.faults.model.world import OURS, Report, Rules, World
from tests.integration.bench import IDS, MT_IDS, START, WINDOW, Account, Bench, Clock, accepted, at

WORDS = ("", "Deferred", "Retrieved")
"""Of the reports by their order; only the last one is final."""
LONG = 100 * WINDOW.total_seconds()
"""What a function has: it does not end by itself."""
CHANGES: dict[str, dict[str, Any]] = {"a": {}, "b": {"subject": "Another"}, FAULTY: {"destination": "+447700900750"}}
"""What makes each content another one."""


class LaneClock(Clock):
    """Everybody's time of day; but a function's own seconds stand still until it runs out of them."""

    def __init__(self, shared: Clock) -> None:
        super().__init__()
        self._shared, self.seconds = shared, 0.0

    def now(self) -> datetime:
        return self._shared.moment

    def monotonic(self) -> float:
        return self.seconds


class OpenMarket:
    """Takes no request before the schedule lets it."""

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:  # noqa: ARG002
        assert new_body().read()
        call = Lane.current.lane.stop("post")
        assert isinstance(call, Call)
        return call


@dataclass
class Track:
    """A lane and what belongs to it alone."""

    lane: Lane
    clock: LaneClock
    account: Account
    report: int | None = None

    def run_out_of_time(self) -> None:
        """Leave the function no time for another try."""
        self.clock.seconds = LONG


class Ground:
    """The stores, reached as the functions reach them; one for all messages."""

    def __init__(self, stack: Stack, stored: ReadBack) -> None:
        self.stored, self.bench = stored, Bench(stack, stored)
        stop_before_each_call(self.bench.dynamodb)
        self.sender, self.openmarket = self.bench.sender, OpenMarket()
        self.table = OutboundTable(self.bench.dynamodb, stack.table_name)
        self.reports = InboundTable(self.bench.dynamodb, stack.table_name)

    def message(self, rules: Rules) -> "Message":
        """A new message to send, nothing of which is known."""
        message = Message(self)
        for mt, whose in enumerate(rules.start.requests, 1):
            if whose:
                request = {"pk": f"MTID#{message.mt_ids[mt]}", "sk": "REQUEST", "requestId": f"{message.id}-another"}
                self.stored.table.put_item(Item=request)
        return message


class Message:
    """One requestId: its deliveries and reports, and what stands in the table."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._clock = ground, Clock()
        self.id = next(IDS)
        self.mt_ids = ["", next(MT_IDS), next(MT_IDS)]
        self.tracks: dict[int, Track] = {}
        self.strays: list[Any] = []
        self.owners: dict[str | None, int] = {None: 0}
        self._bodies = {name: json.dumps(self._body(changes)) for name, changes in CHANGES.items()}
        self._contents = {
            read_queue_message(body, link_hosts=frozenset()).request_sha256: name for name, body in self._bodies.items()
        }

    def receive(self, name: int, content: str) -> Track:
        """The queue brings the message: its delivery stands before its first step."""
        clock, account = LaneClock(self._clock), Account()
        ground = self._ground
        sender = replace(
            ground.sender, table=ground.table, client=ground.openmarket, account=account, clock=clock,
            rules=replace(ground.sender.rules, backoff_seconds=0), jitter=lambda _: 0.0,
        )  # fmt: skip
        delivery = Delivery(body=self._bodies[content], enqueued_at=START, receives=1, function_ends=LONG)
        return self._track(name, Track(Lane(lambda: sender.send(delivery)), clock, account))

    def report(self, name: int, index: int, report: Report) -> Track:
        """OpenMarket calls back: its handler stands before its first step."""
        body = {
            "type": "REPORT",
            "mtId": self.mt_ids[report.mt],
            "date": f"2026-11-22T08:3{report.order}:00Z",
            "status": WORDS[report.order],
        }
        raw = json.dumps(body).encode()
        sha256 = hashlib.sha256(raw).hexdigest()
        callback = Callback(
            content_type="application/json", body=raw, body_sha256=sha256, received_at=START, request_id=None
        )
        store = self._ground
        lane = Lane(
            lambda: receive(callback, table=store.reports, bucket=store.sender.bucket, encoding="auto", keep_raw=False)
        )
        return self._track(name, Track(lane, LaneClock(self._clock), Account(), report=index))

    def acceptance(self, mt: int) -> Call:
        """The answer that names an mtId."""
        return accepted(self.mt_ids[mt])

    def end_lease(self) -> None:
        """End it alone: moving the clock would end the window, and the leases of claims not written yet, as well."""
        self._ground.stored.table.update_item(
            Key={"pk": f"MT#{self.id}", "sk": "MESSAGE"},
            UpdateExpression="SET leaseUntil = :over",
            ExpressionAttributeValues={":over": at(START - timedelta(seconds=1))},
        )

    def end_window(self) -> None:
        self._clock.moment += WINDOW + timedelta(hours=1)

    def settle(self, status: str, mt: int = 0) -> None:
        """What `mms resolve` writes for a person."""
        table, key = self._ground.stored.table, {"pk": f"MT#{self.id}", "sk": "MESSAGE"}
        item = table.get_item(Key=key, ConsistentRead=True)["Item"]
        change, names = "SET #status = :status", {"#status": "status"}
        values = {":status": status, ":doubt": "IN_DOUBT", ":attempts": item["attempts"]}
        if status == "ACCEPTED":
            change += ", mtId = :mtId REMOVE attention, attentionSince, #error"
            names["#error"], values[":mtId"] = "error", self.mt_ids[mt]
        if status == "CLOSED":
            change += " REMOVE attention, attentionSince"
        table.update_item(
            Key=key,
            UpdateExpression=change,
            ConditionExpression="#status IN (:doubt, :status) AND attempts = :attempts",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def end(self) -> None:
        """End all that is still at work."""
        for track in self.tracks.values():
            track.lane.end()
        self.tracks.clear()

    def stored_state(self, world: World) -> dict[str, object]:
        """What stands in the table, in the model's words."""
        items = {item["sk"]: item for item in self._ground.stored.items(f"MT#{self.id}")}
        requests, reports = [], set()
        for mt, modelled in enumerate(world.requests, 1):
            if mt > world.taken and not modelled:  # OpenMarket has not given it yet
                requests.append("")
                continue
            under = {item["sk"]: item for item in self._ground.stored.items(f"MTID#{self.mt_ids[mt]}")}
            request = under.pop("REQUEST", None)
            requests.append("" if request is None else OURS if request["requestId"] == self.id else "another")
            reports |= {(mt, WORDS.index(item["status"])) for item in under.values()}
        message = items.pop("MESSAGE", None)
        return {
            "item": self._in_words(message) if message is not None else None,
            "conflicts": {self._contents[item["requestSha256"]] for item in items.values()},
            "requests": tuple(requests),
            "reports": reports,
        }

    def _in_words(self, item: Stored) -> dict[str, object]:
        error = item.get("error", {}).get("description", "")
        lease = read_date(item.get("leaseUntil", ""))
        return {
            "status": item["status"],
            "content": self._contents[item["requestSha256"]],
            "owner": self.owners[item.get("owner")],
            "lease": item["status"] == "SENDING" and lease is not None and self._clock.moment <= lease,
            "attempts": int(item.get("attempts", 0)),
            "mt": self.mt_ids.index(item.get("mtId", "")),
            "shown": WORDS.index(item.get("delivery", {}).get("status", "")),
            "attention": item.get("attention", ""),
            "resent": "resentAt" in item,
            "hedged": item["status"] == "REJECTED" and error.endswith("an earlier try of it may have arrived"),
        }

    def _body(self, changes: dict[str, Any]) -> dict[str, Any]:
        contents = [{"contentId": "text.txt", "text": "Here it is"}]
        whole = {"requestId": self.id, "source": "88600", "destination": "447700900750", "content": contents}
        return {**whole, **changes}

    def _track(self, name: int, track: Track) -> Track:
        self.tracks[name] = track
        return track
