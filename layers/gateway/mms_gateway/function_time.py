"""The time that a function has, shared between a call of OpenMarket and the writing down of what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mms_gateway.errors import StorageUnavailable
from mms_gateway.outbound import Clock

COMMIT_SECONDS = 4.0  # kept free before the function's end, to write down what came of a call
LEASE_MARGIN = 2.0  # seconds that a claim outlasts the function, so that nobody takes it while it may still run
PAUSE = 0.2  # seconds between two tries of a write that must not be given up

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTime:
    """What is left of it, in seconds."""

    clock: Clock
    ends: float
    """When the function is ended, in the clock's monotonic seconds."""
    call_seconds: float
    """What a call may take."""

    def call_deadline(self) -> float:
        """When a call must be over, in the clock's monotonic seconds."""
        return self.ends - COMMIT_SECONDS

    def has_time_for_a_call(self) -> bool:
        """Whether a call would have half of its time at least."""
        return self.call_deadline() - self.clock.monotonic() >= self.call_seconds / 2

    def lease_seconds(self) -> float:
        """How long a claim must last."""
        return self.ends - self.clock.monotonic() + LEASE_MARGIN

    def persist(self, write: Callable[[], Result], *, while_: Callable[[], bool] = lambda: True) -> Result:
        """A write that must not be given up: again while the table is in trouble, until the function ends."""
        while True:
            try:
                return write()
            except StorageUnavailable:
                if not while_() or self.clock.monotonic() + PAUSE >= self.ends:
                    raise
                self.clock.sleep(PAUSE)
