"""What became of a callback: one record per delivery, in it one per attempt, and both as JSON."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from local.simulator.fields import camel


class State(StrEnum):
    """What has become of a delivery; it holds for all copies together."""

    UNDER_WAY = "under way"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST: `status` is the answer's, or else `problem` says why there is none."""

    copy: int  # from 1
    number: int  # from 1, per copy
    began: str  # UTC
    duration: float  # seconds
    request_id: str  # X-Request-Id
    boundary: str | None
    body_size: int
    status: int | None = None
    outcome: str | None = None  # X-Mms-Outcome
    empty_body: bool | None = None
    problem: str | None = None
    violations: tuple[str, ...] = ()  # what the documents ask of an answer and this one didn't do


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One callback and its attempts so far, in the order they ended."""

    id: str
    kind: str  # mo, report or raw
    mo_id: str | None = None
    mt_id: str | None = None
    began: str
    settled: str | None = None
    state: State = State.UNDER_WAY
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def statuses(self) -> list[int | None]:
        """Give the answers' statuses, None for silence."""
        return [attempt.status for attempt in self.attempts]

    @property
    def outcomes(self) -> list[str | None]:
        """Give the answers' X-Mms-Outcome."""
        return [attempt.outcome for attempt in self.attempts]

    @property
    def violations(self) -> list[str]:
        """Give all that the answers did against the documents."""
        return [violation for attempt in self.attempts for violation in attempt.violations]


def write_record(delivery: Delivery) -> dict[str, Any]:
    """Give a delivery as JSON, names in camel case."""
    record = {camel(name): value for name, value in dataclasses.asdict(delivery).items()}
    record["attempts"] = [
        {camel(name): value for name, value in dataclasses.asdict(attempt).items()} for attempt in delivery.attempts
    ]
    return record


def read_record(record: dict[str, Any]) -> Delivery:
    """Read what `write_record` wrote."""
    delivery = Delivery(**{item.name: record[camel(item.name)] for item in dataclasses.fields(Delivery)})
    delivery.state = State(delivery.state)
    delivery.attempts = [
        Attempt(
            **{item.name: attempt[camel(item.name)] for item in dataclasses.fields(Attempt)}
            | {"violations": tuple(attempt["violations"])}
        )
        for attempt in record["attempts"]
    ]
    return delivery


def format_now() -> str:
    """Give the time as the gateway's records have it: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
