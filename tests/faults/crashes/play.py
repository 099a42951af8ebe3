"""One case: a delivery that meets a fault at a step, so many more of it, and then as many as it still needs."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.faults.crashes.functions import Ended, Job
from tests.faults.crashes.steps import Fault
from tests.faults.crashes.world import Case, Found, Scenario, World
from tests.faults.tally import Breach

LATER = 130.0  # seconds until a delivery that was not acknowledged comes again: beyond any lease
PATIENCE = 6  # deliveries after which a case that is still not acknowledged is stuck
Way = Literal["one after another", "at the same time, later", "at the same time as it"]


@dataclass(frozen=True, slots=True)
class Redeliveries:
    """How many more deliveries there are, whether they are needed or not, and when."""

    count: int
    way: Way


REDELIVERIES = (
    *(Redeliveries(count, "one after another") for count in range(4)),
    *(Redeliveries(count, "at the same time, later") for count in (2, 3)),
    *(Redeliveries(count, "at the same time as it") for count in (1, 2, 3)),
)


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls the first delivery, in words, and as faults of its steps."""

    words: str
    step: str
    faults: dict[str, Fault]


def mishaps(step: str) -> Iterator[Mishap]:
    """What can befall a step."""
    name, _, number = step.rpartition(" ")
    if name == "answer":
        yield Mishap("crash before", step, {step: "crash before"})
        return
    kinds: tuple[Fault, ...] = ("crash before", "crash after")
    if name != "openmarket close":
        kinds = (*kinds, "answer lost")
    if name == "openmarket send":
        kinds = (*kinds, "crash halfway")
    for kind in kinds:
        yield Mishap(kind, step, {step: kind})
    if not name.startswith("openmarket"):  # the SDK tries again
        again = f"{name} {int(number) + 1}"
        yield Mishap("answer lost, the SDK's second try not reached", step, {step: "answer lost", again: "not reached"})


def list_steps(world: World, scenario: Scenario) -> list[str]:
    """The steps of a scenario's first delivery."""
    case = scenario.begin(world)
    job = Job(function=case.function, event=case.event(1), faults=case.trouble, ahead=case.ahead)
    (ended,) = world.functions.deliver(job)
    assert not ended.died
    return list(ended.steps)


def is_doubtful(steps: Sequence[str], mishap: Mishap) -> bool:
    """Whether a request may have gone out and no answer been written down: from the claim to what ends it."""
    calls = [at for at, step in enumerate(steps) if step.startswith("openmarket")]
    if not calls:
        return False
    at, claim, end = steps.index(mishap.step), calls[0] - 1, calls[-1]
    while steps[end + 1].startswith(("dynamodb UpdateItem", "dynamodb TransactWriteItems")):
        end += 1
    if at == claim:
        return mishap.words == "crash after"
    if at == end:
        return mishap.words == "crash before"
    return claim < at < end


def play(world: World, scenario: Scenario, mishap: Mishap, more: Redeliveries, *, doubtful: bool) -> Found:
    """What breaks in one case; each breach is a sentence that says how to play it again."""
    words = f"{scenario.name}; {mishap.words} at {mishap.step}; {more.count} more, {more.way}"
    for what, sentence in _Play(world, scenario.begin(world), mishap, doubtful=doubtful).run(more):
        yield what, f"{words}: {sentence}"


class _Play:
    def __init__(self, world: World, case: Case, mishap: Mishap, *, doubtful: bool) -> None:
        self._world = world
        self._case = case
        self._mishap = mishap
        self._doubtful = doubtful
        self._ahead = case.ahead
        self._deliveries = 0
        self._acknowledged = False

    def run(self, more: Redeliveries) -> Found:
        together = more.count if more.way == "at the same time as it" else 0
        ended = yield from self._deliver(1 + together, self._case.trouble | self._mishap.faults)
        if not any(self._mishap.step in each.met for each in ended):
            yield "wrong", "the step was not come to"
        for times in [1] * more.count if more.way == "one after another" else [more.count - together]:
            yield from self._deliver(times)
        while not self._acknowledged:
            if self._deliveries > PATIENCE + more.count:
                yield "stuck", f"not acknowledged after {self._deliveries} deliveries"
                return
            yield from self._deliver(1)

    def _deliver(
        self, times: int, faults: dict[str, Fault] | None = None
    ) -> Generator[tuple[Breach, str], None, list[Ended]]:
        """Deliver so many times at once, all of them under the faults, and look at what stands then."""
        if times == 0:
            return []
        if self._deliveries:
            self._ahead += LATER
        jobs = [
            Job(
                function=self._case.function,
                event=self._case.event(self._deliveries + n + 1),
                faults=faults or {},
                ahead=self._ahead,
            )
            for n in range(times)
        ]
        ended = self._world.functions.deliver(*jobs)
        self._deliveries += times
        self._acknowledged = self._acknowledged or any(each.acknowledged for each in ended)
        yield from self._case.find_now()
        if self._acknowledged:
            yield from self._case.find_acknowledged(doubtful=self._doubtful)
        return ended
