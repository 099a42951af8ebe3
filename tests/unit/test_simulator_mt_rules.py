"""Which requests a misbehaviour is played on, and how a mistake in a rule is answered."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.simulator.client import OrderRefused
from local.simulator.mt import rules
from local.simulator.mt.behaviours import EarlyAnswer, Error, ResetRequest, Silence, Slow, Status, Throttle
from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import SAMPLE, build_body, build_request, connect, exchange, request_to

REQUEST = build_request(SAMPLE)


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def lasting() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def statuses(simulator: RunningSimulator, *requests: bytes) -> list[int]:
    return [exchange(simulator, request).status for request in requests]


def test_the_next_n_requests_are_played_on_and_no_others(simulator: RunningSimulator) -> None:
    simulator.client.behave(Throttle(), times=2)
    simulator.client.behave(Error(code=1010), times=1)

    assert statuses(simulator, *[REQUEST] * 5) == [429, 429, 500, 200, 200]
    assert [rule.played for rule in simulator.client.list_behaviours()] == [[2], [1]]


def test_a_rule_is_played_as_often_as_it_says_however_many_come_at_once(simulator: RunningSimulator) -> None:
    simulator.client.behave(Throttle(), times=7)

    with ThreadPoolExecutor(30) as pool:
        replies = [*pool.map(lambda _: exchange(simulator, REQUEST).status, range(30))]

    assert sorted(replies) == [200] * 23 + [429] * 7


def test_a_rule_for_a_destination_leaves_others_alone(simulator: RunningSimulator) -> None:
    simulator.client.behave(Error(code=1000), destination="447700900001")

    assert statuses(simulator, REQUEST, request_to("447700900001"), REQUEST) == [200, 500, 200]


def test_an_early_behaviour_for_a_destination_waits_until_it_has_read_that_far(simulator: RunningSimulator) -> None:
    simulator.client.behave(ResetRequest(after=0), destination="447700900001")
    simulator.client.behave(EarlyAnswer(after=0, status=503), destination="447700900002")

    assert statuses(simulator, REQUEST) == [200]
    assert exchange(simulator, request_to("447700900001")).was_reset
    with connect(simulator) as connection:
        connection.sendall(request_to("447700900002")[:-30])
        assert connection.recv(20).startswith(b"HTTP/1.1 503 ")
    assert [each.accepted for each in simulator.client.mt_requests()] == [True, False, False]


def test_a_rule_is_not_used_up_by_a_request_that_is_none(simulator: RunningSimulator) -> None:
    simulator.client.behave(Throttle(), times=1)
    simulator.client.behave(Silence(seconds=0), ResetRequest(after=3), destination="447700900001")
    broken = build_request(build_body(details=b"{}"))

    assert statuses(simulator, broken, REQUEST, REQUEST) == [400, 429, 200]
    assert [rule.played for rule in simulator.client.list_behaviours()] == [[1], [0, 0]]


def test_a_share_is_spread_over_its_behaviours_alike_for_the_same_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        with running_simulator() as simulator:
            simulator.client.behave(Throttle(), Error(code=1000), Status(status=502), share=0.5, seed=seed)
            runs.append(statuses(simulator, *[REQUEST] * 60))
            [rule] = simulator.client.list_behaviours()
            assert rule.played == [runs[-1].count(status) for status in (429, 500, 502)]
            assert 15 <= sum(rule.played) <= 45
            assert min(rule.played) > 0
    assert runs[0] == runs[1] != runs[2]


def test_a_share_is_drawn_once_for_each_request_even_where_it_is_played_early(simulator: RunningSimulator) -> None:
    simulator.client.behave(ResetRequest(after=5), share=0.3, seed=5)
    chance = random.Random(5)  # noqa: S311 - the rule's own
    drawn = [chance.random() < 0.3 and chance.randrange(1) == 0 for _ in range(40)]

    assert [exchange(simulator, REQUEST).was_reset for _ in range(40)] == drawn
    assert len(set(drawn)) == 2


def test_cleared_rules_are_played_no_more(simulator: RunningSimulator) -> None:
    rule = simulator.client.behave(Slow(seconds=60), destination="447700900750", times=3, share=0.5, seed=4)
    assert [rule] == simulator.client.list_behaviours()
    assert (rule.id, rule.play, rule.times, rule.share, rule.seed) == (1, (Slow(seconds=60),), 3, 0.5, 4)

    simulator.client.clear_behaviours()

    assert simulator.client.list_behaviours() == []
    assert statuses(simulator, REQUEST) == [200]


def test_the_rules_for_one_destination_are_cleared_alone(simulator: RunningSimulator) -> None:
    simulator.client.behave(Error(code=1000), destination="447700900001", share=0.999, seed=1)
    simulator.client.behave(Throttle(), destination="447700900002", share=0.999, seed=1)
    simulator.client.behave(Status(status=502), times=2)
    simulator.client.behave(Silence(), destination="447700900001", times=9)

    simulator.client.clear_behaviours("447700900001")

    assert [rule.id for rule in simulator.client.list_behaviours()] == [2, 3]
    requests = [request_to("447700900002"), request_to("447700900001"), REQUEST, REQUEST]
    assert statuses(simulator, *requests) == [429, 502, 502, 200]


def test_a_destination_to_clear_that_is_left_empty_clears_nothing(simulator: RunningSimulator) -> None:
    simulator.client.behave(Throttle())
    with pytest.raises(OrderRefused, match="destination: expected a destination; without the parameter all rules go"):
        simulator.client.clear_behaviours("")

    assert statuses(simulator, REQUEST) == [429]


def test_used_up_rules_make_room(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_RULES", 2)
    simulator.client.behave(Throttle(), times=1)
    simulator.client.behave(Throttle(), destination="447700900001")
    with pytest.raises(OrderRefused, match="rules: expected at most 2 in all"):
        simulator.client.behave(Throttle())

    assert statuses(simulator, REQUEST) == [429]
    simulator.client.behave(Error(code=1000))
    assert [rule.id for rule in simulator.client.list_behaviours()] == [2, 3]


@pytest.mark.parametrize(
    ("order", "field", "message"),
    [
        ([], "", "expected an object"),
        ({}, "rules", "expected a list of 1 to 1000"),
        ({"rules": []}, "rules", "expected a list of 1 to 1000"),
        ({"rules": [], "more": 1}, "more", "no such field; there are rules"),
        ({"rules": [5]}, "rules[0]", "expected an object"),
        ({"rules": [{}]}, "rules[0].play", "expected 1 to 100 behaviours"),
        ({"rules": [{"play": []}]}, "rules[0].play", "expected 1 to 100 behaviours"),
        ({"rules": [{"play": ["slow"]}]}, "rules[0].play[0]", "expected an object"),
        ({"rules": [{"play": {"kind": "fast"}}]}, "rules[0].play[0].kind", "expected one of 'slow', 'throttle', "),
        ({"rules": [{"play": {"kind": []}}]}, "rules[0].play[0].kind", "expected one of 'slow', "),
        ({"rules": [{"play": {"kind": "slow", "after": 1}}]}, "rules[0].play[0].after", "no such field; there are "),
        ({"rules": [{"play": {"kind": "slow", "seconds": -1}}]}, "rules[0].play[0].seconds", "expected 0 to 600"),
        ({"rules": [{"play": {"kind": "slow", "seconds": "1"}}]}, "rules[0].play[0].seconds", "expected a number"),
        (
            {"rules": [{"play": {"kind": "throttle", "retryAfter": "a\r\nb"}}]},
            "rules[0].play[0].retryAfter",
            "expected",
        ),
        (
            {"rules": [{"play": {"kind": "error", "status": 99}}]},
            "rules[0].play[0].status",
            "expected 200 to 599, or 0",
        ),
        ({"rules": [{"play": {"kind": "status", "status": 100}}]}, "rules[0].play[0].status", "expected 200 to 599"),
        (
            {"rules": [{"play": {"kind": "status", "headers": 1}}]},
            "rules[0].play[0].headers",
            "expected an object of te",
        ),
        (
            {"rules": [{"play": {"kind": "status", "headers": {"Content-Length": "1"}}}]},
            "rules[0].play[0].headers",
            "expected names of headers",
        ),
        (
            {"rules": [{"play": {"kind": "not-json", "body": "\ud83d"}}]},
            "rules[0].play[0].body",
            "expected text that can",
        ),
        (
            {"rules": [{"play": {"kind": "reset-request-after", "after": 5, "accepts": True}}]},
            "rules[0].play[0].accepts",
            "expected false: the body would not be whole",
        ),
        ({"rules": [{"play": {"kind": "slow"}, "times": 0}]}, "rules[0].times", "expected at least 1"),
        ({"rules": [{"play": {"kind": "slow"}, "times": 1.5}]}, "rules[0].times", "expected a whole number or null"),
        ({"rules": [{"play": {"kind": "slow"}, "share": 0}]}, "rules[0].share", "expected more than 0, at most 1"),
        ({"rules": [{"play": {"kind": "slow"}, "share": "1"}]}, "rules[0].share", "expected a number"),
        ({"rules": [{"play": {"kind": "slow"}, "destination": 44}]}, "rules[0].destination", "expected a text or null"),
        ({"rules": [{"play": {"kind": "slow"}, "to": "44"}]}, "rules[0].to", "no such field; there are play, "),
    ],
)
def test_a_mistake_in_a_rule_is_named_and_no_rule_is_added(
    lasting: RunningSimulator, order: object, field: str, message: str
) -> None:
    answer = httpx.post(
        f"{lasting.url}/simulator/mt/behaviours",
        content=json.dumps(order),
        headers={"Content-Type": "application/json"},
        trust_env=False,
    )

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert answer.json()["error"]["message"].startswith(message)
    assert lasting.client.list_behaviours() == []
