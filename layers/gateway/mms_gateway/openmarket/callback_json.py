"""Read a callback's JSON: strictly, losslessly, and field by field."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NoReturn

from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import Flag

MAX_JSON = 64 * 1024  # bytes; a callback's JSON has a few hundred, and it must fit an item beside the texts
MAX_DEPTH = 32  # levels, the object itself being the first; the documents need two
MAX_SUBJECT = 255  # characters, by the documents
MAX_ADDRESS = 255  # bytes of UTF-8; the longest e-mail address has 254, and an index key has room for it
MAX_ID_DIGITS = 40  # the documented ones have 15
MAX_INTEGER_DIGITS = 18  # documented operator ids have at most five; a table's number holds 38

_TOKEN = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
_ID = re.compile(rf"[0-9]{{1,{MAX_ID_DIGITS}}}")
_INTEGER = re.compile(r"-?[0-9]+")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-5][0-9]))?"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number, kept as it was written: no range, no rounding."""

    literal: str


def check_limits(raw: bytes) -> None:
    """Raise MalformedCallback where JSON, whole or cut, is longer or deeper than a callback's can be."""
    if len(raw) > MAX_JSON:
        raise MalformedCallback(f"the JSON is longer than {MAX_JSON} bytes")
    if _scan(raw)[0] > MAX_DEPTH:
        raise MalformedCallback(f"the JSON is nested deeper than {MAX_DEPTH} levels")


def ends_too_early(raw: bytes) -> bool:
    """Whether `raw` ends within its JSON value."""
    _, is_open = _scan(raw)
    return is_open or not raw.strip()


def _scan(raw: bytes) -> tuple[int, bool]:
    """The deepest nesting, and whether something is still open at the end; linear, whatever comes."""
    depth, deepest, in_string = 0, 0, False
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if in_string:
            in_string = token != b'"'
        elif token == b'"':
            in_string = True
        elif token in {b"{", b"["}:
            depth += 1
            deepest = max(deepest, depth)
        elif token in {b"}", b"]"}:
            depth -= 1
    return deepest, in_string or depth > 0


def read_object(raw: bytes) -> tuple[dict[str, Any], str]:
    """The JSON object in `raw`, numbers as `Number`, and the text it was read from."""
    check_limits(raw)
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedCallback("the JSON begins with a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedCallback("the JSON is not UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedCallback(f"the JSON is not valid at line {error.lineno}, column {error.colno}") from None
    if not isinstance(value, dict):
        raise MalformedCallback(f"the JSON is {_kind(value)}, expected an object")
    return value, text


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise MalformedCallback("the JSON has a key twice in one object")
    return values


def _refuse_constant(_: str) -> NoReturn:
    raise MalformedCallback("the JSON holds NaN or Infinity, which JSON does not have")


def canonical(value: object) -> str:
    """The one way to write a JSON value: sorted keys, compact, numbers as they came."""
    match value:
        case dict():
            return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(canonical, value)) + "]"
        case Number():
            return value.literal
    return json.dumps(value, ensure_ascii=False)


def repair(text: str) -> str:
    """`text` with lone surrogates replaced: an emoji cut in half can't be stored."""
    return _SURROGATE.sub("\ufffd", text)


def read_date(text: str) -> datetime | None:
    """An RFC 3339 date in UTC (assumed where it names no offset), or None where it can't be read."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        zone = timezone(-offset if found[8] == "-" else offset)
        microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, microsecond, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def normal_address(address: str | None) -> str | None:
    """An address as it stands in the table: bare digits for a number, lower case otherwise; None where unusable."""
    if address is None:
        return None
    digits = re.sub(r"\s", "", address).removeprefix("+")
    plain = digits if re.fullmatch("[0-9]+", digits) else address.strip().lower().replace("#", "_")
    return plain if 0 < len(plain.encode()) <= MAX_ADDRESS else None


class Fields:
    """Reads the fields of a callback's JSON by type; what can't be used is left out and noted in `flags`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.flags: list[Flag] = []

    def id(self, name: str) -> str:
        """An id of OpenMarket's: 1 to 40 digits, as a number or as text."""
        value = self._values.get(name, _ABSENT)
        digits = value.literal if isinstance(value, Number) else value
        if isinstance(digits, str) and _ID.fullmatch(digits):
            return digits
        too_long = isinstance(digits, str) and digits.isascii() and digits.isdigit()
        got = f"more than {MAX_ID_DIGITS} digits" if too_long else _kind(value)
        raise MalformedCallback(f"{name}: expected an integer or digits, got {got}")

    def text(self, name: str) -> str | None:
        """A text; a number in its place stands as its text."""
        value = self._values.get(name, _ABSENT)
        if value is _ABSENT:
            return None
        text = self._as_text(value)
        if text is None:
            self.flags.append("field-unusable")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one, an empty one for an empty list."""
        value = self._values.get(name, _ABSENT)
        if value is _ABSENT:
            return ()
        if not isinstance(value, list):
            text = self.text(name)
            return (text,) if text else ()
        texts = [self._as_text(entry) for entry in value]
        if None in texts:
            self.flags.append("field-unusable")
        return tuple(text for text in texts if text is not None)

    def integer(self, name: str, *, otherwise: Flag = "field-unusable", or_digits: bool = False) -> int | None:
        """An integer that the table can hold; `otherwise` flags a value that is no number."""
        value = self._values.get(name, _ABSENT)
        if value is _ABSENT:
            return None
        digits = value if or_digits and isinstance(value, str) else getattr(value, "literal", "")
        if _INTEGER.fullmatch(digits) and len(digits) <= MAX_INTEGER_DIGITS:
            return int(digits)
        self.flags.append("field-unusable" if value is None or isinstance(value, Number) else otherwise)
        return None

    def date(self, name: str) -> str | None:
        """A date as it came; flagged where it can't be read."""
        text = self.text(name)
        if text is not None and read_date(text) is None:
            self.flags.append("date-unreadable")
        return text

    def as_key(self, name: str) -> str | None:
        """A field as text whatever its type, for telling two callbacks apart; None where absent or null."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return None if value is None else repair(value)
        return repair(canonical(value))

    def _as_text(self, value: object) -> str | None:
        if isinstance(value, Number):
            return value.literal
        if not isinstance(value, str):
            return None
        repaired = repair(value)
        if repaired != value:
            self.flags.append("text-repaired")
        return repaired


def _kind(value: object) -> str:
    """What a JSON value is, in words that do not quote it."""
    if value is _ABSENT:
        return "nothing"
    if value is None:
        return "null"
    kinds = {
        bool: "a boolean",
        Number: "another number",
        str: "other text",
        list: "a list",
        dict: "an object",
    }
    return kinds[type(value)]
