"""The search is worth something: each mistake that the protocol could have made is found, by the promise it breaks."""

import pytest

from tests.faults.model.bugs import BROKEN_BY, shortest_way
from tests.faults.model.search import search
from tests.faults.model.world import Bug, Rules
from tests.faults.tally import Scale, Tallies

KIND = "model: seeded bugs found"


@pytest.mark.parametrize("bug", Bug, ids=lambda bug: bug.name.lower())
def test_a_seeded_bug_is_found(tallies: Tallies, bug: Bug) -> None:
    with tallies.of(KIND) as tally:
        rules, promise = BROKEN_BY[bug]
        tally.cases += 1
        found = shortest_way(bug)
        print("\n".join([f"{bug.name}, {rules.name}, {found.states:,} states:", *found.trace]))
        sentence = f"{bug.name} does not break “{promise}” in “{rules.name}”"
        tally.expect(found.broken == promise and len(found.trace) > 1, "wrong", sentence)


@pytest.mark.parametrize("rules", dict(BROKEN_BY.values()), ids=lambda rules: rules.name)
def test_without_the_bug_the_same_search_finds_nothing(scale: Scale, rules: Rules) -> None:
    if not scale.long:
        pytest.skip("a minute in all: in the long run")
    assert not search(rules).broken
