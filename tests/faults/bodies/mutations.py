"""The samples and small hostile rows, bent in every way that has ever broken a parser; each from its own seed."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import get_args

from mms_gateway.messages import CallbackEncoding
from tests.faults.bodies.tokens import NUMBERS, TOKENS
from tests.wire.hostile_rows import ROWS
from tests.wire.samples import NAMES, sample

SMALL = 4096  # bytes: large bodies are the resource tests' subject, and a million of them would take hours
DIGITS = re.compile(rb"[0-9]+")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A callback that nobody meant to send."""

    content_type: str
    body: bytes
    encoding: CallbackEncoding


@cache
def originals() -> list[tuple[str, bytes]]:
    """What is bent: every sample twice as likely as a hostile row."""
    # Without the no-break space that the provider's page prints, which would keep their bodies from being read.
    samples = [(sample(name).content_type.replace("\xc2\xa0", ""), sample(name).body) for name in NAMES]
    rows = [(row.content_type, row.body) for row in ROWS if len(row.body) <= SMALL]
    return samples * (2 * len(rows) // len(samples)) + rows


def mutation(seed: str) -> Mutation:
    """The mutation of this seed, always the same."""
    chance = random.Random(seed)  # noqa: S311  # to be played again, not to be secret
    content_type, body = chance.choice(originals())
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        body = chance.choice(WAYS)(body, chance)[: 4 * SMALL]
    if chance.random() < 0.1:
        bent = chance.choice(WAYS)(content_type.encode("latin-1", "replace"), chance)
        content_type = bent[:2000].decode("latin-1")
    encodings: tuple[CallbackEncoding, ...] = get_args(CallbackEncoding)
    return Mutation(content_type, body, chance.choice(encodings) if chance.random() < 0.2 else "auto")


def flip(body: bytes, chance: random.Random) -> bytes:
    """One bit is another one."""
    if not body:
        return body
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]


def overwrite(body: bytes, chance: random.Random) -> bytes:
    """Some bytes are any bytes."""
    start, end = _stretch(body, chance)
    return body[:start] + chance.randbytes(end - start) + body[end:]


def delete(body: bytes, chance: random.Random) -> bytes:
    """A stretch is missing."""
    start, end = _stretch(body, chance)
    return body[:start] + body[end:]


def insert(body: bytes, chance: random.Random) -> bytes:
    """A token stands where it does not belong."""
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(TOKENS) * chance.choice([1, 1, 1, 2, 70]) + body[at:]


def duplicate(body: bytes, chance: random.Random) -> bytes:
    """A stretch comes again and again."""
    start, end = _stretch(body, chance)
    return body[:end] + body[start:end] * chance.choice([1, 2, 40]) + body[end:]


def splice(body: bytes, chance: random.Random) -> bytes:
    """It goes on like another one."""
    _, other = chance.choice(originals())
    return body[: chance.randrange(len(body) + 1)] + other[chance.randrange(len(other) + 1) :]


def truncate(body: bytes, chance: random.Random) -> bytes:
    """It ends too early."""
    return body[: chance.randrange(len(body) + 1)]


def swap(body: bytes, chance: random.Random) -> bytes:
    """Two neighbouring stretches have changed places."""
    start, end = _stretch(body, chance)
    middle = chance.randint(start, end)
    return body[:start] + body[middle:end] + body[start:middle] + body[end:]


def bend_boundary(body: bytes, chance: random.Random) -> bytes:
    """A delimiter is not quite one, or stands once more."""
    first = body.partition(b"\n")[0].rstrip(b"\r\n \t")
    places = [found.start() for found in re.finditer(re.escape(first), body)] if first else []
    if not places:
        return insert(body, chance)
    at = chance.choice(places)
    forms = [
        first + b"--",
        first[:-1],
        first + b" \t",
        first + b"x",
        first.swapcase(),
        first[1:],
        b"\r\n" + first + b"\r\n",
    ]
    return body[:at] + chance.choice([*forms, first * 2, b""]) + body[at + len(first) :]


def bend_line_ends(body: bytes, chance: random.Random) -> bytes:
    """One line end, or all behind a place, are others."""
    at = chance.randrange(len(body) + 1)
    old, new = chance.sample([b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r"], 2)
    return body[:at] + body[at:].replace(old, new, chance.choice([1, 1, -1]))


def bend_number(body: bytes, chance: random.Random) -> bytes:
    """A number is another one."""
    places = [found.span() for found in DIGITS.finditer(body)]
    if not places:
        return insert(body, chance)
    start, end = chance.choice(places)
    return body[:start] + chance.choice(NUMBERS) + body[end:]


Way = Callable[[bytes, random.Random], bytes]
WAYS: list[Way] = [
    *(flip, overwrite, delete, insert, insert, duplicate, splice, truncate, swap),
    *(bend_boundary, bend_line_ends, bend_number),
]


def _stretch(body: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(body) + 1)
    return start, min(len(body), start + chance.choice([1, 1, 2, 4, 16, 100, 600]))
