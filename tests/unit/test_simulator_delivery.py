"""The simulator delivers over real HTTP and comes again until it is told 200."""

import asyncio
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from local.simulator import delivery
from local.simulator.callbacks import Mo, Part
from local.simulator.delivery import POLICY_BOUNDS, Policy, Requests, deliver
from local.simulator.dialect import Dialect, RequestIdForm
from local.simulator.exchange import Target
from local.simulator.fields import FieldError
from local.simulator.identifiers import Identifiers
from local.simulator.records import Attempt, State
from tests.unit.simulator_target import OK, SILENCE, STORED, UNAVAILABLE, scripted_target

QUICK = Policy(answer_within=5, first_pause=0.01, longest_pause=0.02, attempts=4)
MESSAGE = Mo(
    mo_id="123456789012345",
    source="447800000001",
    date="2014-07-16T19:20:30+00:00",
    parts=(Part(content_type="image/gif", content_id="a.gif", data=b"GIF89a"),),
)


def run(
    url: str,
    policy: Policy = QUICK,
    *,
    connections: int = 64,
) -> tuple[State, list[Attempt]]:
    attempts: list[Attempt] = []
    identifiers = Identifiers()
    requests = Requests.prepare(MESSAGE, Dialect(), policy, lambda: identifiers.make_request_id(RequestIdForm.SAMPLE))
    target = Target.parse(url)

    async def whole() -> State:
        return await deliver(requests, target, connections=asyncio.Semaphore(connections), record=attempts.append)

    return asyncio.run(whole()), attempts


def test_a_200_with_an_empty_body_ends_it() -> None:
    with scripted_target(STORED) as target:
        state, [attempt] = run(target.url)

    assert state is State.DELIVERED
    assert (attempt.status, attempt.outcome, attempt.empty_body, attempt.problem) == (200, "stored", True, None)
    assert (attempt.copy, attempt.number, attempt.violations) == (1, 1, ())
    assert 0 <= attempt.duration < 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", attempt.began)
    assert attempt.body_size == len(target.bodies[0])


def test_a_503_is_tried_again_with_the_same_request() -> None:
    with scripted_target(UNAVAILABLE, UNAVAILABLE, STORED) as target:
        state, attempts = run(target.url)

    assert state is State.DELIVERED
    assert [(a.number, a.status, a.outcome) for a in attempts] == [
        (1, 503, "unavailable"),
        (2, 503, "unavailable"),
        (3, 200, "stored"),
    ]
    assert len(set(target.seen)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_any_status_but_200_is_tried_again_at_the_same_place(answer: bytes) -> None:
    with scripted_target(answer, OK) as target:
        state, attempts = run(target.url)

    assert state is State.DELIVERED
    assert [a.status for a in attempts] == [int(answer[9:12]), 200]
    assert len(set(target.heads)) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (SILENCE, r"no answer within 0\.3 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "cut short or is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "cut short or is no HTTP"),
        (b"hello\r\n\r\n", "cut short or is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n" + bytes(1_000_001), "more than 1000000 bytes"),
    ],
)
def test_no_whole_answer_is_tried_again(answer: bytes, problem: str) -> None:
    with scripted_target(answer, OK) as target:
        state, [first, second] = run(target.url, replace(QUICK, answer_within=0.3))

    assert state is State.DELIVERED
    assert (first.status, first.empty_body) == (None, None)
    assert first.problem is not None
    assert re.search(problem, first.problem)
    assert second.status == 200


def test_a_200_with_a_body_is_delivered_and_noted() -> None:
    with scripted_target(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n") as target:
        state, [attempt] = run(target.url)

    assert state is State.DELIVERED
    assert attempt.empty_body is False
    assert attempt.violations == ("a 200 with a body of 2 bytes; the documents ask for an empty one",)


def test_a_late_200_is_delivered_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DOCUMENTED_ANSWER_SECONDS", -1)
    with scripted_target(STORED) as target:
        state, [attempt] = run(target.url)

    assert state is State.DELIVERED
    [violation] = attempt.violations
    assert re.fullmatch(r"answered after [\d.]+ s; the documents ask for -1 s at most", violation)


def test_attempts_are_bounded() -> None:
    with scripted_target(UNAVAILABLE) as target:
        state, attempts = run(target.url)

    assert state is State.GIVEN_UP
    assert [a.number for a in attempts] == [1, 2, 3, 4]


def test_time_is_bounded() -> None:
    with scripted_target(UNAVAILABLE) as target:
        start = time.monotonic()
        state, attempts = run(target.url, Policy(first_pause=0.1, longest_pause=0.1, attempts=100, give_up_after=0.35))

    assert state is State.GIVEN_UP
    assert 1 <= len(attempts) <= 4
    assert time.monotonic() - start < 2


def test_pauses_double_up_to_the_longest() -> None:
    policy = Policy(first_pause=0.25, longest_pause=5)

    assert [policy.pause_after(number) for number in (1, 2, 3, 5, 6, 100)] == [0.25, 0.5, 1, 4, 5, 5]


def test_a_retry_may_carry_another_request_id_and_boundary() -> None:
    policy = replace(QUICK, another_request_id=True, another_boundary=True)
    with scripted_target(UNAVAILABLE, UNAVAILABLE, STORED) as target:
        _, attempts = run(target.url, policy)

    assert len({a.request_id for a in attempts}) == 3
    boundaries = ["mimeboundary", "mimeboundary-retry-1-2", "mimeboundary-retry-1-3"]
    assert [a.boundary for a in attempts] == boundaries
    for boundary, head, body in zip(boundaries, target.heads, target.bodies, strict=True):
        assert f"boundary={boundary} \r\n".encode() in head
        assert body.replace(boundary.encode(), b"mimeboundary") == target.bodies[0]


def test_copies_go_out_at_once_and_all_must_arrive() -> None:
    # The target answers nobody before all eight are there: one after the other would never end well.
    with scripted_target(STORED, together=8) as target:
        state, attempts = run(target.url, replace(QUICK, at_once=8, attempts=1))

    assert state is State.DELIVERED
    assert sorted(a.copy for a in attempts) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(set(target.seen)) == 1

    with scripted_target(STORED, UNAVAILABLE) as target:
        state, attempts = run(target.url, replace(QUICK, at_once=2, attempts=2))
    assert state is State.GIVEN_UP
    assert len(attempts) == 3


def test_connections_are_bounded() -> None:
    with scripted_target(SILENCE) as target:
        policy = Policy(answer_within=0.2, attempts=1, at_once=6)
        start = time.monotonic()
        run(target.url, policy, connections=2)

    assert time.monotonic() - start >= 0.6


@pytest.mark.parametrize(("name", "value"), [(name, bounds[1] + 1) for name, bounds in POLICY_BOUNDS.items()])
def test_policies_are_bounded(name: str, value: float) -> None:
    change: dict[str, Any] = {name: value}
    with pytest.raises(FieldError, match=f"^{name}: expected "):
        Policy(**change)
