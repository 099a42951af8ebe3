"""Time linear and memory at most 4 x the body, for each hostile family."""

import random
from collections.abc import Callable
from contextlib import suppress

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback
from tests.faults.bodies.doubling import STEEPEST, exponent
from tests.faults.tally import Scale, Tallies
from tests.unit.memory import LARGEST, MOST, peak_memory
from tests.wire.hostile.families import FAMILIES

DOUBLED = "bodies: doubled"
MEMORY = "bodies: memory"


def drop_kilobyte_by_kilobyte(body: bytes) -> None:
    """Quadratic, as a splitter that keeps cutting what it has read off the body."""
    while body:
        body = body[1024:]


def count_line_ends(body: bytes) -> int:
    return sum(1 for byte in body if byte == 10)


def test_a_quadratic_function_would_be_found_and_a_linear_one_would_not(scale: Scale) -> None:
    sizes = sizes_of(scale)
    steep = exponent(drop_kilobyte_by_kilobyte, bytes, sizes)
    plain = exponent(count_line_ends, bytes, sizes)
    assert steep is not None
    assert plain is not None
    assert plain <= STEEPEST < steep


def test_twice_the_body_takes_twice_the_time(scale: Scale, tallies: Tallies) -> None:
    sizes = sizes_of(scale)
    with tallies.of(DOUBLED) as tally:
        slopes = {}
        for name, (content_type, build) in FAMILIES.items():
            slope = exponent(decoding(content_type), build, sizes)
            if slope is None:
                continue
            slopes[name] = slope
            tally.cases += 1
            tally.expect(slope <= STEEPEST, "wrong", f"{name}: time grows with the size to the power {slope:.2f}")
        steepest = max(slopes, key=lambda name: slopes[name])
        tally.note(f"the steepest: {steepest}, exponent {slopes[steepest]:.2f}, to {sizes[-1] / 1e6:.1f} MB")
        tally.note(f"{len(FAMILIES) - len(slopes)} too quick to measure, under 1 ms/MB")


def test_no_family_takes_more_memory_than_four_times_its_body(scale: Scale, tallies: Tallies) -> None:
    names = sorted(FAMILIES)
    chosen = random.Random("4711").sample(names, scale(short=5, long=len(names)))  # noqa: S311
    with tallies.of(MEMORY) as tally:
        for name in chosen:
            content_type, build = FAMILIES[name]
            taken = peak_memory(content_type, build(LARGEST))
            tally.expect(taken <= MOST, "wrong", f"{name}: {taken:.1f} x the body")
            tally.cases += 1


def sizes_of(scale: Scale) -> tuple[int, int]:
    largest = scale(short=500_000, long=LARGEST)
    return largest // 4, largest


def decoding(content_type: str) -> Callable[[bytes], None]:
    def work(body: bytes) -> None:
        with suppress(MalformedCallback):
            decode_callback(content_type, body)

    return work
