"""A sender on the stack's real table and bucket, with a clock that a test sets and an OpenMarket that has a script."""

import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.readback import Item, ReadBack
from local.stack import Stack
from mms_gateway.errors import StorageUnavailable
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.outbound import OutboundTable
from mms_gateway.openmarket.encode import MixedEncoder
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.reply import Answer
from mms_gateway.outbound import Call, Delivery, Outcome, Rules
from mms_gateway.sending import Sender

START = datetime(2026, 11, 22, 8, 30, 15, 123000, UTC)
FUNCTION = 20.0  # seconds that a function has
CALL = 12.0
WINDOW = timedelta(hours=24)
IDS = (f"{time.time_ns()}-{n}" for n in itertools.count())
MT_IDS = (str(time.time_ns() + n) for n in itertools.count())


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Account:
    """As whom OpenMarket is called; counts how often it is asked for the newest."""

    def __init__(self) -> None:
        self.header = "Basic first"
        self.newest = 0
        self.fault: StorageUnavailable | None = None

    def authorization(self, *, newest: bool = False) -> str:
        if self.fault is not None:
            raise self.fault
        self.newest += newest
        return "Basic second" if newest else self.header


@dataclass
class OpenMarket:
    """Gives the scripted answers, one for each request, and keeps what it was sent."""

    script: list[Call | Exception | Callable[[], Call]] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:
        assert deadline > 0
        self.posts.append((authorization, new_body().read()))
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Call) else step()


def answered(status: int, body: object = None, **headers: str) -> Call:
    sent = (("x-request-id", "015-3DD6"), *((name.replace("_", "-"), value) for name, value in headers.items()))
    answer = Answer(status=status, headers=sent, body=json.dumps(body).encode() if body is not None else b"")
    return Call(answer=answer, in_doubt=False, problem="", host="mmsc-01")


def accepted(mt_id: str) -> Call:
    return answered(200, {"mtId": int(mt_id)})


def silent(*, in_doubt: bool) -> Call:
    return Call(answer=None, in_doubt=in_doubt, problem="it did not answer in time", host="mmsc-02")


class Bench:
    """A sender on the real stores, and what a test wants to know of them."""

    def __init__(self, stack: Stack, stored: ReadBack) -> None:
        self.stack, self.stored = stack, stored
        self.dynamodb = stack.client("dynamodb")
        self.table = OutboundTable(self.dynamodb, stack.table_name)
        self.clock, self.account, self.openmarket = Clock(), Account(), OpenMarket()
        self.told: list[Outcome] = []
        self.sender = Sender(
            table=self.table,
            bucket=MediaBucket(stack.client("s3"), stack.media_bucket, ThreadPoolExecutor(4)),
            client=self.openmarket,
            account=self.account,
            clock=self.clock,
            rules=Rules(
                media_bucket=stack.media_bucket,
                mt_config="default",
                link_hosts=frozenset({"www.openmarket.com"}),
                max_message_bytes=10_000,
                window=WINDOW,
                call_seconds=CALL,
                backoff_seconds=900,
            ),
            tell=self.told.append,
            jitter=lambda most: most,
        )
        self.id, self.mt_id = next(IDS), next(MT_IDS)

    def message(self, **changes: Any) -> dict[str, Any]:
        contents = [{"contentId": "text.txt", "text": "Here it is"}]
        whole = {"requestId": self.id, "source": "88600", "destination": "447700900750", "content": contents}
        return {**whole, **changes}

    def send(
        self,
        *answers: Any,
        enqueued: datetime | None = None,
        receives: int = 1,
        patient: bool = True,
        **changes: Any,
    ) -> Outcome:
        """Deliver the message once, not before its time if `patient`; OpenMarket gives these answers."""
        if patient and (again := read_date(self.item().get("retryAt", ""))) is not None:
            self.clock.moment = max(self.clock.moment, again)
        self.openmarket.script.extend(answers)
        body = json.dumps(self.message(**changes))
        ends = self.clock.monotonic() + FUNCTION
        outcome = self.sender.send(
            Delivery(body=body, enqueued_at=enqueued or self.clock.now(), receives=receives, function_ends=ends)
        )
        assert not self.openmarket.script, "OpenMarket was not called as often as the test has it"
        return outcome

    def item(self) -> Item:
        return self.stored.item(f"MT#{self.id}")

    def items(self) -> list[Item]:
        return self.stored.items(f"MT#{self.id}")

    def change(self, **attributes: Any) -> None:
        """Write attributes as a person would; None removes one."""
        item = {**self.item(), **attributes}
        self.stored.table.put_item(Item={name: value for name, value in item.items() if value is not None})

    def abandoned(self) -> None:
        """Leave the message SENDING with its owner gone."""

        class Gone(BaseException):
            pass

        def die() -> Call:
            raise Gone

        with pytest.raises(Gone):
            self.send(die)

    def reach(self, status: str) -> None:
        """Bring the message into a state, the way it gets there."""
        match status:
            case "SENDING":
                self.abandoned()
            case "RETRY":
                self.send(answered(503))
            case "ACCEPTED":
                self.send(accepted(self.mt_id))
            case "REJECTED":
                self.send(answered(400))
            case "IN_DOUBT":
                self.send(silent(in_doubt=True))
            case "CLOSED":
                self.reach("IN_DOUBT")
                self.change(status="CLOSED", attention=None, attentionSince=None)
        if status != "nothing":
            assert self.item()["status"] == status
        self.openmarket.posts.clear()


class Throttled:
    """Refuses an operation so many times before it does anything."""

    def __init__(self, client: Any, operation: str, times: int) -> None:
        self._client, self._name, self.left = client, f"before-send.dynamodb.{operation}", times

    def __enter__(self) -> "Throttled":
        self._client.meta.events.register_first(self._name, self._refuse)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.meta.events.unregister(self._name, self._refuse)

    def _refuse(self, **_: Any) -> None:
        if self.left > 0:
            self.left -= 1
            raise StorageUnavailable("the table answered ThrottlingException")


def at(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


ANSWERS = {
    "2xx with mtId": (answered(202, {"mtId": next(MT_IDS)}), "ACCEPTED"),
    "code 1000, final, HTTP 500": (answered(500, {"error": {"code": 1000, "description": "No."}}), "REJECTED"),
    "code 1010, temporary, HTTP 500": (answered(500, {"error": {"code": "1010", "description": "Later."}}), "RETRY"),
    "code 1010, temporary, HTTP 400": (answered(400, {"error": {"code": 1010}}), "RETRY"),
    "400": (answered(400, {"error": {"code": 4, "description": "No such number."}}), "REJECTED"),
    "404": (answered(404), "REJECTED"),
    "408": (answered(408), "IN_DOUBT"),
    "429": (answered(429), "RETRY"),
    "503": (answered(503), "RETRY"),
    "307": (answered(307, location="https://elsewhere.example/"), "RETRY"),
    "200 without mtId": (answered(200, {"ok": True}), "IN_DOUBT"),
    "200 with another mtId": (answered(200, {"mtId": "x1"}), "IN_DOUBT"),
    "500 undocumented": (answered(500), "IN_DOUBT"),
    "502": (answered(502), "IN_DOUBT"),
    "no answer, fewer bytes handed over": (silent(in_doubt=False), "RETRY"),
    "no answer, all handed over or an answer begun": (silent(in_doubt=True), "IN_DOUBT"),
}
