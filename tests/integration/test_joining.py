"""Delivery reports and the messages they are about find each other, whichever comes first."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from local.stack import Stack
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.messages import DeliveryReport
from mms_gateway.outbound import Call
from tests.integration.bench import START, Bench, Throttled, accepted, answered, at
from tests.unit.reports import report


@pytest.fixture
def reports(stack: Stack) -> Callable[[DeliveryReport], bool]:
    table = InboundTable(stack.client("dynamodb"), stack.table_name)

    def come_in(one: DeliveryReport) -> bool:
        table.put_report(one, received_at=at(START), request_id=None)
        return table.join_report(one)

    return come_in


Reports = Callable[[DeliveryReport], bool]


def test_a_report_before_the_answer_is_joined_by_the_sender(bench: Bench, reports: Reports) -> None:
    assert not reports(report(bench.mt_id, "Retrieved")), "an orphan so far"
    outcome = bench.send(accepted(bench.mt_id))
    assert outcome.joined
    assert bench.item()["delivery"]["status"] == "Retrieved"


def test_a_report_after_the_answer_is_joined_by_its_own_handler(bench: Bench, reports: Reports) -> None:
    assert bench.send(accepted(bench.mt_id)).joined is False
    assert reports(report(bench.mt_id, "Retrieved"))
    item = bench.item()
    assert item["delivery"] == {
        "status": "Retrieved",
        "outcomeId": 1,
        "outcomeDescription": "Success.",
        "date": "2026-11-22T08:31:00.000Z",
        "final": True,
    }
    assert item["deliveryOrder"].startswith("1#2026-11-22T08:31:00.000Z#")


def test_a_report_of_an_mt_id_given_twice_shows_on_the_first_only(bench: Bench, reports: Reports) -> None:
    bench.send(accepted(bench.mt_id))
    reports(report(bench.mt_id, "Retrieved"))
    second = Bench(bench.stack, bench.stored)
    assert "another message" in str(second.send(accepted(bench.mt_id)).reason)
    assert second.send().joined is False
    assert "delivery" not in second.item()
    assert bench.item()["delivery"]["status"] == "Retrieved"


@pytest.mark.parametrize("order", [*itertools.permutations(["Deferred 08:31", "Retrieved 08:33", "Forwarded 08:32"])])
@pytest.mark.parametrize("sent_at", range(4))
def test_delivery_moves_only_forward(bench: Bench, reports: Reports, order: tuple[str, ...], sent_at: int) -> None:
    steps = list(order)
    steps.insert(sent_at, "send")
    for step in steps:
        if step == "send":
            bench.send(accepted(bench.mt_id))
            bench.send()
        else:
            reports(report(bench.mt_id, *step.split()))
            reports(report(bench.mt_id, *step.split()))
    assert bench.item()["delivery"]["status"] == "Retrieved"
    assert len(bench.stored.items(f"MTID#{bench.mt_id}")) == 4, "three reports, each kept once, and the request"


def test_an_acceptance_that_a_person_noted_on_the_message_alone_is_joined(bench: Bench, reports: Reports) -> None:
    bench.reach("IN_DOUBT")
    reports(report(bench.mt_id, "Deferred", "08:31"))
    bench.change(status="ACCEPTED", mtId=bench.mt_id)
    assert bench.send().joined
    assert bench.item()["delivery"]["status"] == "Deferred"
    assert reports(report(bench.mt_id, "Retrieved", "08:32"))
    assert bench.item()["delivery"]["status"] == "Retrieved"


def test_a_join_that_fails_is_made_up_for_when_the_message_comes_again(bench: Bench, reports: Reports) -> None:
    reports(report(bench.mt_id, "Retrieved"))
    with Throttled(bench.dynamodb, "Query", 10):
        outcome = bench.send(accepted(bench.mt_id))
    assert (outcome.name, outcome.come_again_in is None) == ("accepted", False)
    assert "delivery" not in bench.item()
    assert bench.send().joined
    assert bench.item()["delivery"]["status"] == "Retrieved"


def test_a_try_that_was_overtaken_joins_what_the_other_one_did_not_come_to(bench: Bench, reports: Reports) -> None:
    reports(report(bench.mt_id, "Retrieved"))

    def overtake(**event: Any) -> float | None:
        if event["attempts"] > 1:
            return None
        bench.dynamodb.meta.events.unregister("needs-retry.dynamodb.UpdateItem", overtake)
        other = Bench(bench.stack, bench.stored)
        other.id = bench.id
        with Throttled(other.dynamodb, "Query", 10):
            assert other.send(accepted(bench.mt_id)).joined is None
        return 0  # as after a broken connection: the SDK writes RETRY once more

    def answer() -> Call:
        bench.dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", overtake)
        return answered(503)

    outcome = bench.send(answer)
    assert (outcome.name, outcome.joined, outcome.come_again_in) == ("repeat", True, None)
    assert bench.item()["delivery"]["status"] == "Retrieved"
