"""Read a callback's JSON field by field."""

import re
from collections.abc import Mapping
from typing import Any

from mms_gateway.errors import MalformedCallback, MalformedJson
from mms_gateway.messages import Flag
from mms_gateway.openmarket import strict_json
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.strict_json import ABSENT, Number, canonical, kind_of, repair

MAX_JSON = 64 * 1024  # bytes; a callback's JSON has a few hundred, and it must fit an item beside the texts
MAX_SUBJECT = 255  # characters, by the documents
MAX_ID_DIGITS = 40  # the documented ones have 15
MAX_INTEGER_DIGITS = 18  # documented operator ids have at most five; a table's number holds 38

_ID = re.compile(rf"[0-9]{{1,{MAX_ID_DIGITS}}}")
_INTEGER = re.compile(r"-?[0-9]+")


def check_limits(raw: bytes) -> None:
    """Raise MalformedCallback where JSON, whole or cut, is longer or deeper than a callback's can be."""
    if len(raw) > MAX_JSON:
        raise MalformedCallback(f"the JSON is longer than {MAX_JSON} bytes")
    try:
        strict_json.check_depth(raw)
    except MalformedJson as error:
        raise MalformedCallback(str(error)) from None


def read_object(raw: bytes) -> tuple[dict[str, Any], str]:
    """The JSON object in `raw`, and the text it was read from."""
    check_limits(raw)
    try:
        return strict_json.read_object(raw)
    except MalformedJson as error:
        raise MalformedCallback(str(error)) from None


class Fields:
    """Reads the fields of a callback's JSON by type; what can't be used is left out and noted in `flags`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.flags: list[Flag] = []

    def id(self, name: str) -> str:
        """An id of OpenMarket's: 1 to 40 digits, as a number or as text."""
        value = self._values.get(name, ABSENT)
        digits = value.literal if isinstance(value, Number) else value
        if isinstance(digits, str) and _ID.fullmatch(digits):
            return digits
        too_long = isinstance(digits, str) and digits.isascii() and digits.isdigit()
        got = f"more than {MAX_ID_DIGITS} digits" if too_long else kind_of(value)
        raise MalformedCallback(f"{name}: expected an integer or digits, got {got}")

    def text(self, name: str) -> str | None:
        """A text; a number in its place stands as its text."""
        value = self._values.get(name, ABSENT)
        if value is ABSENT:
            return None
        text = self._as_text(value)
        if text is None:
            self.flags.append("field-unusable")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one, an empty one for an empty list."""
        value = self._values.get(name, ABSENT)
        if value is ABSENT:
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
        value = self._values.get(name, ABSENT)
        if value is ABSENT:
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
