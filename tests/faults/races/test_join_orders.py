"""A delivery report against the writing down of its message's acceptance, call by call, in every order."""

import hashlib
import random
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from local.readback import ReadBack
from local.simulator.callbacks import Report, build_request
from local.simulator.dialect import Dialect
from local.stack import Stack
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.outbound import Call
from mms_gateway.receiving import Callback, receive
from tests.faults.races.steps import Choose, Order, Turns, every_order
from tests.faults.tally import Scale, Tallies, Tally
from tests.integration.bench import IDS, MT_IDS, START, Bench, accepted

Said = tuple[str, str]
"""A report's status and the minute of its date."""
FINAL = {"Retrieved"}  # of the words used here

EARLY, LATE, FINAL_EARLY = ("Deferred", "08:31"), ("Forwarded", "08:32"), ("Retrieved", "08:30")
PAIRS = {
    "two reports, the final one dated earlier": [LATE, FINAL_EARLY],
    "one report twice": [EARLY, EARLY],
}
ORDERS, ORDERS_OF_A_PAIR = 28, 1102  # as many as there were when this was written: fewer mean calls that nobody held


class Meeting:
    """A sender that writes an acceptance down, and handlers that take in the reports, on the real table."""

    def __init__(self, stack: Stack, stored: ReadBack) -> None:
        self._bench = Bench(stack, stored)
        client = stack.client("dynamodb")
        self._inbound = InboundTable(client, stack.table_name)
        self._turns = Turns(self._bench.dynamodb, client)

    def play(self, tally: Tally, reports: Sequence[Said], choose: Choose, case: str = "") -> Order:
        """One order of the calls of all of them; counts it, and what is wrong afterwards."""
        self._bench.id, self._bench.mt_id = next(IDS), next(MT_IDS)
        actors: dict[str, Callable[[], object]] = {
            f"report {n}": partial(self._take_in, said) for n, said in enumerate(reports)
        }
        actors["sender"] = lambda: self._bench.send(lambda: self._accept(len(reports)))
        order = self._turns.play(actors, choose)
        tally.cases += 1
        tally.expect(set(order) == set(actors), "wrong", f"{case}{reports}: somebody was never held, turns: {order}")
        self._judge(tally, reports, f"{case}{reports}, turns: {', '.join(order)}")
        return order

    def _accept(self, reports: int) -> Call:
        # Its put of REQUEST finds what its own transaction has written, in every order: with more reports than one that
        # would make four times the orders, and no other outcome.
        self._turns.from_here(but="PutItem" if reports > 1 else "")
        return accepted(self._bench.mt_id)

    def _take_in(self, said: Said) -> None:
        status, minute = said
        report = Report(mt_id=self._bench.mt_id, date=f"2026-11-22T{minute}:00+00:00", status=status)
        request = build_request(report, Dialect(), request_id="015-3DD6C366")
        callback = Callback(
            content_type=request.content_type.decode(),
            body=request.body,
            body_sha256=hashlib.sha256(request.body).hexdigest(),
            received_at=START,
            request_id=request.request_id,
        )
        self._turns.from_here()
        receive(callback, table=self._inbound, bucket=self._bench.sender.bucket, encoding="auto", keep_raw=False)

    def _judge(self, tally: Tally, reports: Sequence[Said], case: str) -> None:
        item = self._bench.item()
        tally.expect((item["status"], item["mtId"]) == ("ACCEPTED", self._bench.mt_id), "wrong", f"{case}: {item}")
        status, minute = max(reports, key=lambda said: (said[0] in FINAL, said[1]))
        shown = item.get("delivery", {})
        told = shown.get("status"), shown.get("date", "")[11:16]
        tally.expect(told == (status, minute), "lost", f"{case}: the message shows {told}")
        kept = sorted(one["sk"].partition("#")[0] for one in self._bench.stored.items(f"MTID#{self._bench.mt_id}"))
        tally.expect(kept == [*["REPORT"] * len(set(reports)), "REQUEST"], "lost", f"{case}: there are {kept}")


@pytest.fixture(scope="module")
def meeting(stack: Stack, stored: ReadBack) -> Meeting:
    return Meeting(stack, stored)


def test_a_report_meets_its_message_in_every_order(tallies: Tallies, meeting: Meeting) -> None:
    with tallies.of("races: report against commit") as tally:
        orders = list(every_order(lambda choose: meeting.play(tally, [EARLY], choose)))
        _expect_every_order(tally, orders, ORDERS)
        tally.note(f"{len(orders)} orders of one report")


@pytest.mark.parametrize("pair", PAIRS)
def test_two_reports_meet_their_message_in_every_order(
    tallies: Tallies, scale: Scale, meeting: Meeting, pair: str
) -> None:
    with tallies.of("races: report against commit") as tally:
        if scale.long:
            orders = list(every_order(lambda choose: meeting.play(tally, PAIRS[pair], choose)))
            _expect_every_order(tally, orders, ORDERS_OF_A_PAIR)
            tally.note(f"{len(orders)} orders of {pair}")
        else:
            for seed in range(15):
                chance = random.Random(seed)  # noqa: S311 - to be played again, guards nothing
                meeting.play(tally, PAIRS[pair], chance.choice, f"seed {seed}, ")


def _expect_every_order(tally: Tally, orders: Sequence[Order], known: int) -> None:
    tally.expect(len({*map(tuple, orders)}) == len(orders), "wrong", "an order was tried twice")
    tally.expect(len(orders) >= known, "wrong", f"{len(orders)} orders, {known} are known: not every call is held")
