"""Delivery reports for accepted messages: plans by name, and who carries them out through the outbox."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.simulator.callbacks import Report
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect
from local.simulator.mt.numbers import NUMBERS
from local.simulator.mt.records import MtRequest
from local.simulator.outbox import NotReady, Outbox

SOON = 0.1  # seconds: long enough that the answer is there first, short enough to wait for
LATE = 3.0
MAX_PENDING = 10_000  # plans under way; each is a small task
MAX_CHOSEN = 10_000  # destinations with reports of their own; the one chosen longest ago goes first
PATIENCE = 60.0  # seconds that a report waits for a place in a full outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One report, after the one before it has settled and a pause."""

    status: str
    outcome_id: int
    outcome_description: str
    pause: float = SOON  # seconds
    dated: float = 0.0  # seconds from now


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The reports for one message."""

    name: str
    steps: tuple[Step, ...]
    before_answer: bool = False  # settle the reports first, then answer the send


RETRIEVED = Step(status="Retrieved", outcome_id=1, outcome_description="Success.")
DEFERRED = Step(status="Deferred", outcome_id=4, outcome_description="Deferred.")


def _single(status: str, outcome_id: int) -> Plan:
    step = Step(status=status, outcome_id=outcome_id, outcome_description=f"{status}.")
    return Plan(name=status.lower(), steps=(step,))


def _dated(step: Step, *, pause: float = SOON, dated: float = 0.0) -> Step:
    return Step(
        status=step.status,
        outcome_id=step.outcome_id,
        outcome_description=step.outcome_description,
        pause=pause,
        dated=dated,
    )


PLANS = {
    plan.name: plan
    for plan in (
        Plan(name="retrieved", steps=(RETRIEVED,)),
        Plan(name="deferred", steps=(DEFERRED,)),
        _single("Forwarded", 5),
        _single("Rejected", 9),
        # MM7's other words; facts.md knows no outcome ids for them, so these are made up.
        _single("Expired", 101),
        _single("Indeterminate", 102),
        _single("NotSupported", 103),
        _single("Unreachable", 104),
        _single("Unrecognized", 105),
        _single("Teleported", 199),  # a word that nobody knows
        Plan(name="none", steps=()),
        Plan(name="late", steps=(_dated(RETRIEVED, pause=LATE),)),
        Plan(name="twice", steps=(RETRIEVED, RETRIEVED)),
        Plan(name="in-order", steps=(_dated(DEFERRED, dated=-60), RETRIEVED)),
        Plan(name="out-of-order", steps=(RETRIEVED, _dated(DEFERRED, dated=-60))),
        Plan(name="before-answer", steps=(_dated(RETRIEVED, pause=0.0),), before_answer=True),
    )
}


class Reporter:
    """Carries out plans; lives in one event loop."""

    def __init__(self, outbox: Outbox, *, dialect: Dialect, policy: Policy) -> None:
        self.default = PLANS["retrieved"]
        self._outbox = outbox
        self._dialect = dialect
        self._policy = policy
        self._tasks: set[asyncio.Task[None]] = set()
        self._chosen: dict[str, Plan] = {}  # by destination, the latest choice last

    def choose(self, destination: str, plan: Plan | None) -> None:
        """Report so on what is accepted for this destination from now on; None forgets it."""
        self._chosen.pop(destination, None)
        if plan is not None:
            self._chosen[destination] = plan
        if len(self._chosen) > MAX_CHOSEN:
            del self._chosen[next(iter(self._chosen))]

    def find_plan(self, destination: str | None) -> Plan:
        """Give the reports for a destination: those chosen for it, else its number's in the table, else all others'."""
        number = NUMBERS.get(destination or "")
        return self._chosen.get(destination or "") or (PLANS[number.plan] if number else self.default)

    def start(self, request: MtRequest, plan: Plan) -> asyncio.Task[None] | None:
        """Begin to report on an accepted message."""
        request.report_plan = plan.name
        if len(self._tasks) >= MAX_PENDING:
            request.report_problem = f"{MAX_PENDING} messages are waiting for their reports"
            return None
        task = asyncio.create_task(self._carry_out(request, plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """Give up everything under way."""
        for task in self._tasks:
            task.cancel()

    async def _carry_out(self, request: MtRequest, plan: Plan) -> None:
        date = datetime.now(UTC)  # one for the whole plan: a report that is sent twice is the same twice
        for step in plan.steps:
            await asyncio.sleep(step.pause)
            report = Report(
                mt_id=request.mt_id or "",
                date=(date + timedelta(seconds=step.dated)).isoformat(timespec="seconds"),
                status=step.status,
                outcome_id=step.outcome_id,
                outcome_description=step.outcome_description,
            )
            try:
                await self._deliver(request, report)
            except NotReady as reason:
                request.report_problem = str(reason)
                return

    async def _deliver(self, request: MtRequest, report: Report) -> None:
        over = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                delivery = self._outbox.start(report, self._dialect, self._policy)
            except NotReady:
                if self._outbox.target is None or asyncio.get_running_loop().time() > over:
                    raise
                await asyncio.sleep(SOON)
            else:
                request.reports.append(delivery.id)
                return await self._outbox.wait(delivery)
