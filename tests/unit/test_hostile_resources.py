"""Bodies of every kind made to hurt: memory stays within 4 x the body, and no body takes a second."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback
from tests.unit.memory import LARGEST, MOST, peak_memory
from tests.wire.bodies import main, message, part
from tests.wire.hostile.families import FAMILIES, TYPE


@pytest.mark.parametrize(("content_type", "build"), FAMILIES.values(), ids=FAMILIES)
def test_memory_stays_within_four_times_the_body(content_type: str, build: Callable[[int], bytes]) -> None:
    body = build(LARGEST)
    assert len(body) > LARGEST * 0.9
    taken = peak_memory(content_type, body)
    assert taken <= MOST, f"{taken:.1f} x the body"


def headers_in_64_parts(header: bytes) -> Callable[[int], bytes]:
    return lambda _: message(main(), *[part(b"", headers=[header])] * 64)


BLANKS = 970  # as many as a Content-Type may have, nearly
HEADER_FAMILIES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "Content-Types of blanks": (
        TYPE,
        headers_in_64_parts(b"Content-Type: text/plain;" + b" " * BLANKS + b"x"),
    ),
    "Content-Types of tabs": (
        TYPE,
        headers_in_64_parts(b"Content-Type: text/plain;" + b"\t" * BLANKS + b"x"),
    ),
    "Content-Types of blanks and equals": (TYPE, headers_in_64_parts(b"Content-Type: a/b;" + b" =" * 480)),
    "Content-Types of semicolons": (TYPE, headers_in_64_parts(b"Content-Type: a/b" + b";" * BLANKS)),
    "Content-Types of open quotes": (TYPE, headers_in_64_parts(b"Content-Type: a/b" + b';a="' * 240)),
    "Content-Types of backslashes": (TYPE, headers_in_64_parts(b'Content-Type: a/b;a="' + b"\\" * BLANKS)),
    "Content-Types of 10 KB": (TYPE, headers_in_64_parts(b"Content-Type: a/b;" + b" " * 10_000 + b"x")),
    "Content-Ids of blanks": (TYPE, headers_in_64_parts(b"Content-Id: a" + b" " * 10_000 + b"b")),
    "a request's Content-Type of blanks": (f"multipart/mixed;{' ' * BLANKS}x", lambda _: message(main())),
    "addresses of blanks": (TYPE, lambda _: message(main(source=" " * 30_000 + "x", destinations=["+" * 30_000]))),
}


@pytest.mark.parametrize(
    ("content_type", "build"),
    [pytest.param(*family, id=name) for name, family in {**FAMILIES, **HEADER_FAMILIES}.items()],
)
def test_no_body_takes_a_second_of_the_processor(content_type: str, build: Callable[[int], bytes]) -> None:
    body = build(LARGEST)
    began = time.process_time()
    with suppress(MalformedCallback):
        decode_callback(content_type, body)
    assert time.process_time() - began < 1, "hostile-callbacks: under 1 s for the largest; usually a tenth of that"
