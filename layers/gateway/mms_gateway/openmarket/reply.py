"""Read OpenMarket's answer to an MT request: an HTTP answer -> Accepted | Refused | TryLater | Unknown.

Sources: OpenMarket, "Things to Know" (200 with an mtId), the error form and codes of its sister APIs (SMS, API
overview), for the MMS page prints none. What no page tells is never taken for a failure: it is Unknown.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal

from mms_gateway.errors import MalformedJson
from mms_gateway.openmarket.strict_json import Number, read_object, repair

MAX_RETRY_AFTER = 10.0**6  # seconds, eleven days: longer than any message is tried
MAX_DESCRIPTION = 1000  # characters of the provider's words that are kept

Verdict = Literal["final", "temporary", "credentials", "redirect", "unknown"]

CODES: dict[str, Verdict] = {  # whatever the HTTP status
    "1000": "final",  # API overview: HTTP 500, permanent
    "1010": "temporary",  # API overview: HTTP 500, try again every 15 minutes for up to 24 hours
    "1020": "temporary",  # SMS response codes, as those below: may be sent again
    "351": "temporary",
    "581": "temporary",
    "811": "temporary",
    "815": "temporary",
}
"""What a documented code in the answer's body means."""

STATUSES: tuple[tuple[range, Verdict], ...] = (  # RFC 9110 where the provider says nothing; the first row that fits
    (range(300, 400), "redirect"),  # never followed: the message would go to a stranger
    (range(401, 402), "credentials"),
    (range(403, 404), "credentials"),
    (range(408, 409), "unknown"),  # who gave up waiting may have had all of it
    (range(429, 430), "temporary"),
    (range(503, 504), "temporary"),
    (range(400, 500), "final"),
)
"""What an HTTP status means where no mtId and no code decides; any other one is unknown, a 2xx without an mtId too."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_MT_ID = re.compile("[0-9]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """OpenMarket has taken the message."""

    mt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """OpenMarket will never take it."""

    status: int | None
    code: str | None
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLater:
    """It was not taken, and may be another time."""

    status: int | None = None
    code: str | None = None
    description: str
    after: float = 0.0
    """Seconds that OpenMarket asks to wait."""
    alarm: Literal["credentials", "redirect"] | None = None
    """What only a person can put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been taken: never send it again without asking."""

    status: int | None = None
    code: str | None = None
    description: str


Reply = Accepted | Refused | TryLater | Unknown


def read_reply(answer: Answer, *, now: datetime) -> Reply:
    """What a whole answer means; `now` is what a Retry-After in the form of a date counts from."""
    body = _body(answer.body)
    mt_id, code, words = _mt_id(body), *_error(body)
    status = answer.status
    if 200 <= status < 300 and mt_id is not None:
        return Accepted(mt_id=mt_id)
    verdict = CODES.get(code or "") or next((means for row, means in STATUSES if status in row), "unknown")
    if mt_id is not None:  # it contradicts itself, and may have taken the message
        verdict = "unknown"
    description = words or _described(status)
    match verdict:
        case "final":
            return Refused(status=status, code=code, description=description)
        case "unknown":
            return Unknown(status=status, code=code, description=description)
        case "temporary":
            return TryLater(status=status, code=code, description=description, after=_retry_after(answer, now))
    return TryLater(status=status, code=code, description=description, alarm=verdict)


def _body(raw: bytes) -> dict[str, Any]:
    """The body's JSON object; empty where it is none."""
    try:
        values, _ = read_object(raw)
    except MalformedJson:
        return {}
    return values


def _mt_id(body: dict[str, Any]) -> str | None:
    digits = _text(body.get("mtId"))
    return digits if digits is not None and _MT_ID.fullmatch(digits) else None


def _error(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """The code and the words of an error, as the sister APIs put them."""
    error = body.get("error")
    if not isinstance(error, dict):
        return None, None
    code, words = _text(error.get("code")), _text(error.get("description"))
    return (_plain(code) or "")[:40] or None if code else None, _plain(words) if words else None


def _text(value: object) -> str | None:
    if isinstance(value, Number):
        return value.literal
    return value if isinstance(value, str) else None


def _plain(words: str) -> str | None:
    return "".join(c if c.isprintable() else " " for c in repair(words))[:MAX_DESCRIPTION].strip() or None


def _described(status: int) -> str:
    if 200 <= status < 300:
        return f"OpenMarket answered {status} without an mtId"
    return f"OpenMarket answered {status} {_PHRASES.get(status, '')}".rstrip()


def _retry_after(answer: Answer, now: datetime) -> float:
    """Seconds to wait, from either form of Retry-After (RFC 9110, 10.2.3); 0 where there is none."""
    value = (answer.header("retry-after") or "").strip()
    if re.fullmatch("[0-9]+", value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), MAX_RETRY_AFTER)
