"""The handler's answers, log lines and metrics, over stores in memory; the runtime tests run it as Lambda does."""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from logging import StreamHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import receive_callback
from mms_gateway.authentication import read_secret
from mms_gateway.errors import StorageUnavailable, Unauthorized
from mms_gateway.retention import FOR_EVER
from mms_gateway.settings import Settings
from tests.unit.stores import MemoryBucket, MemoryTable

EVENTS = Path(__file__).parents[2] / "events"
PERSONAL = ["447800000001", "7800000001", "put-a-token-here", "Test MMS", "Norwegian", "HTC One"]


class Door:
    """Lets in who has the right token, or is broken."""

    def __init__(self) -> None:
        self.secret = read_secret('{"callbackTokens": ["put-a-token-here"]}')
        self.fault: Exception | None = None

    def authenticate(self, *, token: str, authorization: str | None) -> None:  # noqa: ARG002
        if self.fault is not None:
            raise self.fault
        if token.encode() not in self.secret.tokens:
            raise Unauthorized("the caller's token or password is not one of the secret's")


@dataclass
class Function:
    table: MemoryTable
    bucket: MemoryBucket
    door: Door
    capsys: pytest.CaptureFixture[str]
    seconds: float = 8.0

    def invoke(self, name: str = "message", **changes: Any) -> tuple[int, str]:
        event = {**json.loads((EVENTS / f"{name}.json").read_text()), **changes}
        context = SimpleNamespace(
            function_name="receive-callback",
            memory_limit_in_mb=1024,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:receive-callback",
            aws_request_id="c6af9ac6",
            get_remaining_time_in_millis=lambda: self.seconds * 1000,
        )
        handler = receive_callback.logger.registered_handler
        assert isinstance(handler, StreamHandler)
        handler.stream = sys.stdout  # which is another of pytest's by now
        answer = receive_callback.handler(event, context)
        assert answer["body"] == ""
        return answer["statusCode"], answer["headers"]["X-Mms-Outcome"]

    def printed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The one log line and the metrics of the last invocation."""
        lines = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        (log,) = [line for line in lines if "level" in line]
        (metrics,) = [line for line in lines if "_aws" in line]
        return log, metrics


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Function]:
    function = Function(MemoryTable([]), MemoryBucket([]), Door(), capsys)
    with ThreadPoolExecutor(4) as pool:
        gateway = receive_callback.Gateway(
            settings=Settings(
                table_name="t",
                media_bucket="b",
                secret_arn="a",
                callback_encoding="auto",
                raw_days=7,
                retention=FOR_EVER,
            ),
            credentials=function.door,  # type: ignore[arg-type]
            table=function.table,  # type: ignore[arg-type]
            bucket=function.bucket,  # type: ignore[arg-type]
            deadline=pool,
        )
        monkeypatch.setattr(receive_callback, "gateway", lru_cache(lambda: gateway))
        monkeypatch.setattr(receive_callback.metrics.provider, "namespace", "MmsGateway")
        yield function


@pytest.mark.parametrize(
    ("name", "answer", "metric"),
    [
        ("message", (200, "stored"), "Received"),
        ("report", (200, "report"), "Reports"),
        ("message-broken", (200, "quarantined; moId: expected an integer or digits, got null"), "Quarantined"),
        ("message-cut-short", (503, "truncated"), "Truncated"),
    ],
)
def test_an_outcome_is_one_answer_one_log_line_and_one_metric(
    function: Function, name: str, answer: tuple[int, str], metric: str
) -> None:
    assert function.invoke(name) == answer
    log, metrics = function.printed()
    assert log["outcome"] == answer[1].partition(";")[0]
    assert log["correlation_id"] == "015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1"
    assert metrics[metric] == [1.0]


def test_a_log_line_names_the_message_and_masks_the_person(function: Function) -> None:
    function.invoke()
    log, metrics = function.printed()
    assert (log["moId"], log["handset"], log["parts"]) == ("123456789012345", "…0001", 2)
    assert metrics["MediaBytes"] == [153.0]
    printed = json.dumps([log, metrics], ensure_ascii=False)
    assert not [word for word in PERSONAL if word in printed]


def test_a_second_delivery_is_a_duplicate(function: Function) -> None:
    assert [function.invoke()[1] for _ in range(2)] == ["stored", "duplicate"]


def test_a_stranger_is_answered_401_before_anything_is_read(function: Function) -> None:
    assert function.invoke(pathParameters={"token": "guess"}, body="not base64!") == (401, "unauthorized")
    log, metrics = function.printed()
    assert (log["level"], metrics["Unauthorized"]) == ("WARNING", [1.0])
    assert not function.table.quarantined


@pytest.mark.parametrize("part", ["table", "bucket", "door"])
def test_whatever_is_down_is_answered_503_with_the_reason_in_the_log(function: Function, part: str) -> None:
    getattr(function, part).fault = StorageUnavailable(f"the {part} answered ThrottlingException")
    assert function.invoke() == (503, "unavailable")
    log, metrics = function.printed()
    assert (log["level"], log["reason"]) == ("ERROR", f"the {part} answered ThrottlingException")
    assert metrics["Unavailable"] == [1.0]


def test_a_mistake_of_ours_is_answered_503_and_its_text_is_not_logged(function: Function) -> None:
    function.table.fault = KeyError("447800000001")
    assert function.invoke() == (503, "unavailable")
    log, _ = function.printed()
    assert log["reason"] == "a mistake of the gateway's: KeyError"
    assert "stores.py" in "".join(log["frames"])
    assert "447800000001" not in json.dumps(log)


def test_a_store_that_is_silent_is_answered_503_in_time(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function.bucket, "put_all", lambda _: time.sleep(1.5))
    function.seconds = 1.0
    began = time.monotonic()
    assert function.invoke() == (503, "unavailable")
    assert time.monotonic() - began < 1.2
    assert receive_callback.gateway.cache_info().currsize == 0, "the next callback would wait for the same threads"
    assert function.printed()[0]["reason"] == "the stores did not answer in the function's time"
