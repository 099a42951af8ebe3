"""The sending chain: every way that a message can take, and what must hold of it once it was acknowledged."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local.simulator.mt.behaviours import Behaviour, Error, OddMtId, Status, Throttle
from tests.faults.calls import Function
from tests.faults.crashes.functions import Job
from tests.faults.crashes.steps import Fault
from tests.faults.crashes.world import LATER, Found, Scenario, World

RECORD: dict[str, Any] = json.loads((Path(__file__).parents[3] / "events" / "send.json").read_text())["Records"][0]
UNUSABLE = "no usable id of a crash"
SETTLED = {"ACCEPTED", "REJECTED", "IN_DOUBT"}


@dataclass
class SendCase:
    """One message to a handset of its own."""

    world: World
    message: dict[str, Any]
    ends: str = "ACCEPTED"
    """The status that it ends in, if nothing befalls it."""
    most: int = 1
    """How often OpenMarket may take it: twice only where a person sent it again."""
    function: Function = "SendMms"
    trouble: dict[str, Fault] = field(default_factory=dict)
    ahead: float = 0.0

    @property
    def pk(self) -> str:
        """The partition key of its item."""
        return f"MT#{self.message['requestId']}"

    def event(self, receives: int = 1) -> dict[str, Any]:
        """As Lambda hands it over."""
        attributes = {
            **RECORD["attributes"],
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int(time.time() * 1000)),
        }
        handle = self.world.receipt_handle
        record = {**RECORD, "body": json.dumps(self.message), "attributes": attributes, "receiptHandle": handle}
        return {"Records": [record]}

    def deliver(self, **faults: Any) -> None:
        """Deliver it in advance; it may die by a fault."""
        self.world.functions.deliver(Job(function=self.function, event=self.event(), ahead=self.ahead, **faults))

    def behave(self, behaviour: Behaviour, times: int | None = 1) -> "SendCase":
        """Have OpenMarket misbehave for this message."""
        self.world.simulator.behave(behaviour, destination=self.message["destination"], times=times)
        return self

    def find_now(self) -> Found:
        """Whether OpenMarket has taken it more often than it may."""
        taken = self._taken()
        if len(taken) > self.most:
            yield "doubled", f"{self.pk}: OpenMarket has taken it {len(taken)} times"
        item = self.world.stored.item(self.pk)
        if len(taken) == self.most and item.get("status") in {"REJECTED", "RETRY"}:
            yield "doubled", f"{self.pk}: OpenMarket has taken it, and it is {item['status']}"

    def find_acknowledged(self, *, doubtful: bool) -> Found:
        """What is wrong with its item, given that the queue won't bring it again."""
        item = self.world.stored.item(self.pk)
        status = item.get("status")
        if status not in SETTLED:
            yield "stuck" if item else "lost", f"{self.pk}: acknowledged, and it stands as {status}"
            return
        yield from self.world.find_missing_media(item)
        if status != self.ends and not (doubtful and status == "IN_DOUBT"):
            yield "wrong", f"{self.pk}: it is {status}, expected {self.ends}"
        if status != "ACCEPTED":
            yield from self.world.find_hidden(item, status)
        if status == "ACCEPTED":
            yield from self._find_wrong_acceptance(item)

    def _find_wrong_acceptance(self, item: dict[str, Any]) -> Found:
        taken = self._taken()
        if not taken:
            yield "lost", f"{self.pk}: it is ACCEPTED, and OpenMarket has never taken it"
        elif item["mtId"] != taken[-1] and item.get("attention") != "CONFLICT":
            yield "lost", f"{self.pk}: its mtId is not OpenMarket's"
        elif item["mtId"] == taken[-1] and item.get("delivery", {}).get("status") != "Retrieved":
            yield "lost", f"{self.pk}: its report does not show on it"
        if not self.world.stored.item(f"MTID#{item['mtId']}", "REQUEST"):
            yield "lost", f"{self.pk}: nothing says whose its mtId is"

    def _taken(self) -> list[str | None]:
        requests = self.world.simulator.mt_requests(accepted=True, destination=self.message["destination"])
        return [request.mt_id for request in requests]


def new_send(world: World, *, large: bool = False, **changes: Any) -> SendCase:
    """A message of one text, or with a picture in S3 and contents that must be put there."""
    handset = str(next(world.numbers))
    content: list[dict[str, Any]] = [{"contentId": "text.txt", "text": "Here it is"}]
    if large:
        noise = base64.b64encode(b"\xff" * 9000).decode("ascii")
        content.append({"contentId": "noise.bin", "contentType": "application/octet-stream", "base64": noise})
        content.append({"contentId": "parrot.jpg", "s3": world.picture})
    request_id = f"crash-{next(world.numbers)}"
    usual = {"requestId": request_id, "source": "88600", "destination": handset, "content": content}
    return SendCase(world, {**usual, **changes})


def put_off(world: World) -> SendCase:
    """A message whose picture can't be looked at the first time."""
    case = new_send(world, large=True)
    case.trouble = {"s3 HeadObject 1": "not reached", "s3 HeadObject 2": "not reached"}
    return case


def unreached(world: World) -> SendCase:
    """A message that finds no host the first time."""
    case = new_send(world)
    case.trouble = {"openmarket connect 1": "not reached"}
    return case


