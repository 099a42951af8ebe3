"""Legal bodies and bent ones by the thousand: nothing is read wrongly, and nothing but our own error comes out."""

import dataclasses

from tests.faults.bodies.legal_bodies import LegalBodies
from tests.faults.bodies.mutations import mutation
from tests.faults.bodies.reading import compare, read_mutations
from tests.faults.bodies.second_opinion import differences
from tests.faults.bodies.shares import count_all
from tests.faults.tally import Scale, Tallies
from tests.unit.invariants import read

LEGAL = "bodies: legal MIME against the standard library's parser"
MUTATIONS = "bodies: mutations"


def test_legal_mime_is_read_as_it_was_sent_and_as_the_standard_library_reads_it(scale: Scale, tallies: Tallies) -> None:
    with tallies.of(LEGAL) as tally:
        count_all(compare, scale(short=1_000, long=100_000), tally, "bodies")


def test_a_byte_too_few_in_one_part_would_be_found() -> None:
    legal = next(each for each in (LegalBodies(f"legal {n}").body() for n in range(99)) if len(each.parts) > 1)
    first, *rest = legal.parts
    short = dataclasses.replace(legal, parts=(dataclasses.replace(first, data=first.data + b"x"), *rest))
    assert not list(differences(legal))
    assert "lost" in {what for what, _ in differences(short)}


def test_no_mutation_gives_anything_but_a_result_or_our_own_error(scale: Scale, tallies: Tallies) -> None:
    with tallies.of(MUTATIONS) as tally:
        count_all(read_mutations, scale(short=10_000, long=1_000_000), tally, "bodies")


def test_mutations_reach_every_kind_of_outcome() -> None:
    bent = [mutation(f"mutation {n}") for n in range(2_000)]
    outcomes = [type(read(each.content_type, each.body, each.encoding)).__name__ for each in bent]
    assert {name for name in outcomes if outcomes.count(name) > 20} == {
        "InboundMms",
        "DeliveryReport",
        "MalformedCallback",
        "TruncatedCallback",
    }
