"""Messages in both directions, and the judgement of each of them by its id once everything has settled."""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from local.readback import Item, ReadBack
from local.simulator.callbacks import Mo
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.simulator.mt.records import MtRequest
from local.simulator.records import Delivery, State
from tests.faults.parts.rig import AGAIN, Rig
from tests.faults.races.whole import expect_whole, picture_message
from tests.faults.tally import Tally
from tests.integration.producer import SETTLED, Producer

DOUBTS = {"index": "attention", "attention": "IN_DOUBT"}
PATIENCE = 280.0  # seconds for everything to settle; it takes a twentieth of that


def deliver(simulator: SimulatorClient, message: Mo) -> Delivery:
    """Have OpenMarket deliver a message; it comes again until it is answered 200."""
    return simulator.send_message(
        message.parts, mo_id=message.mo_id, date=message.date, source=message.source, policy=AGAIN, wait=False
    )


class Traffic:
    """What was sent through a rig, in order."""

    def __init__(self, rig: Rig, stored: ReadBack, seed: int) -> None:
        self._rig, self._stored = rig, stored
        self._producer = Producer(rig.stack, stored)
        self._chance = random.Random(seed)  # noqa: S311 - to be played again, guards nothing
        self.received: list[tuple[Mo, Delivery]] = []
        self.sent: list[dict[str, Any]] = []

    def message_in(self) -> None:
        """Have OpenMarket deliver a message; it comes again until it is answered 200."""
        message = picture_message(self._chance.getrandbits(32))
        delivery = deliver(self._rig.simulator.client, message)
        self.received.append((message, delivery))

    def message_out(self) -> None:
        """Enqueue a message, every other one with a picture from the bucket."""
        content: list[dict[str, Any]] = [{"contentId": "text.txt", "text": "Here it is"}]
        if len(self.sent) % 2:
            picture = jpeg() + self._chance.randbytes(100_000)
            content += [{"contentId": "parrot.jpg", "s3": self._producer.upload("parrot.jpg", picture)}]
        message = self._producer.message(content=content)
        self._rig.queue.enqueue(message)
        self.sent.append(message)

    def both_ways(self, number: int, pause: float = 0.0) -> None:
        """So many of each, with pauses between."""
        for _ in range(number):
            self.message_in()
            self.message_out()
            time.sleep(pause)

    def wait_for_sent(self) -> None:
        """Return when all that was sent has settled; copies of it may still be in the queue."""
        self._producer.wait_for_all(self.sent, PATIENCE)

    def has_met_trouble(self) -> bool:
        """Whether a callback was sent away by the function, for want of a store."""
        ours = {delivery.id for _, delivery in self.received}
        deliveries = self._rig.simulator.client.list_deliveries()
        return any("unavailable" in each.outcomes for each in deliveries if each.id in ours)

    def under_way(self) -> tuple[int, int]:
        """How many messages have not got there yet, in and out."""
        states = {each.id: each.state for each in self._rig.simulator.client.list_deliveries()}
        coming = sum(states[delivery.id] is State.UNDER_WAY for _, delivery in self.received)
        return coming, self._rig.queue.size(self._rig.queue.url)

    def judge(self, tally: Tally, case: str, *, doubtful: Collection[str] = ()) -> Counter[str]:
        """Wait until all has settled without anybody's help, and look at each message; how many ended how.

        Messages whose requestId is `doubtful` may be left in doubt, all others must have been accepted.
        """
        over = time.monotonic() + PATIENCE
        emptied = _until(lambda: self._rig.queue.size(self._rig.queue.url) == 0, over)
        tally.expect(emptied, "stuck", f"{case}: there are messages in the queue still")
        dead = self._rig.queue.size(self._rig.queue.dead_letter_url)
        tally.expect(dead == 0, "stuck", f"{case}: {dead} messages in the dead-letter queue")
        for message, delivery in self.received:
            self._judge_received(tally, message, self._rig.simulator.client.wait(delivery), case)
        requests = self._requests(over)
        seen = Counter({"in": len(self.received)})
        for each in self.sent:
            came, doubts = requests.get(each["destination"], []), each["requestId"] in doubtful
            seen[self._judge_sent(tally, each, came, case, doubts=doubts)] += 1
        return seen

    def _judge_received(self, tally: Tally, message: Mo, delivery: Delivery, case: str) -> None:
        tally.cases += 1
        told = f"{case}, moId {message.mo_id}: {delivery.state}, {delivery.statuses}, {delivery.outcomes}"
        tally.expect(delivery.state is State.DELIVERED, "stuck", told)
        tally.expect(delivery.outcomes.count("stored") <= 1, "doubled", told)
        tally.expect(delivery.outcomes[-1] in {"stored", "duplicate"}, "wrong", told)
        expect_whole(tally, self._stored, message, case)

    def _requests(self, over: float) -> dict[str, list[MtRequest]]:
        """What OpenMarket was sent, by destination, once it has reported on all that it has accepted."""
        numbers = {message["destination"] for message in self.sent}

        def ours() -> list[MtRequest]:
            return [each for each in self._rig.simulator.client.mt_requests() if each.destination in numbers]

        _until(lambda: all(each.reports for each in ours() if each.accepted), over)
        found: dict[str, list[MtRequest]] = {}
        for each in ours():
            found.setdefault(str(each.destination), []).append(each)
        return found

    def _judge_sent(
        self, tally: Tally, message: dict[str, Any], requests: list[MtRequest], case: str, *, doubts: bool
    ) -> str:
        tally.cases += 1
        accepted = [each for each in requests if each.accepted]
        for report in (report for each in accepted for report in each.reports):
            delivery = self._rig.simulator.client.wait(report)
            tally.expect(delivery.state is State.DELIVERED, "stuck", f"{case}, report of {delivery.mt_id}: {delivery}")
        item = self._producer.item(message)
        status = str(item.get("status"))
        told = f"{case}, requestId {message['requestId']}: {len(accepted)} acceptances in {len(requests)}, item {item}"
        tally.expect(len(accepted) <= 1, "doubled", told)
        tally.expect(status in SETTLED, "stuck", told)
        for each in accepted:
            kept = [one["sk"].partition("#")[0] for one in self._stored.items(f"MTID#{each.mt_id}")]
            tally.expect(kept.count("REPORT") == 1, "lost" if "REPORT" not in kept else "doubled", f"{kept}; {told}")
        match status:
            case "ACCEPTED":
                tally.expect([each.mt_id for each in accepted] == [item["mtId"]], "lost", told)
                tally.expect(item.get("delivery", {}).get("status") == "Retrieved", "lost", f"no report; {told}")
            case "IN_DOUBT":
                tally.expect(doubts, "wrong", f"a doubt where nothing can be in doubt; {told}")
                tally.expect(is_in_sight(self._stored, item), "stuck", f"not found by its doubt; {told}")
                return "in doubt, taken" if accepted else "in doubt, not taken"
            case _:
                tally.breach("doubled" if accepted else "wrong", told)
        return status


MakeTraffic = Callable[[int], Traffic]
"""Begins traffic whose contents are made from a seed."""


def is_in_sight(stored: ReadBack, item: Item) -> bool:
    """Whether a person who asks for doubts finds this one."""
    return any((each["pk"], each["sk"]) == (item["pk"], item["sk"]) for each in stored.query(**DOUBTS))


def _until(happened: Callable[[], bool], over: float) -> bool:
    while not happened():
        if time.monotonic() > over:
            return False
        time.sleep(0.1)
    return True
