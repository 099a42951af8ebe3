"""The receiving chain: every kind of callback, and what it must have left behind once it was answered 200."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from local.readback import Item
from tests.faults.calls import Function
from tests.faults.crashes.functions import Job
from tests.faults.crashes.steps import Fault
from tests.faults.crashes.world import Found, Scenario, World
from tests.wire.bodies import WirePart, main, message, multipart_type, part, report_json, text

EVENT: dict[str, Any] = json.loads((Path(__file__).parents[3] / "events" / "message.json").read_text())


@dataclass
class CallbackCase:
    """One callback."""

    world: World
    content_type: str
    body: bytes
    find_missing: Callable[[], Found]
    """What it should have left in table and bucket, and has not."""
    function: Function = "ReceiveCallback"
    trouble: dict[str, Fault] = field(default_factory=dict)
    ahead: float = 0.0

    def event(self, receives: int = 1) -> dict[str, Any]:  # noqa: ARG002 - OpenMarket does not tell
        """As API Gateway hands it over."""
        return {
            **EVENT,
            "headers": {**EVENT["headers"], "Content-Type": self.content_type},
            "multiValueHeaders": {**EVENT["multiValueHeaders"], "Content-Type": [self.content_type]},
            "pathParameters": {"token": self.world.stack.callback_url.rpartition("/")[2]},
            "body": base64.b64encode(self.body).decode("ascii"),
        }

    def find_now(self) -> Found:
        """Nothing: what is not acknowledged may be half there."""
        yield from ()

    def find_acknowledged(self, *, doubtful: bool) -> Found:  # noqa: ARG002 - a callback is never in doubt
        """What is missing of it."""
        yield from self.find_missing()

    def deliver(self) -> None:
        """Deliver it, with nothing befalling it."""
        (ended,) = self.world.functions.deliver(Job(function=self.function, event=self.event()))
        assert ended.acknowledged


def message_parts(words: str) -> list[WirePart]:
    """Two media for the bucket, and a text for the item."""
    return [part(words.encode() + b"\xff" * 9000), text(words), part(b"<smil/>" * 2000, "application/smil", "s.smil")]


def new_message(world: World, *, mo_id: int | None = None, words: str = "Polly") -> CallbackCase:
    """A message; whole once its item, all of its media and its raw body are there."""
    mo_id = mo_id or next(world.numbers)
    parts = message_parts(words)
    body = message(main(moId=mo_id), *parts)

    def find_missing() -> Found:
        items = world.stored.items(f"MO#{mo_id}")
        ours = [item for item in items if item["bodySha256"] == sha256(body).hexdigest()]
        if len(ours) != 1:
            yield "doubled" if ours else "lost", f"moId {mo_id}: {len(ours)} items of it among {len(items)}"
            return
        yield from find_missing_parts(world, {**ours[0], "s3Key": f"raw/{sha256(body).hexdigest()}"}, parts)

    return CallbackCase(world, multipart_type(), body, find_missing)


def find_missing_parts(world: World, item: Item, sent: Sequence[WirePart]) -> Found:
    """Parts of an item, and its whole body, that are missing or not byte for byte as they were sent."""
    hashes = [each["sha256"] for each in item["parts"]]
    if hashes != [sha256(each.content).hexdigest() for each in sent]:
        yield "lost", f"{item['pk']}: its parts are not those that were sent"
    if missing := list(world.find_missing_media(item)):
        yield from missing
        return
    for each in item["parts"]:
        data = world.stored.media(each["s3Key"]) if "s3Key" in each else each["text"].encode()
        if sha256(data).hexdigest() != each["sha256"]:
            yield "lost", f"{item['pk']}: the bytes of part {each['index']} are not those that were sent"


def conflicting_message(world: World) -> CallbackCase:
    """Another message under a moId that was used; both must be whole."""
    first = new_message(world)
    first.deliver()
    mo_id = int(json.loads(first.body.split(b"\r\n\r\n")[1].split(b"\r\n")[0])["moId"])
    second = new_message(world, mo_id=mo_id, words="Dead")

    def find_missing() -> Found:
        yield from first.find_missing()
        yield from second.find_missing()
        items = world.stored.items(f"MO#{mo_id}")
        if (kinds := [item["sk"].split("#")[0] for item in items]) == ["CONFLICT", "MESSAGE"]:
            yield from world.find_hidden(items[0], "CONFLICT")
        else:
            yield "doubled", f"moId {mo_id}: {kinds} stand under it"

    return CallbackCase(world, second.content_type, second.body, find_missing)


def report(world: World, *, of_a_message: bool) -> CallbackCase:
    """A delivery report; whole once it is there, and on its message if there is one."""
    mt_id = str(next(world.numbers))
    body = report_json(mtId=mt_id)
    if of_a_message:
        order = {"pk": f"MT#order-{mt_id}", "sk": "MESSAGE", "status": "ACCEPTED", "mtId": mt_id}
        world.stored.table.put_item(Item=order)
        world.stored.table.put_item(Item={"pk": f"MTID#{mt_id}", "sk": "REQUEST", "requestId": f"order-{mt_id}"})

    def find_missing() -> Found:
        reports = [item for item in world.stored.items(f"MTID#{mt_id}") if item["sk"].startswith("REPORT#")]
        if len(reports) != 1:
            yield "doubled" if reports else "lost", f"mtId {mt_id}: {len(reports)} reports"
        shown = world.stored.item(f"MT#order-{mt_id}").get("delivery", {}).get("status")
        if of_a_message and shown != "Retrieved":
            yield "lost", f"mtId {mt_id}: its report does not show on its message"

    return CallbackCase(world, "application/json", body, find_missing)


def unreadable(world: World, *, cut: bool) -> CallbackCase:
    """A callback that can't be read; whole once its bytes are kept where a person finds them."""
    body = message(main(moId=next(world.numbers)), part(b"\xff" * 9000), closed=not cut)
    body = body if cut else body.replace(b"Content-Id: main", b"Content-Id main")
    digest = sha256(body).hexdigest()

    def find_missing() -> Found:
        item = world.stored.item(f"RAW#{digest}", "CALLBACK")
        if not item:
            yield "lost", f"body {digest}: no item says that it was quarantined"
            return
        yield from world.find_hidden(item, "QUARANTINED")
        if missing := list(world.find_missing_media(item)):
            yield from missing
        elif world.stored.media(item["s3Key"]) != body:
            yield "lost", f"body {digest}: its bytes are not those that came"

    return CallbackCase(world, multipart_type(), body, find_missing)


SCENARIOS = (
    Scenario("a message", "secretsmanager GetSecretValue 1", new_message),
    Scenario("a report", "dynamodb PutItem 1", lambda world: report(world, of_a_message=True)),
    Scenario("a report of nobody's message", "dynamodb GetItem 1", lambda world: report(world, of_a_message=False)),
    Scenario("another message under the same moId", "dynamodb PutItem 1", conflicting_message),
    Scenario("a callback that can't be read", "s3 PutObject 1", lambda world: unreadable(world, cut=False)),
    Scenario("a callback cut short", "s3 PutObject 1", lambda world: unreadable(world, cut=True)),
)
