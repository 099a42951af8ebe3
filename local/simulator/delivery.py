"""Delivering a callback as the documents have it: again after any answer but 200, and after silence."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from local.simulator.callbacks import Callback, CallbackRequest, build_request
from local.simulator.dialect import Dialect
from local.simulator.exchange import Answer, NoAnswer, Target, post
from local.simulator.fields import require_between
from local.simulator.records import Attempt, State, format_now

DOCUMENTED_ANSWER_SECONDS = 10  # receive page: "in a timely manner (within 10 seconds)"
DOCUMENTED_SILENCE_SECONDS = 60  # receive page: "if it does not receive a response ... within 60 seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long and how often a callback is tried; times in seconds, short because people and tests wait for them."""

    answer_within: float = 10.0  # silence that long is a failure; `DOCUMENTED_SILENCE_SECONDS` is the real one
    first_pause: float = 0.25  # doubled after each failure; the documents name no pause
    longest_pause: float = 5.0
    attempts: int = 10  # per copy
    give_up_after: float = 120.0  # no attempt begins later; how long OpenMarket goes on is not stated
    at_once: int = 1  # copies delivered at the same time
    another_request_id: bool = False  # facts.md: "a retry may carry another"
    another_boundary: bool = False

    def __post_init__(self) -> None:
        require_between(self, POLICY_BOUNDS)

    def pause_after(self, number: int) -> float:
        """Give the pause after the given failed attempt, counted from 1."""
        return min(self.longest_pause, self.first_pause * 2.0 ** (number - 1))


# A mistyped number must not keep a machine busy for a day.
POLICY_BOUNDS: dict[str, tuple[float, float]] = {
    "answer_within": (0.01, 120),
    "first_pause": (0, 600),
    "longest_pause": (0, 600),
    "attempts": (1, 100),
    "give_up_after": (0, 3600),
    "at_once": (1, 64),
}
MAX_CONNECTIONS = 64  # at a time, over all deliveries: as many as the most copies at once


@dataclass(slots=True)
class Requests:
    """The requests of one delivery: the same again, or with another id or boundary where the policy says so."""

    callback: Callback
    dialect: Dialect
    policy: Policy
    make_request_id: Callable[[], str]
    first: CallbackRequest

    @classmethod
    def prepare(
        cls, callback: Callback, dialect: Dialect, policy: Policy, make_request_id: Callable[[], str]
    ) -> "Requests":
        """Build the first one, so that what can't be written is refused before anything is sent."""
        first = build_request(callback, dialect, request_id=make_request_id())
        return cls(callback, dialect, policy, make_request_id, first)

    def pick(self, copy: int, number: int) -> CallbackRequest:
        """Give the request for one attempt; the very first is always as described."""
        request = self.first
        if (copy, number) == (1, 1):
            return request
        if self.policy.another_boundary:
            dialect = replace(self.dialect, boundary=f"{self.dialect.boundary}-retry-{copy}-{number}")
            request = build_request(self.callback, dialect, request_id=request.request_id)
        if self.policy.another_request_id:
            request = replace(request, request_id=self.make_request_id())
        return request


async def deliver(
    requests: Requests, target: Target, *, connections: asyncio.Semaphore, record: Callable[[Attempt], None]
) -> State:
    """Deliver all copies, recording each attempt when it is over; bounded in attempts, time and connections."""
    copies = range(1, requests.policy.at_once + 1)
    delivered = await asyncio.gather(*(_deliver_copy(copy, requests, target, connections, record) for copy in copies))
    return State.DELIVERED if all(delivered) else State.GIVEN_UP


async def _deliver_copy(
    copy: int,
    requests: Requests,
    target: Target,
    connections: asyncio.Semaphore,
    record: Callable[[Attempt], None],
) -> bool:
    policy = requests.policy
    over = time.monotonic() + policy.give_up_after
    for number in range(1, policy.attempts + 1):
        async with connections:
            attempt = await _attempt(copy, number, requests.pick(copy, number), target, policy)
        record(attempt)
        if attempt.status == 200:
            return True
        pause = policy.pause_after(number)
        if number == policy.attempts or time.monotonic() + pause > over:
            break
        await asyncio.sleep(pause)
    return False


async def _attempt(copy: int, number: int, request: CallbackRequest, target: Target, policy: Policy) -> Attempt:
    began, start = format_now(), time.monotonic()
    result: Answer | NoAnswer
    try:
        result = await post(target, request, answer_within=policy.answer_within)
    except NoAnswer as silence:
        result = silence
    duration = round(time.monotonic() - start, 3)
    attempt = Attempt(
        copy=copy,
        number=number,
        began=began,
        duration=duration,
        request_id=request.request_id,
        boundary=request.boundary,
        body_size=len(request.body),
    )
    if isinstance(result, NoAnswer):
        return replace(attempt, problem=str(result))
    return replace(
        attempt,
        status=result.status,
        outcome=result.outcome,
        empty_body=result.body_size == 0,
        violations=_find_violations(result, duration),
    )


def _find_violations(answer: Answer, duration: float) -> tuple[str, ...]:
    found = []
    if answer.status == 200 and answer.body_size:
        found.append(f"a 200 with a body of {answer.body_size} bytes; the documents ask for an empty one")
    if duration > DOCUMENTED_ANSWER_SECONDS:
        found.append(f"answered after {duration:g} s; the documents ask for {DOCUMENTED_ANSWER_SECONDS} s at most")
    return tuple(found)
