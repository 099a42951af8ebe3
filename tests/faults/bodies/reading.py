"""What is done to one numbered body, and what is found; run in processes of its own, so it stands in no test file."""

from collections.abc import Iterator

from tests.faults.bodies.legal_bodies import LegalBodies
from tests.faults.bodies.mutations import mutation
from tests.faults.bodies.second_opinion import differences
from tests.faults.bodies.shares import Finding
from tests.unit.invariants import read


def compare(numbers: range) -> list[Finding]:
    """Legal bodies, read by the decoder and by the standard library."""
    return [
        (what, f"LegalBodies('legal {n}').body(): {sentence}")
        for n in numbers
        for what, sentence in _differences(f"legal {n}")
    ]


def read_mutations(numbers: range) -> list[Finding]:
    """Mutations, which must give a result or our own error, either of them sound."""
    return [("wrong", f"mutation('mutation {n}'): {trouble}") for n in numbers for trouble in _trouble(f"mutation {n}")]


def _differences(seed: str) -> Iterator[Finding]:
    try:
        yield from differences(LegalBodies(seed).body())
    except Exception as error:  # noqa: BLE001 - none may come out; which one did is what is told
        yield "wrong", _told(error)


def _trouble(seed: str) -> Iterator[str]:
    bent = mutation(seed)
    try:
        read(bent.content_type, bent.body, bent.encoding)
    except Exception as error:  # noqa: BLE001 - as above
        yield _told(error)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
