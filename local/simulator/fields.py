"""Names and errors that the simulator's dataclasses and its JSON share."""

import dataclasses
import re
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

Options = TypeVar("Options")


class FieldError(ValueError):
    """Something said about one field, which is named as its reader wrote it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem

    def within(self, place: str) -> "FieldError":
        """Give the same error as seen from outside, `place.field`, in the JSON's spelling."""
        return FieldError(f"{place}.{camel(self.field)}" if place else camel(self.field), self.problem)


def camel(name: str) -> str:
    """Spell `media_encoding` as JSON does: `mediaEncoding`."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def require(condition: bool, field: str, problem: str) -> None:
    """Raise a `FieldError` unless the condition holds."""
    if not condition:
        raise FieldError(field, problem)


def require_between(options: object, bounds: dict[str, tuple[float, float]]) -> None:
    """Hold the named numbers of a dataclass within their bounds, both inclusive."""
    for name, (least, most) in bounds.items():
        value = getattr(options, name)
        require(least <= value <= most, name, f"expected {least:g} to {most:g}, got {value:g}")


def read_options(base: Options, given: object, place: str) -> Options:
    """Give a copy of a dataclass with the fields that a JSON object names (in camel case) replaced."""
    if not isinstance(given, dict):
        raise FieldError(place, "expected an object")
    types = typing.get_type_hints(type(base))
    names = {camel(name): name for name in types}
    changes = {}
    for key, value in given.items():
        require(key in names, f"{place}.{key}", f"no such field; there are {', '.join(names)}")
        changes[names[key]] = _read_option(types[names[key]], value, f"{place}.{key}")
    try:
        return typing.cast("Options", dataclasses.replace(typing.cast("Any", base), **changes))
    except FieldError as error:
        raise error.within(place) from None


def _read_option(wanted: Any, value: object, place: str) -> object:
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        words = [member.value for member in wanted]
        require(value in words, place, f"expected one of {', '.join(map(repr, words))}")
        return wanted(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if typing.get_origin(wanted) is Mapping:
        fits = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        require(fits, place, "expected an object of texts")
        return value
    require(type(value) is wanted, place, f"expected {_WORDS[wanted]}")
    return value


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def write_options(options: object) -> dict[str, object]:
    """Give a dataclass's fields as `read_options` takes them."""
    return {
        camel(field.name): getattr(options, field.name) for field in dataclasses.fields(typing.cast("Any", options))
    }


class Fields:
    """A JSON object's fields, taken one by one; what nobody took is a mistake."""

    def __init__(self, given: object, place: str = "") -> None:
        if not isinstance(given, dict):
            raise FieldError(place, "expected an object")
        self._rest = given.copy()
        self._known: list[str] = []
        self._place = place

    def at(self, name: str) -> str:
        """Give a field's whole name, for complaints."""
        return ".".join(filter(None, (self._place, name)))

    def take(self, name: str, default: object) -> Any:
        """Take a field as it is."""
        self._known.append(name)
        return self._rest.pop(name, default)

    def text(self, name: str, default: str) -> str:
        """Take a text."""
        value = self.take(name, default)
        require(isinstance(value, str), self.at(name), "expected a text")
        return str(value)

    def text_or_none(self, name: str, default: str | None) -> str | None:
        """Take a text; null stands for leaving it out."""
        value = self.take(name, default)
        require(value is None or isinstance(value, str), self.at(name), "expected a text or null")
        return None if value is None else str(value)

    def integer_or_none(self, name: str, default: int | None) -> int | None:
        """Take a whole number; null stands for leaving it out."""
        value = self.take(name, default)
        require(value is None or type(value) is int, self.at(name), "expected a whole number or null")
        return None if value is None else int(value)

    def id_or_none(self, name: str) -> str | None:
        """Take an id, a number or a text; its form is the callback's to judge."""
        value = self.take(name, None)
        require(value is None or type(value) in (int, str), self.at(name), "expected digits, as a number or a text")
        return None if value is None else str(value)

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Take a list of texts, or one text alone."""
        value = self.take(name, default)
        if isinstance(value, str):
            return (value,)
        fits = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        require(fits, self.at(name), "expected a list of texts")
        return tuple(value)

    def object(self, name: str) -> dict[str, Any]:
        """Take an object."""
        value = self.take(name, {})
        if not isinstance(value, dict):
            raise FieldError(self.at(name), "expected an object")
        return value

    def finish(self) -> None:
        """Refuse what was not taken: it is a slip of the pen."""
        for name in self._rest:
            raise FieldError(self.at(name), f"no such field; there are {', '.join(self._known)}")
