"""Real sender, tables and report handler take the same steps as the model, drawn by hypothesis, on the stack."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from local.readback import ReadBack
from local.stack import Stack
from tests.faults.model.bugs import BROKEN_BY, shortest_way
from tests.faults.model.ground import Ground
from tests.faults.model.lockstep import Differs, Lockstep
from tests.faults.model.machines import Interleaved, StepByStep
from tests.faults.model.mistakes import MISTAKES, ON_THE_WAY
from tests.faults.model.settings import REAL, WITH_A_PERSON
from tests.faults.model.world import Bug, Rules
from tests.faults.tally import Scale, Tallies, Tally

Machine = type[StepByStep] | type[Interleaved]


@pytest.fixture(scope="module")
def ground(stack: Stack, stored: ReadBack) -> Ground:
    return Ground(stack, stored)


def drawn(examples: int, steps: int, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, phases=phases, derandomize=True, deadline=None,
        database=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def play(machine: Machine, ground: Ground, rules: Rules, tally: Tally, how: settings) -> None:
    begin = {"__init__": lambda self: machine.__init__(self, ground, rules, tally)}
    run_state_machine_as_test(type("Played", (machine,), begin), settings=how)


@pytest.mark.parametrize("rules", [REAL, WITH_A_PERSON], ids=lambda rules: rules.name)
def test_one_delivery_after_another_does_what_the_model_does(
    tallies: Tallies, scale: Scale, ground: Ground, rules: Rules
) -> None:
    with tallies.of("model: the real code, step by step") as tally:
        play(StepByStep, ground, rules, tally, drawn(scale(short=12, long=200), 14))


@pytest.mark.parametrize("rules", [REAL, WITH_A_PERSON], ids=lambda rules: rules.name)
def test_interleaved_deliveries_do_what_the_model_does(
    tallies: Tallies, scale: Scale, ground: Ground, rules: Rules
) -> None:
    with tallies.of("model: the real code, interleaved") as tally:
        play(Interleaved, ground, rules, tally, drawn(scale(short=12, long=200), 40))


@pytest.mark.parametrize("bug", Bug, ids=lambda bug: bug.name.lower())
def test_the_shortest_way_to_a_seeded_bug_leads_nowhere_in_the_real_code(
    tallies: Tallies, ground: Ground, bug: Bug
) -> None:
    rules, _ = BROKEN_BY[bug]
    with tallies.of("model: the real code, step by step") as tally:
        tally.cases += Lockstep(ground, rules).follow(shortest_way(bug).trace, bug)


@pytest.mark.parametrize("bug", ON_THE_WAY, ids=lambda bug: bug.name.lower())
def test_the_shortest_way_notices_the_bug_in_real_code_that_has_it(tallies: Tallies, ground: Ground, bug: Bug) -> None:
    rules, _ = BROKEN_BY[bug]
    with tallies.of("model: seeded bugs found") as tally:
        tally.cases += 1
        way = shortest_way(bug).trace
        shown_at = Lockstep(ground, rules).follow(way, bug)
        wrong = Lockstep(ON_THE_WAY[bug](ground), rules)
        with pytest.raises(Differs) as noticed:
            wrong.follow(way, bug)
        assert len(wrong.trace) == shown_at, "noticed at another step than where the bug shows"
        print(noticed.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_put_into_the_real_code_is_noticed(tallies: Tallies, ground: Ground, mistake: str) -> None:
    with tallies.of("model: seeded bugs found") as tally:
        tally.cases += 1
        wrong, machine, rules, shows = MISTAKES[mistake]
        with pytest.raises(Differs, match=shows) as noticed:
            play(machine, wrong(ground), rules, Tally("not counted"), drawn(120, 30, (Phase.generate,)))
        print(f"{mistake}:\n{noticed.value}")


@pytest.mark.parametrize(
    ("machine", "rules"),
    dict.fromkeys((each.machine, each.rules) for each in MISTAKES.values()),
    ids=lambda of: of.name if isinstance(of, Rules) else of.__name__,
)
def test_without_a_mistake_the_same_draws_notice_nothing(
    tallies: Tallies, scale: Scale, ground: Ground, machine: Machine, rules: Rules
) -> None:
    with tallies.of("model: the real code, where mistakes were put") as tally:
        play(machine, ground, rules, tally, drawn(scale(short=4, long=120), 30, (Phase.generate,)))
