"""Looks for secrets in the logs of all functions and of the API: as they are, apart, and in the usual encodings."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.deployment import STACK_NAME
from local.stack import Stack

GROUPS = (f"/aws/lambda/{STACK_NAME}-", f"/aws/apigateway/{STACK_NAME}")
PAGE = 10_000  # lines, as many as CloudWatch Logs gives at once
LEAST = 8  # characters of a secret; a shorter one would be found by accident
_APART = re.compile(r"(?<=[0-9])[ ().-]+(?=[0-9])")  # how people write numbers
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{11,15}(?![0-9A-Za-z])")  # with a letter beside it, it is of a hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a log, and where it stands."""

    group: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A secret in a line."""

    kind: str
    form: str
    line: Line

    def __str__(self) -> str:
        return f"{self.kind}, {self.form}, in {self.line.group}: {self.line.text[:300]}"


def read_lines(stack: Stack) -> Iterator[Line]:
    """Every line of every log of the stack."""
    logs = stack.client("logs")
    for prefix in GROUPS:
        groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for group in (each["logGroupName"] for page in groups for each in page["logGroups"]):
            yield from (Line(group=group, text=event["message"]) for event in _events(logs, group))


def _events(logs: Any, group: str) -> Iterator[dict[str, Any]]:
    """A log from its beginning; the embedded AWS ends a page at its limit and doesn't say that there is more."""
    start, is_full = 0, True
    while is_full:
        events = logs.filter_log_events(logGroupName=group, startTime=start, limit=PAGE)["events"]
        is_full = len(events) == PAGE
        end = events[-1]["timestamp"] if is_full else None
        yield from (event for event in events if event["timestamp"] != end)  # the last moment may not be whole
        if end is not None:
            assert end > start, "more lines at one moment than fit into a page"
            start = end


def find_secrets(lines: Iterable[Line], secrets: Mapping[str, str]) -> list[Find]:
    """Every secret in every line, each named by its kind, once for each form in which it is found there."""
    needles = [(kind, form, word) for kind, secret in secrets.items() for form, word in _forms(secret)]
    finds = []
    for line in lines:
        texts = {"as it is": line.text.lower(), "digits apart": _APART.sub("", line.text), "in base64": line.text}
        texts["in hexadecimal"] = texts["as it is"]
        finds += [Find(kind=kind, form=form, line=line) for kind, form, word in needles if word in texts[form]]
    return finds


def find_numbers(lines: Iterable[Line], is_handset: Callable[[str], bool]) -> list[Find]:
    """Every handset's number in every line: for numbers that are too many to be looked for one by one."""
    return [
        Find(kind="a handset's number", form=form, line=line)
        for line in lines
        for form, text in (("as it is", line.text), ("digits apart", _APART.sub("", line.text)))
        if any(map(is_handset, _NUMBER.findall(text)))
    ]


def _forms(secret: str) -> Iterator[tuple[str, str]]:
    assert len(secret) >= LEAST, "too short to be looked for"
    yield "as it is", secret.lower()
    yield "in hexadecimal", secret.encode().hex()
    for ahead in range(3):  # base64 depends on what stands before
        yield "in base64", _middle_of_base64(secret.encode(), ahead)
    if secret.isdigit():
        yield "digits apart", secret


def _middle_of_base64(data: bytes, ahead: int) -> str:
    """The letters that the data alone decides, when it comes after so many bytes."""
    whole = base64.b64encode(bytes(ahead) + data).decode()
    return whole[-(-ahead * 8 // 6) : (ahead + len(data)) * 8 // 6]
