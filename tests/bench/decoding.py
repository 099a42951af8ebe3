"""From an API event to parts, with every transfer encoding undone: time and memory.

Content hashes stand in rows of their own. A body's media are random bytes; the boundary is the documents' own,
`mimeboundary`, and once one of 40 characters, for the longer it is the faster its search.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, get_args

import pybase64
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

import receive_callback
from mms_gateway.openmarket import decode
from mms_gateway.openmarket.content_type import boundary_of, read_content_type
from mms_gateway.openmarket.media import Media, read_multipart
from tests.bench.bodies import Encoding, api_event, media_message
from tests.bench.measuring import in_turn, peak_memory
from tests.bench.peers import email_parser, toolbelt_callback
from tests.bench.table import Figure
from tests.bench.workbench import Workbench
from tests.wire.bodies import BOUNDARY

SIZES = {"30KB": 30_000, "300KB": 300_000, "1MB": 1_000_000, "3MB": 3_000_000}
PARTS = (1, 8)
LONG_BOUNDARY = "----=_Part_9876543_1234567890.1795912345"  # 40 characters, as Java's mail library makes them
ROUNDS = 15

Event = dict[str, Any]


def read_parts(event: Event) -> tuple[bytes, list[Media], list[Any]]:
    """What the callback function does between the event and the content hashes."""
    body, fault = receive_callback._read_body(APIGatewayProxyEvent(event))
    assert fault is None
    media_type = read_content_type.__wrapped__(event["headers"]["Content-Type"])  # in life a new one each time
    assert media_type is not None
    return read_multipart(body, boundary_of(media_type), "auto")


def measure(bench: Workbench) -> Iterator[Figure]:
    """Time, memory, hashes."""
    yield from _times(bench)
    yield from _limits(bench)
    yield from _memory(bench)
    yield from _hashes(bench)


def _times(bench: Workbench) -> Iterator[Figure]:
    for encoding, (size, media_bytes), parts in itertools.product(get_args(Encoding), SIZES.items(), PARTS):
        case = f"{encoding}-{size}-{parts}"
        toolbelt, email = f"decode-toolbelt-{case}", f"decode-email-{case}"
        if not (bench.wants(toolbelt) or bench.wants(email)):
            continue
        event = api_event(media_message(media_bytes, parts, encoding))
        readers = (read_parts, toolbelt_callback.read_parts, email_parser.read_parts)
        ours, theirs, emails = in_turn([partial(reader, event) for reader in readers], bench.rounds(ROUNDS))
        what = f"decode {size} {encoding}, {_parts(parts)}"
        for row, peer, taken, goal in ((toolbelt, "toolbelt", theirs, 0.15), (email, "email parser", emails, 0.03)):
            yield _milliseconds(row, f"{what} : {peer}", ours, taken, goal)


def _limits(bench: Workbench) -> Iterator[Figure]:
    """Binary media beside nothing but the decoding of the event's base64, which nobody can do without."""
    boundaries = (BOUNDARY, LONG_BOUNDARY)
    for (size, media_bytes), parts, boundary in itertools.product(SIZES.items(), PARTS, boundaries):
        row = f"decode-limit-{size}-{parts}-boundary{len(boundary)}"
        if media_bytes < 1_000_000 or not bench.wants(row):
            continue
        event = api_event(media_message(media_bytes, parts, "binary", boundary=boundary), boundary)
        bare = partial(pybase64.b64decode, event["body"], validate=True)
        ours, theirs = in_turn([partial(read_parts, event), bare], bench.rounds(ROUNDS))
        what = f"decode {size} binary, {_parts(parts)}, boundary of {len(boundary)} : bare pybase64"
        yield _milliseconds(row, what, ours, theirs, 2.0)


def _memory(bench: Workbench) -> Iterator[Figure]:
    goals: dict[Encoding, float] = {"binary": 0.40, "base64": 0.60, "folded": 0.60}
    for (encoding, goal), parts in itertools.product(goals.items(), PARTS):
        row = f"decode-memory-{encoding}-{parts}"
        if bench.wants(row):
            event = api_event(media_message(3_000_000, parts, encoding))
            ours, theirs = (
                peak_memory(partial(reader, event)) / 1e6 for reader in (read_parts, toolbelt_callback.read_parts)
            )
            what = f"peak memory over the event, 3MB {encoding}, {_parts(parts)} : toolbelt"
            yield Figure(row=row, what=what, ours=ours, theirs=theirs, unit="MB", goal=goal)


def _hashes(bench: Workbench) -> Iterator[Figure]:
    for size, media_bytes in SIZES.items():
        row = f"hash-{size}"
        if bench.wants(row):
            _, media, _ = read_parts(api_event(media_message(media_bytes, 1, "binary")))
            ours, theirs = in_turn([partial(decode._parts, media), partial(_hash, media)], bench.rounds(ROUNDS))
            yield _milliseconds(row, f"content hash of {size} : bare hashlib", ours, theirs, 1.1)


def _hash(media: Sequence[Media]) -> list[str]:
    return [hashlib.sha256(each.data).hexdigest() for each in media]


def _parts(number: int) -> str:
    return f"{number} part{'s' if number > 1 else ''}"


def _milliseconds(row: str, what: str, ours: float, theirs: float, goal: float) -> Figure:
    return Figure(row=row, what=what, ours=ours * 1e3, theirs=theirs * 1e3, unit="ms", goal=goal)
