"""What a row of the hostile table is, and short ways to write one."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

from tests.wire import bodies
from tests.wire.bodies import WirePart

BOUNDARY = "mime-canary"  # a reason that quotes the input would most likely quote one of the canaries in it
TYPE = f"multipart/mixed; boundary={BOUNDARY}"
JSON = "application/json"

_numbers = itertools.count(700_000_000_000_001)


@dataclass(frozen=True, slots=True)
class Kept:
    """A media part as it must come out: these bytes, exactly these flags, and whatever `fields` names."""

    data: bytes
    flags: frozenset[str] = frozenset()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """A, or F where there are flags; flags None: the row leaves open whether it is A or F."""

    parts: tuple[Kept, ...] = ()
    flags: frozenset[str] | None = frozenset()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reported:
    """A delivery report with these fields."""

    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Q or R: kept raw."""

    outcome: Literal["quarantined", "truncated"]


Q = Refused("quarantined")
R = Refused("truncated")
Expectation = Stored | Reported | Refused


@dataclass(frozen=True)
class Row:
    """One callback and what must become of it."""

    label: str  # `row-11 cut in the middle of media`
    source: bytes | Callable[[], bytes]  # large bodies are built only when they are needed
    expected: Expectation
    content_type: str = TYPE
    repeats: str | None = None  # the label of the row whose content this one has again

    @cached_property
    def body(self) -> bytes:
        """The bytes that are posted."""
        return self.source if isinstance(self.source, bytes) else self.source()

    @property
    def over_http(self) -> tuple[int, str]:
        """Status and first word of `X-Mms-Outcome` when the rows are posted in order, each for the first time."""
        if isinstance(self.expected, Refused):
            return (200 if self.expected is Q else 503), self.expected.outcome
        if self.repeats:
            return 200, "duplicate"
        return 200, "report" if isinstance(self.expected, Reported) else "stored"


body = partial(bodies.message, boundary=BOUNDARY)


def main(
    json_bytes: bytes | None = None,
    *,
    headers: Sequence[bytes] | None = None,
    encoding: str | None = None,
    **fields: Any,
) -> WirePart:
    """A JSON part with a moId that no other row has, and a canary."""
    content = mo_json(**fields) if json_bytes is None else json_bytes
    return bodies.main(content, headers=headers, encoding=encoding)


def mo_json(*members: str, absent: Sequence[str] = (), **fields: Any) -> bytes:
    """The JSON of such a part."""
    fresh: dict[str, Any] = {"moId": next(_numbers), "userAgent": "canary"}
    return bodies.mo_json(*members, absent=absent, **{**fresh, **fields})


def kept(data: bytes, *flags: str, **fields: Any) -> Kept:
    """A media part that comes out with these bytes, these flags, these fields."""
    return Kept(data, frozenset(flags), fields)


def stored(*parts: bytes | Kept, flags: Sequence[str] | None = (), **fields: Any) -> Stored:
    """A message that comes out with these parts (bytes: without flags), these flags, these fields."""
    expected = tuple(kept(each) if isinstance(each, bytes) else each for each in parts)
    return Stored(expected, None if flags is None else frozenset(flags), fields)
