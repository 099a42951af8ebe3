"""Read JSON strictly and losslessly: no key twice, no number rounded, bounded depth."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from mms_gateway.errors import MalformedJson

MAX_DEPTH = 32  # levels, the object itself being the first; the documents need two, a queue message four

ABSENT = object()
"""What stands for a field that is not there, for `kind_of`."""

_TOKEN = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number, kept as it was written: no range, no rounding."""

    literal: str


def check_depth(raw: bytes) -> None:
    """Raise MalformedJson where JSON, whole or cut, is nested deeper than any that is documented."""
    could_be = raw.count(b"{") + raw.count(b"[") > MAX_DEPTH  # a level takes a bracket, so usually a look will do
    if could_be and _scan(raw)[0] > MAX_DEPTH:
        raise MalformedJson(f"the JSON is nested deeper than {MAX_DEPTH} levels")


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
    """The JSON object in `raw`, numbers as `Number`, and its text; MalformedJson says what is wrong."""
    check_depth(raw)
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("the JSON begins with a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("the JSON is not UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson(f"the JSON is not valid at line {error.lineno}, column {error.colno}") from None
    if not isinstance(value, dict):
        raise MalformedJson(f"the JSON is {kind_of(value)}, expected an object")
    return value, text


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise MalformedJson("the JSON has a key twice in one object")
    return values


def _refuse_constant(_: str) -> NoReturn:
    raise MalformedJson("the JSON holds NaN or Infinity, which JSON does not have")


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


def kind_of(value: object) -> str:
    """What a JSON value is, in words that do not quote it."""
    if value is ABSENT:
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
