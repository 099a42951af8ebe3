"""The handler's answers, log lines and metrics, over stores in memory; the runtime tests run it as Lambda does."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import receive_callback
from mms_gateway.errors import SecretUnavailable, StorageUnavailable
from tests.unit.callback_bench import Door, Function, ready
from tests.unit.stores import MemoryBucket, MemoryTable

PERSONAL = ["447800000001", "7800000001", "put-a-token-here", "Test MMS", "Norwegian", "HTC One"]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Function]:
    monkeypatch.setattr(receive_callback.metrics.provider, "namespace", "MmsGateway")
    with ready(Function(MemoryTable([]), MemoryBucket([]), Door(), capsys), monkeypatch) as function:
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


def report(status: str) -> dict[str, Any]:
    """The body of a report, as the API hands it over."""
    told = {"type": "REPORT", "mtId": 1, "date": "2016-05-16T19:20:30+00:00", "status": status}
    return {"body": base64.b64encode(json.dumps(told).encode()).decode()}


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        ("Retrieved", {"Delivered": [1.0], "Undelivered": [0.0]}),
        ("Expired", {"Delivered": [0.0], "Undelivered": [1.0]}),
        ("Deferred", {}),
    ],
)
def test_a_final_report_counts_as_delivered_or_as_undelivered(
    function: Function, status: str, counted: dict[str, list[float]]
) -> None:
    function.invoke("report", **report(status))
    log, metrics = function.printed()
    assert (log["status"], log["final"]) == (status, bool(counted))
    assert {name: metrics[name] for name in ("Delivered", "Undelivered") if name in metrics} == counted


def test_a_report_counts_as_an_orphan_or_as_none_and_a_repeat_as_nothing(function: Function) -> None:
    function.invoke("report", **report("Retrieved"))
    assert function.printed()[1]["OrphanReports"] == [1.0]
    function.table.requests["1"] = "order-4711"
    function.invoke("report", **report("Deferred"))
    assert function.printed()[1]["OrphanReports"] == [0.0]
    function.invoke("report", **report("Deferred"))
    assert not {"Reports", "OrphanReports", "Delivered", "Undelivered"} & function.printed()[1].keys()


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


def test_a_secret_that_cannot_be_read_is_counted_once_a_call_whoever_met_it(function: Function) -> None:
    function.invoke()
    assert "SecretUnreadable" not in function.printed()[1]
    function.door.fault = SecretUnavailable("the secret is not JSON; put a new value, see the README")
    function.invoke()
    assert function.printed()[1]["SecretUnreadable"] == [1.0]
    function.door.fault = None
    with ThreadPoolExecutor(1) as another:
        another.submit(receive_callback.warn_of_the_secret, "callers are compared with the last good one").result()
    function.invoke()
    (line,) = [line for line in function.capsys.readouterr().out.splitlines() if "_aws" in line]
    assert json.loads(line)["SecretUnreadable"] == [1.0]
    function.invoke()
    assert "SecretUnreadable" not in function.printed()[1]


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
