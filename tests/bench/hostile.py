"""Bodies made to hurt, of 4 MB: every family of tests/wire, decoded whole, with the hashes of its parts.

A row for the slowest that keeps the goal, and one for each that does not; `make bench ROW=hostile-all` prints them all.
"""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from requests_toolbelt.multipart.decoder import ImproperBodyPartContentException, MultipartDecoder

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback
from tests.bench.measuring import in_turn
from tests.bench.table import Figure
from tests.bench.workbench import Workbench
from tests.wire.hostile.families import FAMILIES

SMALL, LARGE = 1_000_000, 4_000_000  # bytes; Lambda takes 4.6 MB
MOST = 10.0  # ms
STEEPEST = 5.0
ROUNDS = 7


def decode(content_type: str, body: bytes) -> None:
    """Decode a body as the callback function does, which has its hash already."""
    with suppress(MalformedCallback):
        decode_callback(content_type, body, body_sha256="0" * 64)


def measure(bench: Workbench) -> Iterator[Figure]:
    """The families' times beside 10 ms and beside those of 1 MB, and many parts beside the toolbelt."""
    if any(bench.wants(row) for row in ("hostile-time", "hostile-growth", "hostile-all")):
        yield from _families(bench)
    if bench.wants("hostile-parts-toolbelt"):
        yield _many_parts(bench)


def _families(bench: Workbench) -> Iterator[Figure]:
    times, growths = [], []
    for name, (content_type, build) in FAMILIES.items():
        bodies = build(SMALL), build(LARGE)
        small, large = in_turn([partial(decode, content_type, body) for body in bodies], bench.rounds(ROUNDS))
        times.append(
            Figure(row="hostile-time", what=f"4 MB, {name} : 10 ms", ours=large * 1e3, theirs=MOST, unit="ms", goal=1.0)
        )
        growths.append(
            Figure(
                row="hostile-growth",
                what=f"4 MB, {name} : 1 MB of it",
                ours=large * 1e3,
                theirs=small * 1e3,
                unit="ms",
                goal=STEEPEST,
            )
        )
    if bench.wants("hostile-all") and not bench.wants("hostile-time"):
        yield from itertools.chain.from_iterable(zip(times, growths, strict=True))
        return
    yield from _worst(times)
    yield from _worst([growth for growth in growths if growth.ours > 1])  # below 1 ms the clock is all that grows


def _worst(figures: list[Figure]) -> Iterator[Figure]:
    kept = [figure for figure in figures if not figure.missed]
    if kept:
        slowest = max(kept, key=lambda figure: figure.ratio)
        yield replace(slowest, note=f"the slowest of {len(kept)} families that keep it")
    yield from sorted((figure for figure in figures if figure.missed), key=lambda figure: figure.ratio)


def _many_parts(bench: Workbench) -> Figure:
    content_type, build = FAMILIES["parts with a header"]
    body = build(LARGE)

    def toolbelt() -> None:
        with suppress(ImproperBodyPartContentException):
            MultipartDecoder(body, content_type)

    ours, theirs = in_turn([partial(decode, content_type, body), toolbelt], bench.rounds(3))
    what = "refusing 4 MB of small parts : the toolbelt, which reads them all"
    return Figure(row="hostile-parts-toolbelt", what=what, ours=ours * 1e3, theirs=theirs * 1e3, unit="ms", goal=0.02)
