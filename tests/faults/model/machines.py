"""State machines for hypothesis: they draw what happens next to one message, real and modelled."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.faults.model.events import DELAYED, NO_ANSWER, of
from tests.faults.model.ground import Ground
from tests.faults.model.lockstep import ENDED, GIVEN_UP, Lockstep
from tests.faults.model.protocol import ANSWERS, OUT_OF_REACH
from tests.faults.model.world import Process, Rules, Step
from tests.faults.tally import Tally

TAKEN = "taken, answered with its mtId"
TROUBLES = ("", "", "", ENDED, GIVEN_UP, DELAYED, NO_ANSWER, OUT_OF_REACH)
Draw = st.DataObject


class _Machine(RuleBasedStateMachine):
    """A message, and the count of what was done to it."""

    def __init__(self, ground: Ground, rules: Rules, tally: Tally) -> None:
        super().__init__()
        self._tally = tally
        self.both = Lockstep(ground, rules)

    def take(self, step: Step) -> None:
        self._tally.cases += 1
        self.both.take(step)

    def take_one_of(self, draw: Draw, steps: list[Step]) -> None:
        """First what happens, then how: that there are many answers makes none of them likelier."""
        by_what: dict[tuple[str, int], list[Step]] = {}
        for step in steps:
            by_what.setdefault((step.what, step.who), []).append(step)
        if by_what:
            which = draw.draw(st.sampled_from(list(by_what.values())), label="what")
            self.take(draw.draw(st.sampled_from(which), label="how"))

    def teardown(self) -> None:
        self.both.end()


class Interleaved(_Machine):
    """Deliveries and handlers at the same time, one step of one of them after another."""

    @rule(draw=st.data(), kind=st.sampled_from(["on"] * 6 + ["end"] + ["else"] * 3))
    def something_happens(self, draw: Draw, kind: str) -> None:
        at_work = {each.name: each.at for each in self.both.world.running}
        steps = self.both.choices()
        on = [step for step in steps if at_work.get(step.who) == step.what]
        groups = {"on": on, "end": list(self.both.endings()), "else": [step for step in steps if step not in on]}
        self.take_one_of(draw, groups[kind] or steps)


class StepByStep(_Machine):
    """One delivery or report after another, each with an answer of OpenMarket's and trouble at one of its steps."""

    @rule(
        draw=st.data(),
        answer=st.sampled_from([*ANSWERS, *[TAKEN] * 4]),  # most of what there is comes after it
        trouble=st.sampled_from(TROUBLES),
        nth=st.integers(0, 7),
    )
    def the_queue_brings_it(self, draw: Draw, answer: str, trouble: str, nth: int) -> None:
        out = OUT_OF_REACH if trouble == OUT_OF_REACH else ""
        before = self.both.world.started
        brings = [step for step in self.both.choices() if step.what == "the queue brings"]
        self.take_one_of(draw, [step for step in brings if step.choice == out])
        if self.both.world.started > before:
            self._to_the_end(answer, trouble, nth)

    @rule(draw=st.data(), trouble=st.sampled_from(["", "", ENDED, GIVEN_UP, DELAYED]), nth=st.integers(0, 2))
    @precondition(lambda self: self.both.world.taken)
    def openmarket_reports(self, draw: Draw, trouble: str, nth: int) -> None:
        before = self.both.world.started
        self.take_one_of(draw, [step for step in self.both.choices() if step.what == "OpenMarket reports"])
        if self.both.world.started > before:
            self._to_the_end("", trouble, nth)

    @rule(draw=st.data())
    @precondition(lambda self: self.both.world.strays or self.both.world.item)
    def something_else_happens(self, draw: Draw) -> None:
        brought = ("the queue brings", "OpenMarket reports")
        self.take_one_of(draw, [step for step in self.both.choices() if step.what not in brought])

    def _to_the_end(self, answer: str, trouble: str, nth: int) -> None:
        """The delivery that has begun, with trouble before its nth step."""
        name = self.both.world.started
        while mine := [each for each in self.both.world.running if each.name == name]:
            wanted = trouble if nth == 0 else ""
            nth -= 1
            self.take(self._step(mine[0], wanted, answer))

    def _step(self, process: Process, trouble: str, answer: str) -> Step:
        if trouble == ENDED or (trouble == GIVEN_UP and process.at not in {"claim", "post", "ack"}):
            return self.both.ending(process, trouble)
        steps = {step.choice: step for step in of(process, self.both.world, self.both.rules)}
        if process.at == "post":
            return steps.get(answer) or steps["not taken, answer lost"]
        return steps.get(trouble) or steps[""]