def left_behind(world: World) -> SendCase:
    """A message whose owner died after its claim."""
    case = replace(new_send(world), ends="IN_DOUBT")
    case.deliver(faults={"openmarket connect 1": "crash before"})
    return replace(case, ahead=LATER)


def noted_by_a_person(world: World) -> SendCase:
    """A message in doubt that a person has found accepted, and noted so on the message alone."""
    case = left_behind(world)
    case.deliver()
    mt_id = str(next(world.numbers))
    _deliver_report(world, mt_id)
    item = {**world.stored.item(case.pk), "status": "ACCEPTED", "mtId": mt_id}
    world.stored.table.put_item(Item={name: item[name] for name in item if not name.startswith("attention")})
    return _Noted(**vars(case) | {"ends": "ACCEPTED"})


def sent_again_by_a_person(world: World) -> SendCase:
    """A message in doubt that OpenMarket took, and that a person sends again."""
    case = new_send(world)
    case.deliver(faults={"openmarket answer 1": "crash before"})
    case.ahead = LATER
    case.deliver()
    item = world.stored.item(case.pk)
    assert item["status"] == "IN_DOUBT"
    world.stored.table.put_item(Item={**item, "status": "RETRY"})
    return replace(case, most=2)


def conflicting(world: World) -> SendCase:
    """Another message under a requestId that was used."""
    first = new_send(world)
    first.deliver()
    return _Conflicting(world, {**first.message, "content": [{"contentId": "text.txt", "text": "Another"}]})


def without_an_id(world: World) -> SendCase:
    """A message of which nothing can be recorded."""
    return _SetAside(world, {"requestId": f"{UNUSABLE} {next(world.numbers)}", "destination": "0"})


def mt_id_given_twice(world: World) -> SendCase:
    """A message whose mtId another one has."""
    mt_id = str(next(world.numbers))
    world.stored.table.put_item(Item={"pk": f"MTID#{mt_id}", "sk": "REQUEST", "requestId": "another"})
    return new_send(world).behave(OddMtId(mt_id=mt_id))


class _Noted(SendCase):
    """Its mtId is the person's."""

    def find_acknowledged(self, *, doubtful: bool) -> Found:  # noqa: ARG002 - it was settled before
        item = self.world.stored.item(self.pk)
        if item.get("status") != "ACCEPTED" or item.get("delivery", {}).get("status") != "Retrieved":
            yield "lost", f"{self.pk}: its report does not show on it"


class _Conflicting(SendCase):
    """The first message stays as it is, and the second is kept beside it, never sent."""

    def find_acknowledged(self, *, doubtful: bool) -> Found:
        yield from super().find_acknowledged(doubtful=doubtful)
        items = self.world.stored.items(self.pk)
        if (kinds := [item["sk"].split("#")[0] for item in items]) == ["CONFLICT", "MESSAGE"]:
            yield from self.world.find_hidden(items[0], "CONFLICT")
        else:
            yield "doubled" if len(kinds) > 1 else "lost", f"{self.pk}: {kinds} stand under it"


class _SetAside(SendCase):
    """It lies in the dead-letter queue, more than once at worst, for it can't be told apart there."""

    def find_now(self) -> Found:
        yield from ()

    def find_acknowledged(self, *, doubtful: bool) -> Found:  # noqa: ARG002 - it is never sent
        if not any(self.message["requestId"] in body for body in self.world.set_aside()):
            yield "lost", f"{self.message['requestId']}: acknowledged, and it is not in the dead-letter queue"


def _deliver_report(world: World, mt_id: str) -> None:
    from tests.faults.crashes.callbacks import CallbackCase  # noqa: PLC0415
    from tests.wire.bodies import report_json  # noqa: PLC0415

    CallbackCase(world, "application/json", report_json(mtId=mt_id), lambda: iter(())).deliver()


def _behaving(behaviour: Behaviour, ends: str = "ACCEPTED") -> Callable[[World], SendCase]:
    return lambda world: replace(new_send(world), ends=ends).behave(behaviour)


SCENARIOS = (
    Scenario("a message with a picture", "dynamodb GetItem 1", lambda world: new_send(world, large=True)),
    Scenario("refused", "openmarket answer 1", _behaving(Error(code=4, status=400), "REJECTED")),
    Scenario("throttled, then accepted", "openmarket answer 1", _behaving(Throttle())),
    Scenario("a password refused at first", "openmarket answer 1", _behaving(Status(status=401))),
    Scenario("an answer that leaves a doubt", "openmarket answer 1", _behaving(Status(status=500), "IN_DOUBT")),
    Scenario("no host reached, then accepted", "openmarket connect 1", unreached),
    Scenario("contents not to be had, then accepted", "s3 HeadObject 1", put_off),
    Scenario(
        "never sendable", "dynamodb GetItem 1", lambda world: replace(new_send(world, subject=7), ends="REJECTED")
    ),
    Scenario("left behind by a dead function", "dynamodb GetItem 1", left_behind),
    Scenario("accepted by a person's word", "dynamodb GetItem 1", noted_by_a_person),
    Scenario("sent again by a person", "dynamodb GetItem 1", sent_again_by_a_person),
    Scenario("another message under the same requestId", "dynamodb GetItem 1", conflicting),
    Scenario("without a usable requestId", "sqs SendMessage 1", without_an_id),
    Scenario("an mtId given twice", "openmarket answer 1", mt_id_given_twice),
)
