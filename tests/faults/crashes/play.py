"""One case: a delivery that meets a fault at a step, so many more of it, and then as many as it still needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.faults.crashes.functions import Job
from tests.faults.crashes.steps import Fault
from tests.faults.crashes.world import LATER, Case, Found, Scenario, World
from tests.faults.tally import Breach

PATIENCE = 6  # deliveries after which a case that is still not acknowledged is stuck
Way = Literal["one after another", "at the same time, later", "at the same time as it", "with the same fault"]


@dataclass(frozen=True, slots=True)
class Redeliveries:
    """How many more deliveries there are, whether they are needed or not, and when.

    Those at the same time as the first are sound, or meet the same fault at the same step.
    """

    count: int
    way: Way


REDELIVERIES = (
    *(Redeliveries(count, "one after another") for count in range(4)),
    *(Redeliveries(count, "at the same time, later") for count in (2, 3)),
    *(Redeliveries(count, "at the same time as it") for count in (1, 2, 3)),
    *(Redeliveries(count, "with the same fault") for count in (1, 3)),
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
    if name.startswith("dynamodb"):  # the SDK tries twice; what must not be given up is tried on until it is written
        again = f"{name} {int(number) + 1}"
        yield Mishap("answer lost, the SDK's second try not reached", step, {step: "answer lost", again: "not reached"})
        yield Mishap("not reached twice", step, {step: "not reached", again: "not reached"})
    elif not name.startswith("openmarket"):
        yield Mishap("not reached from here on", step, {step: "down from here"})


def list_steps(world: World, scenario: Scenario) -> list[str]:
    """The steps of a scenario's first delivery."""
    case = scenario.begin(world)
    job = Job(function=case.function, event=case.event(1), faults=case.trouble, ahead=case.ahead)
    (ended,) = world.functions.deliver(job)
    assert not ended.died
    return list(ended.steps)


def is_doubtful(steps: Sequence[str], mishap: Mishap) -> bool:
    """Whether a request may have gone out and no answer been written down.

    For a function that dies: from its claim to what ends it. For one that lives on: where the whole request had gone
    out, and the connection broke before the answer was read.
    """
    calls = [at for at, step in enumerate(steps) if step.startswith("openmarket")]
    if not calls:
        return False
    at, claim, end = steps.index(mishap.step), calls[0] - 1, calls[-1]
    while steps[end + 1].startswith(("dynamodb UpdateItem", "dynamodb TransactWriteItems")):
        end += 1
    if not mishap.words.startswith("crash"):
        return mishap.step.startswith("openmarket answer") or _completes_the_request(steps, at)
    if at == claim:
        return mishap.words != "crash before"
    if at == end:
        return mishap.words == "crash before"
    return claim < at < end


def _completes_the_request(steps: Sequence[str], at: int) -> bool:
    """Whether a step sends the last piece of a body."""
    later = (step for step in steps[at + 1 :] if step.startswith("openmarket"))
    return steps[at].startswith("openmarket send") and not next(later, "").startswith("openmarket send")


@dataclass(slots=True)
class Played:
    """What came of one case."""

    met: bool
    """Whether the step was come to: another delivery may have been quicker."""
    breaches: list[tuple[Breach, str]]
    """Each a sentence that says how to play the case again."""


def play(world: World, scenario: Scenario, mishap: Mishap, more: Redeliveries, *, doubtful: bool) -> Played:
    """Play one case, and look at what stands after each delivery."""
    words = f"{scenario.name}; {mishap.words} at {mishap.step}; {more.count} more, {more.way}"
    playing = _Playing(world, scenario.begin(world), mishap, doubtful=doubtful)
    breaches = [(what, f"{words}: {sentence}") for what, sentence in playing.run(more)]
    return Played(playing.met, breaches)


class _Playing:
    def __init__(self, world: World, case: Case, mishap: Mishap, *, doubtful: bool) -> None:
        self.met = False
        self._world = world
        self._case = case
        self._mishap = mishap
        self._doubtful = doubtful
        self._ahead = case.ahead
        self._deliveries = 0
        self._acknowledged = False

    def run(self, more: Redeliveries) -> Found:
        for batch in self._batches(self._case.trouble | self._mishap.faults, more):
            yield from self._deliver(*batch)
        while not self._acknowledged:
            if self._deliveries > PATIENCE + more.count:
                yield "stuck", f"not acknowledged after {self._deliveries} deliveries"
                return
            yield from self._deliver({})

    def _batches(self, faults: dict[str, Fault], more: Redeliveries) -> list[list[dict[str, Fault]]]:
        """The faults of each delivery, those of one batch being made at the same time."""
        sound: dict[str, Fault] = {}
        match more.way:
            case "one after another":
                return [[faults], *([sound] for _ in range(more.count))]
            case "at the same time, later":
                return [[faults], [sound] * more.count]
            case "at the same time as it":
                return [[faults, *[self._case.trouble] * more.count]]
            case "with the same fault":
                return [[faults] * (1 + more.count)]

    def _deliver(self, *faults: dict[str, Fault]) -> Found:
        """Deliver at once, each under its faults, and look at what stands then."""
        if self._deliveries:
            self._ahead += LATER
        jobs = [
            Job(
                function=self._case.function,
                event=self._case.event(self._deliveries + n + 1),
                faults=each,
                ahead=self._ahead,
            )
            for n, each in enumerate(faults)
        ]
        ended = self._world.functions.deliver(*jobs)
        self._deliveries += len(jobs)
        self.met = self.met or any(self._mishap.step in each.met for each in ended)
        self._acknowledged = self._acknowledged or any(each.acknowledged for each in ended)
        yield from self._case.find_now()
        if self._acknowledged:
            yield from self._case.find_acknowledged(doubtful=self._doubtful)
