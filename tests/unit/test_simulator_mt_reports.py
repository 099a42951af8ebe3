"""Delivery reports for accepted messages: which, when, and in which order, by the destination's number."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from local.simulator.client import OrderRefused
from local.simulator.delivery import Policy
from local.simulator.mt.behaviours import CutAnswer, EarlyAnswer, ResetRequest, Throttle
from local.simulator.mt.numbers import NUMBERS
from local.simulator.mt.records import MtRequest
from local.simulator.mt.reports import LATE, PLANS
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.simulator_target import OK, SILENCE, UNAVAILABLE, ScriptedTarget, scripted_target
from tests.unit.test_simulator_mt_requests import SAMPLE, build_request, exchange, request_to

QUICK = Policy(answer_within=5, first_pause=0.01, longest_pause=0.02, attempts=4)


@pytest.fixture
def target() -> Iterator[ScriptedTarget]:
    with scripted_target(OK) as running:
        yield running


@pytest.fixture
def simulator(target: ScriptedTarget) -> Iterator[RunningSimulator]:
    with running_simulator(target.url, policy=QUICK) as running:
        yield running


def read_reports(target: ScriptedTarget) -> list[dict[str, Any]]:
    return [json.loads(body) for body in target.bodies]


def wait_for_reports(simulator: RunningSimulator, count: int) -> MtRequest:
    return simulator.client.wait_for_request(until=lambda each: len(each.reports) == count)


def pairs(target: ScriptedTarget) -> list[tuple[str, int]]:
    return [(report["status"], report["outcomeId"]) for report in read_reports(target)]


def send(simulator: RunningSimulator, destination: str, *, expected: int) -> MtRequest:
    """Send a message; return once so many reports have settled and no further one has come."""
    assert exchange(simulator, request_to(destination)).status == 200
    record = wait_for_reports(simulator, expected)
    for delivery in record.reports:
        assert simulator.client.wait(delivery).state == "delivered"
    time.sleep(0.15)  # one more would have come by now
    return simulator.client.mt_request(record)


def test_an_ordinary_number_is_retrieved_as_the_documents_print_it(
    simulator: RunningSimulator, target: ScriptedTarget
) -> None:
    record = send(simulator, "447700900750", expected=1)

    [report] = read_reports(target)
    age = datetime.now().astimezone() - datetime.fromisoformat(report.pop("date"))
    assert -1 < age.total_seconds() < 10
    assert report == {
        "type": "REPORT",
        "mtId": int(record.mt_id or ""),
        "status": "Retrieved",
        "outcomeId": 1,
        "outcomeDescription": "Success.",
        "userAgent": "HTC One",
    }
    assert (record.report_plan, record.report_problem) == ("retrieved", None)


EXPECTED = {
    "10000871000": [("Retrieved", 1)],
    "10360871000": [("Deferred", 4)],
    "10000872005": [("Forwarded", 5)],
    "10000872009": [("Rejected", 9)],
    "10000872101": [("Expired", 101)],
    "10000872102": [("Indeterminate", 102)],
    "10000872103": [("NotSupported", 103)],
    "10000872104": [("Unreachable", 104)],
    "10000872105": [("Unrecognized", 105)],
    "10000872199": [("Teleported", 199)],
    "10000873000": [],
    "10000873002": [("Retrieved", 1), ("Retrieved", 1)],
    "10000873003": [("Deferred", 4), ("Retrieved", 1)],
    "10000873004": [("Retrieved", 1), ("Deferred", 4)],
    "10000873005": [("Retrieved", 1)],
    "10000874000": [],
    "10000874002": [],
}


def test_a_number_decides_on_the_reports_and_their_order(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    for number in EXPECTED:
        exchange(simulator, request_to(number))
    last = len([report for reports in EXPECTED.values() for report in reports])
    while len(target.bodies) < last:
        time.sleep(0.02)
    time.sleep(0.2)  # one more would have come by now

    came: dict[str, list[tuple[str, int]]] = {number: [] for number in EXPECTED}
    numbers = {each.mt_id: each.destination or "" for each in simulator.client.mt_requests(accepted=True)}
    for report in read_reports(target):
        came[numbers[str(report["mtId"])]].append((report["status"], report["outcomeId"]))
    assert came == EXPECTED


def test_the_table_has_no_number_and_no_plan_that_is_not_tested() -> None:
    others = {"10000873001", "10000874001"}  # the late one stands below, the silent one among the behaviours
    assert {*EXPECTED, *others} == set(NUMBERS)
    assert {number.plan for number in NUMBERS.values()} == set(PLANS)


def test_a_report_that_comes_twice_is_the_same_twice(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    send(simulator, "10000873002", expected=2)

    assert target.bodies[0] == target.bodies[1]


@pytest.mark.parametrize("number", ["10000873003", "10000873004"])
def test_deferred_is_dated_before_retrieved_whichever_comes_first(
    simulator: RunningSimulator, target: ScriptedTarget, number: str
) -> None:
    send(simulator, number, expected=2)

    dates = {report["status"]: report["date"] for report in read_reports(target)}
    assert dates["Deferred"] < dates["Retrieved"]


def test_a_late_report_comes_late(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    assert exchange(simulator, request_to("10000873001")).status == 200
    time.sleep(LATE / 2)
    assert target.bodies == []
    simulator.client.wait(wait_for_reports(simulator, 1).reports[0])
    assert pairs(target) == [("Retrieved", 1)]


def test_a_report_goes_ahead_of_the_answer_and_has_settled_by_then(
    simulator: RunningSimulator, target: ScriptedTarget
) -> None:
    target.script = [UNAVAILABLE, UNAVAILABLE, OK]
    assert exchange(simulator, request_to("10000873005")).status == 200

    assert len(target.bodies) == 3
    [delivery] = simulator.client.list_deliveries()
    [record] = simulator.client.mt_requests()
    assert (delivery.mt_id, delivery.state, delivery.id) == (record.mt_id, "delivered", record.reports[0])
    assert delivery.settled is not None
    assert record.ended is not None
    assert delivery.settled <= record.ended


def test_the_answer_waits_for_no_other_report(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    target.script = [SILENCE]
    start = time.monotonic()
    for number in ("447700900750", "10000873002"):
        assert exchange(simulator, request_to(number)).status == 200
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("behaviour", [ResetRequest(accepts=True), CutAnswer(after=10), EarlyAnswer()])
def test_an_accepted_message_is_reported_on_even_if_nobody_was_told(
    simulator: RunningSimulator, target: ScriptedTarget, behaviour: ResetRequest | CutAnswer | EarlyAnswer
) -> None:
    simulator.client.behave(behaviour)
    exchange(simulator, build_request(SAMPLE))

    record = wait_for_reports(simulator, 1)
    simulator.client.wait(record.reports[0])
    assert str(read_reports(target)[0]["mtId"]) == record.mt_id


def test_what_was_not_accepted_is_not_reported_on(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    simulator.client.behave(Throttle())
    exchange(simulator, build_request(SAMPLE))
    time.sleep(0.2)

    [record] = simulator.client.mt_requests()
    assert (record.report_plan, record.reports, target.bodies) == (None, [], [])


def test_the_reports_for_ordinary_numbers_can_be_chosen(simulator: RunningSimulator, target: ScriptedTarget) -> None:
    simulator.client.report_by_default("rejected")
    send(simulator, "447700900750", expected=1)
    simulator.client.report_by_default("none")
    exchange(simulator, request_to("447700900751"))
    send(simulator, "10000871000", expected=1)

    assert pairs(target) == [("Rejected", 9), ("Retrieved", 1)]
    with pytest.raises(OrderRefused, match="default: expected one of 'retrieved', 'deferred', "):
        simulator.client.report_by_default("lost")


def test_the_reports_for_one_destination_can_be_chosen_and_forgotten(
    simulator: RunningSimulator, target: ScriptedTarget
) -> None:
    simulator.client.report_by_default("rejected")
    simulator.client.report_to("447700900750", "deferred")
    simulator.client.report_to("10000872009", "retrieved")  # a test number: Rejected by itself
    for number in ("447700900750", "447700900751", "10000872009"):
        send(simulator, number, expected=1)
    simulator.client.report_by_default("retrieved")
    send(simulator, "447700900750", expected=1)
    for number in ("447700900750", "10000872009"):
        simulator.client.report_to(number, None)
        send(simulator, number, expected=1)

    assert pairs(target) == [
        *[("Deferred", 4), ("Rejected", 9), ("Retrieved", 1)],
        ("Deferred", 4),
        *[("Retrieved", 1), ("Rejected", 9)],
    ]


def test_a_choice_of_reports_holds_for_what_is_accepted_from_then_on(
    simulator: RunningSimulator, target: ScriptedTarget
) -> None:
    assert exchange(simulator, request_to("10000873001")).status == 200  # reported on, late
    simulator.client.report_to("10000873001", "none")
    assert exchange(simulator, request_to("10000873001")).status == 200

    assert [each.report_plan for each in simulator.client.mt_requests()] == ["late", "none"]
    simulator.client.wait(wait_for_reports(simulator, 1).reports[0])
    assert pairs(target) == [("Retrieved", 1)]


def test_of_too_many_destinations_the_one_chosen_longest_ago_is_forgotten(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.simulator.mt.reports.MAX_CHOSEN", 2)
    for number in ("447700900001", "447700900002", "447700900001", "447700900003"):
        simulator.client.report_to(number, "none")
    simulator.client.report_to("447700900004", None)  # takes no place
    for number in ("447700900001", "447700900002", "447700900003"):
        exchange(simulator, request_to(number))

    assert [each.report_plan for each in simulator.client.mt_requests()] == ["none", "retrieved", "none"]


@pytest.mark.parametrize(
    ("order", "field", "message"),
    [
        ({}, "default", "expected one of 'retrieved', 'deferred', "),
        ({"default": None}, "default", "expected one of 'retrieved', 'deferred', "),
        ({"default": []}, "default", "expected one of 'retrieved', 'deferred', "),
        ({"defualt": "none"}, "defualt", "no such field; there are default, destination, plan"),
        (
            {"default": "none", "destination": "447700900750", "plan": "none"},
            "default",
            "expected either a default, or a destination and a plan",
        ),
        ({"default": None, "plan": "none"}, "default", "expected either a default, or a destination and a plan"),
        ({"plan": "none"}, "destination", "expected 7 to 15 digits"),
        ({"destination": "", "plan": "none"}, "destination", "expected 7 to 15 digits"),
        ({"destination": "+447700900750", "plan": "none"}, "destination", "expected 7 to 15 digits"),
        ({"destination": 447700900750, "plan": "none"}, "destination", "expected 7 to 15 digits"),
        ({"destination": "447700900750"}, "plan", "expected one of 'retrieved', 'deferred', "),
        ({"destination": "447700900750", "plan": "lost"}, "plan", "expected one of 'retrieved', 'deferred', "),
        ({"destination": "447700900750", "plan": ["none"]}, "plan", "expected one of 'retrieved', 'deferred', "),
    ],
)
def test_a_mistake_in_a_choice_of_reports_is_named_and_changes_nothing(
    simulator: RunningSimulator, order: object, field: str, message: str
) -> None:
    answer = httpx.post(f"{simulator.url}/simulator/mt/reports", json=order, trust_env=False)

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert answer.json()["error"]["message"].startswith(message)
    exchange(simulator, request_to("447700900750"))
    [record] = simulator.client.mt_requests()
    assert record.report_plan == "retrieved"


def test_messages_are_taken_before_there_is_a_callback_url(target: ScriptedTarget) -> None:
    with running_simulator(policy=QUICK) as simulator:
        assert exchange(simulator, request_to("447700900750")).status == 200
        record = simulator.client.wait_for_request(until=lambda each: each.report_problem is not None)
        assert record.report_problem == "the simulator has not been told its callback URL yet"
        assert record.reports == []

        simulator.call_back_to(target.url)
        assert exchange(simulator, request_to("447700900751")).status == 200
        assert wait_for_reports(simulator, 1).destination == "447700900751"


def test_reports_wait_for_a_place_in_a_full_outbox(
    simulator: RunningSimulator, target: ScriptedTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.simulator.outbox.MAX_UNDER_WAY", 1)
    target.script = [SILENCE, OK]
    for number in range(3):
        exchange(simulator, request_to(f"44770090075{number}"))
    simulator.client.wait_for_request(until=lambda each: bool(each.reports))
    threading.Timer(0.3, target.over.set).start()

    simulator.client.wait_for_request(count=3, until=lambda each: bool(each.reports))
    assert all(each.report_problem is None for each in simulator.client.mt_requests())
