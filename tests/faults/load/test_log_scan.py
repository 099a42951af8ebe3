"""The scan would find what it looks for."""

import base64
import itertools
import time
from collections.abc import Callable, Iterator

import pytest

from local.stack import Stack
from tests.faults.load.load_run import LoadRun
from tests.faults.load.log_scan import GROUPS, Find, Line, find_numbers, find_secrets, read_lines

RUN = LoadRun(seed=1)
SECRETS = RUN.secrets() | {"a token": "Ab1_-cDeFgH2", "a Basic header": "bG9jYWw6bG9jYWw="}
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "in capitals": str.upper,
    "within a longer word": lambda secret: f"x{secret}y",
    "in base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in the base64 of a body, one byte on": lambda secret: base64.b64encode(f"x{secret}y".encode()).decode(),
    "in the base64 of a body, two bytes on": lambda secret: base64.b64encode(f"xx{secret}yy".encode()).decode(),
    "in hexadecimal": lambda secret: secret.encode().hex(),
}
USUAL = f'{{"outcome":"stored","moId":"{RUN.mo_id(7)}","handset":"…{RUN.handset(7)[-4:]}","mediaBytes":4711}}'


def scan(*texts: str) -> list[Find]:
    return find_secrets([Line(group="g", text=text) for text in texts], SECRETS)


@pytest.mark.parametrize("form", FORMS)
def test_a_planted_secret_of_each_kind_is_found(form: str) -> None:
    for kind, secret in SECRETS.items():
        planted = f'{{"outcome":"stored","reason":"{FORMS[form](secret)}"}}'
        finds = scan(USUAL, planted, USUAL)
        assert kind in {find.kind for find in finds}, kind
        assert {find.line.text for find in finds} == {planted}


@pytest.mark.parametrize("apart", ["+{} {} {}", "({}) {}-{}", "{}.{}.{}"])
def test_a_planted_number_is_found_as_people_write_it(apart: str) -> None:
    number = RUN.handset(7)
    finds = scan(apart.format(number[:2], number[2:5], number[5:]))
    assert [(find.kind, find.form) for find in finds] == [("a handset's number", "digits apart")]


@pytest.mark.parametrize("planted", ['{"handset":"447800000001"}', "to +447800000001.", "to (44) 7800 000.001"])
def test_a_number_of_many_is_found(planted: str) -> None:
    lines = [Line(group="g", text=text) for text in (USUAL, planted, '{"bodySha256":"b447800000001"}')]
    assert {find.line.text for find in find_numbers(lines, {"447800000001"}.__contains__)} == {planted}


def test_a_line_of_the_usual_kind_is_no_find() -> None:
    assert scan(USUAL) == []


@pytest.fixture
def planted(stack: Stack) -> Iterator[str]:
    """A stream of its own in a log that the scan has to read, with more lines than one page of it."""
    logs = stack.client("logs")
    group = f"{GROUPS[0]}planted-{time.time_ns()}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="planted")
    now, count = time.time_ns() // 10**6, itertools.count()
    for lines in (["x"] * 9_999, ["x"] * 9_999, [f"text: {RUN.word('text')}"]):
        events = [{"timestamp": now + next(count), "message": line} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName="planted", logEvents=events)
    yield group
    logs.delete_log_group(logGroupName=group)


def test_a_line_planted_in_the_stacks_logs_is_found(stack: Stack, planted: str) -> None:
    lines = list(read_lines(stack))
    assert sum(line.group == planted for line in lines) == 19_999, "the scan has not read every line"
    finds = [find for find in find_secrets(lines, SECRETS) if find.line.group == planted]
    assert [(find.kind, find.line.text) for find in finds] == [("the word in each text", f"text: {RUN.word('text')}")]
