"""How the local stack feeds a function from a table's stream: as AWS documents it of Lambda."""

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SOURCE = {"UUID": "1", "FunctionName": "bot", "EventSourceArn": "arn:stream", "MaximumRetryAttempts": 2}
HEARD = {**SOURCE, "FunctionResponseTypes": ["ReportBatchItemFailures"], "BisectBatchOnFunctionError": True}
DONE: dict[str, Any] = {"body": None}
BROKEN: dict[str, Any] = {"error": True}


def failed(*names: Any) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": name} for name in names]}}


class Ministack:
    """The parts of ministack that it works with; its function gives the answers of a script."""

    def __init__(self) -> None:
        self.script: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.given_up: list[tuple[str, str]] = []
        self._esms = {"1": SOURCE}

    def _get_func_record_for_qualifier(self, *_: object) -> tuple[object, None]:
        return self, None

    def _execute_function(self, _: object, event: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(letters(event["Records"]))
        answer = self.script.pop(0)
        if not self.script:
            self.script.append(answer)  # the last goes on for ever
        return answer

    def _send_ddb_stream_failure_record(self, *facts: Any) -> None:
        self.given_up.append((letters(facts[2]), facts[5]))


def letters(records: list[Any]) -> str:
    return "".join(record["dynamodb"]["SequenceNumber"] for record in records)


def batch(names: str) -> list[Any]:
    now = {"ApproximateCreationDateTime": 4_000_000_000}
    return [{"dynamodb": {"SequenceNumber": name, **now}} for name in names]


@pytest.fixture
def ministack() -> Ministack:
    return Ministack()


@pytest.fixture
def deliver(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    stand_ins: dict[str, dict[str, Any]] = {
        "ministack": {},
        "ministack.core": {},
        "ministack.core.concurrency": {"spawn_background": None},
        "ministack.services": {"dynamodb": SimpleNamespace(), "lambda_svc": ministack},
    }
    for name, content in stand_ins.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    streams = importlib.import_module("local.ministack_streams")
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0)

    def play(source: dict[str, Any], names: str, *script: dict[str, Any]) -> None:
        ministack.script.extend(script)
        streams._deliver(source, batch(names))

    yield play
    del sys.modules["local.ministack_streams"]


@pytest.mark.parametrize("source", [SOURCE, HEARD])
def test_a_batch_that_was_taken_does_not_come_again(
    ministack: Ministack, deliver: Callable[..., None], source: dict[str, Any]
) -> None:
    deliver(source, "ABC", DONE)
    assert (ministack.calls, ministack.given_up) == (["ABC"], [])


def test_what_follows_the_first_failure_comes_again(ministack: Ministack, deliver: Callable[..., None]) -> None:
    deliver(HEARD, "ABCD", failed("D", "B"), failed(), DONE)
    assert (ministack.calls, ministack.given_up) == (["ABCD", "BCD"], [])


def test_single_failures_are_heard_only_where_the_source_says_so(
    ministack: Ministack, deliver: Callable[..., None]
) -> None:
    deliver(SOURCE, "AB", failed("A"))
    assert ministack.calls == ["AB"]


@pytest.mark.parametrize("name", ["", None, "Z"])
def test_a_failure_that_names_nothing_known_is_one_of_the_whole_batch(
    ministack: Ministack, deliver: Callable[..., None], name: str | None
) -> None:
    deliver(HEARD, "AB", failed(name), DONE)
    assert ministack.calls == ["AB", "AB"]


def test_a_batch_that_ends_the_function_is_cut_until_the_culprit_is_alone(
    ministack: Ministack, deliver: Callable[..., None]
) -> None:
    deliver(HEARD, "ABCD", BROKEN, DONE, BROKEN, BROKEN, BROKEN, BROKEN, DONE)
    assert ministack.calls == ["ABCD", "AB", "CD", "C", "C", "C", "D"]
    assert ministack.given_up == [("C", "RetryAttemptsExhausted")]


def test_without_the_setting_it_comes_again_whole_and_is_given_up_whole(
    ministack: Ministack, deliver: Callable[..., None]
) -> None:
    deliver(SOURCE, "AB", BROKEN)
    assert ministack.calls == ["AB"] * 3
    assert ministack.given_up == [("AB", "RetryAttemptsExhausted")]


def test_a_record_that_is_too_old_is_given_up_after_its_failure(
    ministack: Ministack, deliver: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 4_000_000_061)
    deliver({**HEARD, "MaximumRecordAgeInSeconds": 60}, "AB", failed("A"))
    assert ministack.given_up == [("AB", "MaxRecordAgeExceeded")]


def test_nothing_is_delivered_for_a_source_that_is_gone(ministack: Ministack, deliver: Callable[..., None]) -> None:
    ministack._esms.clear()
    deliver(HEARD, "AB", DONE)
    assert ministack.calls == []
