"""Time linear and memory at most 4 x the body, for each hostile family."""

import random
from collections.abc import Callable
from contextlib import suppress

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback
from tests.faults.bodies.doubling import STEEPEST, exponent
from tests.faults.tally import Scale, Tallies
from tests.unit.test_hostile_resources import LARGEST, test_memory_stays_within_four_times_the_body
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
            if slope is not None:
                slopes[name] = slope
                tally.expect(slope <= STEEPEST, "wrong", f"{name}: time grows with the size to the power {slope:.2f}")
            tally.cases += 1
        steepest = max(slopes, key=lambda name: slopes[name])
        told = f"{len(slopes)} slower than 1 ms/MB; the steepest: {steepest}, exponent {slopes[steepest]:.2f}"
        tally.note(f"{told}, to {sizes[-1] / 1e6:.1f} MB")


def test_no_family_takes_more_memory_than_four_times_its_body(scale: Scale, tallies: Tallies) -> None:
    names = sorted(FAMILIES)
    chosen = random.Random("4711").sample(names, scale(short=5, long=len(names)))  # noqa: S311
    with tallies.of(MEMORY) as tally:
        for name in chosen:
            try:
                test_memory_stays_within_four_times_the_body(*FAMILIES[name])
            except AssertionError as error:
                tally.breach("wrong", f"{name}: {error}")
            tally.cases += 1


def sizes_of(scale: Scale) -> list[int]:
    largest = scale(short=500_000, long=LARGEST)
    return [largest // 4, largest // 2, largest]


def decoding(content_type: str) -> Callable[[bytes], None]:
    def work(body: bytes) -> None:
        with suppress(MalformedCallback):
            decode_callback(content_type, body)

    return work
