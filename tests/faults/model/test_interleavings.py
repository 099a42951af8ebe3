"""The model keeps its promises in every interleaving of deliveries, reports, crashes, zombies, delays, and a person."""

import pytest

from tests.faults.model.search import search
from tests.faults.model.settings import LONG, SHORT, TWO_REPORTS
from tests.faults.model.world import Arrival, Copy, Rules, World
from tests.faults.tally import Scale, Tallies

KIND = "model: all interleavings"
LARGE = 75_000  # states; such searches are told of one by one


@pytest.mark.parametrize("rules", [*SHORT, *LONG], ids=lambda rules: rules.name)
def test_no_interleaving_breaks_a_promise(tallies: Tallies, scale: Scale, rules: Rules) -> None:
    if rules in LONG and not scale.long:
        pytest.skip("takes minutes: in the long run")
    with tallies.of(KIND) as tally:
        found = search(rules)
        tally.cases += found.states
        tally.expect(not found.broken, "wrong", "\n  ".join([rules.name, *found.trace]))
        if found.states > LARGE:
            tally.note(f"{found.states:,} states {found.depth} deep")
        print(f"{rules.name}: {found.states:,} states, {found.steps:,} steps, {found.depth} deep")


def test_a_zombie_that_settles_its_own_doubt_and_ends_before_the_join_leaves_its_report_unshown() -> None:
    """A known limit: the report stays as an item of its own, and nothing is lost; no function outlives its lease."""
    start = World((Copy("a", 2),), (Arrival(1), Arrival(1)))
    found = search(Rules("zombies", start, TWO_REPORTS, zombies=True))
    assert found.broken == "the latest report is shown"
    assert any("accept -> status ACCEPTED" in line for line in found.trace)
