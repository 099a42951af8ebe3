"""How the simulator may misbehave on request: one type each, its fields the options, as in the control API's JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

from local.simulator.fields import FieldError, read_options, require, require_between, write_options

MAX_SECONDS = 600  # as long as any pause of the simulator
MAX_AFTER = 100_000_000  # more than any body
MAX_BODY = 100_000  # characters of an answer: it goes out at once, whether or not the client reads
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
HEADER_VALUE = re.compile(r"[\t -~]{0,1000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Accepts at once, answers late."""

    kind: ClassVar[str] = "slow"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        require_between(self, {"seconds": (0, MAX_SECONDS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """429, not accepted."""

    kind: ClassVar[str] = "throttle"
    retry_after: str = ""  # the header's value, seconds or a date; empty: no header

    def __post_init__(self) -> None:
        _require_header_value("retry_after", self.retry_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """An error in OpenMarket's form, not accepted; 0 and empty stand for what is documented for the code."""

    kind: ClassVar[str] = "error"
    code: int = 1010
    status: int = 0
    description: str = ""

    def __post_init__(self) -> None:
        require(self.status == 0 or 200 <= self.status <= 599, "status", "expected 200 to 599, or 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Any answer: an undocumented status, a redirect, a proxy's page; whether the message was accepted is an option."""

    kind: ClassVar[str] = "status"
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    accepts: bool = False

    def __post_init__(self) -> None:
        require_between(self, {"status": (200, 599)})
        for name, value in self.headers.items():
            fits = HEADER_NAME.fullmatch(name) and name.lower() not in {"content-length", "transfer-encoding"}
            require(
                bool(fits), "headers", "expected names of headers, Content-Length and Transfer-Encoding not among them"
            )
            _require_header_value("headers", value)
        _require_body("body", self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequest:
    """RST once so many bytes of the body were read; -1: once it was read whole, where it may have been accepted."""

    kind: ClassVar[str] = "reset-request-after"
    after: int = -1
    accepts: bool = False

    def __post_init__(self) -> None:
        require_between(self, {"after": (-1, MAX_AFTER)})
        require(self.after == -1 or not self.accepts, "accepts", "expected false: the body would not be whole")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetAnswer:
    """Accepts, sends so many bytes of the answer, then RST; a negative number counts from the answer's end."""

    kind: ClassVar[str] = "reset-answer-after"
    after: int = 0

    def __post_init__(self) -> None:
        require_between(self, {"after": (-MAX_AFTER, MAX_AFTER)})


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAnswer:
    """Accepts, sends so many bytes of the answer, then an orderly end; a negative number counts from its end."""

    kind: ClassVar[str] = "cut-answer-after"
    after: int = 0

    def __post_init__(self) -> None:
        require_between(self, {"after": (-MAX_AFTER, MAX_AFTER)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Reads the body whole and never answers; after so many seconds, or once the client has left, it hangs up."""

    kind: ClassVar[str] = "silence"
    seconds: float = 60.0
    accepts: bool = True

    def __post_init__(self) -> None:
        require_between(self, {"seconds": (0, MAX_SECONDS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceUnread:
    """Leaves the body unread and hangs up after so many seconds; never accepts."""

    kind: ClassVar[str] = "silence-unread"
    seconds: float = 60.0

    def __post_init__(self) -> None:
        require_between(self, {"seconds": (0, MAX_SECONDS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyAnswer:
    """Answers once so many bytes of the body were read, then reads on; a 200 has accepted whatever comes."""

    kind: ClassVar[str] = "early-answer"
    after: int = 0
    status: int = 200

    def __post_init__(self) -> None:
        require_between(self, {"after": (0, MAX_AFTER), "status": (200, 599)})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJson:
    """Accepts; a 200 that claims to be JSON and isn't."""

    kind: ClassVar[str] = "not-json"
    body: str = "OK"

    def __post_init__(self) -> None:
        _require_body("body", self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMtId:
    """Accepts; a 200 with an object that has no mtId."""

    kind: ClassVar[str] = "no-mt-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddMtId:
    """Accepts; a 200 whose mtId is any piece of JSON."""

    kind: ClassVar[str] = "odd-mt-id"
    mt_id: str = '"x-1"'

    def __post_init__(self) -> None:
        _require_body("mt_id", self.mt_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMtId:
    """Accepts; a 200 as documented but for the mtId, which is a text."""

    kind: ClassVar[str] = "text-mt-id"


Behaviour = (
    Slow
    | Throttle
    | Error
    | Status
    | ResetRequest
    | ResetAnswer
    | CutAnswer
    | Silence
    | SilenceUnread
    | EarlyAnswer
    | NotJson
    | NoMtId
    | OddMtId
    | TextMtId
)
_KINDS: dict[str, type[Behaviour]] = {each.kind: each for each in get_args(Behaviour)}


def is_early(behaviour: Behaviour) -> bool:
    """Tell whether it plays before the body has been read."""
    return isinstance(behaviour, SilenceUnread | EarlyAnswer) or (
        isinstance(behaviour, ResetRequest) and behaviour.after >= 0
    )


def accepts(behaviour: Behaviour | None) -> bool:
    """Tell whether a whole and valid request is accepted under it."""
    match behaviour:
        case Throttle() | Error() | SilenceUnread():
            return False
        case Status() | ResetRequest() | Silence():
            return behaviour.accepts
        case EarlyAnswer():
            return behaviour.status == 200
        case _:
            return True


def write_behaviour(behaviour: Behaviour) -> dict[str, Any]:
    """Give a behaviour as JSON."""
    return {"kind": behaviour.kind, **write_options(behaviour)}


def read_behaviour(given: object, place: str) -> Behaviour:
    """Read a behaviour, or raise a `FieldError`."""
    if not isinstance(given, dict):
        raise FieldError(place, "expected an object")
    options = dict(given)
    kind = options.pop("kind", None)
    words = ", ".join(map(repr, _KINDS))
    require(isinstance(kind, str) and kind in _KINDS, f"{place}.kind", f"expected one of {words}")
    behaviour: Behaviour = read_options(_KINDS[str(kind)](), options, place)
    return behaviour


def _require_header_value(name: str, value: str) -> None:
    require(HEADER_VALUE.fullmatch(value) is not None, name, "expected one line of at most 1000 ASCII characters")


def _require_body(name: str, value: str) -> None:
    clean = not any("\ud800" <= character <= "\udfff" for character in value)
    fits = clean and len(value) <= MAX_BODY
    require(fits, name, f"expected text that can be written as UTF-8, at most {MAX_BODY} characters")
