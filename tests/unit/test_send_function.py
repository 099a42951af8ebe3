"""The sending handler's answers for batches, for what cannot be recorded and for what goes wrong on our side."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import UnexpectedBatchTypeError

from local.simulator.mt.behaviours import Error, Throttle
from local.simulator.server import RunningSimulator, running_simulator
from mms_gateway.credentials import MAX_AGE
from mms_gateway.errors import MissingObject, StorageRefused
from tests.unit.queues import MAX_MESSAGE
from tests.unit.send_bench import ENOUGH, NOW, RECORD, ROOT, SECRET, Function, message, ready


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(credentials=(SECRET["accountId"], SECRET["password"])) as simulator:
        yield simulator


@pytest.fixture
def function(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Function]:
    with ready(Function(simulator, capsys), monkeypatch) as function:
        yield function


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_answered_message_by_message_in_order(function: Function) -> None:
    later = [message() for _ in range(2)]
    for one in later:
        function.simulator.client.behave(Throttle(), destination=one["destination"])
    never = message()
    function.simulator.client.behave(Error(code=1000), destination=never["destination"])
    assert function.invoke(later[0], message(), never, "no JSON", later[1]) == ["m0", "m4"]
    assert function.queues.put_off == ["h0 4", "h4 4"]
    assert len(function.queues.dead) == 1
    printed = function.printed()
    lines = [(line["messageId"], line["outcome"]) for line in printed.lines if line["message"] != "taken"]
    assert lines == [
        ("m0", "retry"),
        ("m1", "accepted"),
        ("m2", "rejected"),
        ("m3", "set-aside"),
        ("m4", "retry"),
    ]
    assert printed.metrics == {"Retried": [1.0, 1.0], "Accepted": [1.0], "Rejected": [1.0], "SetAside": [1.0]}


def test_a_batch_of_which_nothing_could_be_done_is_no_error_of_the_functions(function: Function) -> None:
    function.table.faults["find"] = KeyError("broken")
    assert function.invoke(*[message() for _ in range(10)]) == [f"m{n}" for n in range(10)]
    assert function.printed().metrics == {"Mistakes": [1.0] * 10}


def test_nothing_of_one_call_is_left_in_the_next(function: Function) -> None:
    function.table.faults["find"] = KeyError("broken")
    assert function.invoke(message(), message()) == ["m0", "m1"]
    assert function.printed().metrics == {"Mistakes": [1.0, 1.0]}
    function.table.faults.clear()
    assert function.invoke(message(), message()) == []
    printed = function.printed()
    assert printed.metrics == {"Accepted": [1.0, 1.0]}
    assert not [line for line in printed.lines if {"frames", "reason"} & line.keys()]


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": {}}])
def test_an_event_that_is_no_batch_fails_whole(function: Function, event: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedBatchTypeError), pytest.warns(UserWarning, match="No application metrics"):
        function.deliver(event)


def test_what_cannot_be_begun_in_time_is_given_back_untouched_while_the_rest_is_done(function: Function) -> None:
    batch = [message() for _ in range(4)]
    function.seconds = iter([20.0, ENOUGH, ENOUGH - 0.001, 0.5])
    assert function.invoke(*batch) == ["m2", "m3"]
    assert function.queues.put_off == ["h2 1", "h3 1"]
    assert [len(function.posts(one)) for one in batch] == [1, 1, 0, 0]
    for late in batch[2:]:
        assert not [line for line in function.journal if late["requestId"] in line]
    printed = function.printed()
    assert printed.metrics == {"Accepted": [1.0, 1.0], "HandedBack": [1.0, 1.0]}
    late_lines = [line for line in printed.lines if line["outcome"] == "handed-back"]
    assert [(line["level"], line["messageId"]) for line in late_lines] == [("INFO", "m2"), ("INFO", "m3")]


# --- the dead-letter queue --------------------------------------------------------------------------------------------


def test_what_cannot_be_recorded_is_set_aside_with_the_reason_and_acknowledged(function: Function) -> None:
    body = json.dumps(message(requestId="order canary"))
    assert function.invoke(body) == []
    (dead,) = function.queues.dead
    assert dead["body"] == body
    reason = (
        "the queue message has no usable requestId; requestId: expected 1 to 128 letters, digits, dots, underscores, "
        "colons or hyphens, got other text"
    )
    assert dead["reason"] == reason
    printed = function.printed()
    assert (printed.line["level"], printed.line["messageId"]) == ("WARNING", "m0")
    assert (printed.line["outcome"], printed.line["reason"]) == ("set-aside", reason)
    assert printed.metrics == {"SetAside": [1.0]}
    assert "canary" not in printed.text
    assert function.journal == ["set aside"], "no store is asked"


def test_what_the_table_will_never_take_is_set_aside(function: Function) -> None:
    function.table.faults["find"] = StorageRefused("the table refused it: ValidationException")
    assert function.invoke(message()) == []
    (dead,) = function.queues.dead
    assert dead["reason"] == "it can't be recorded: the table refused it: ValidationException"


def test_a_message_as_large_as_the_queue_takes_is_set_aside_without_a_reason(function: Function) -> None:
    body = "ß" * (MAX_MESSAGE // 2)
    assert function.invoke(body) == []
    assert function.queues.dead == [{"body": body}]
    assert function.printed().line["reason"].startswith("the queue message can't be read: ")


@pytest.mark.parametrize("fault", ["AccessDenied", "InvalidParameterValue", "silence"])
def test_where_the_dead_letter_queue_is_down_a_message_comes_again(function: Function, fault: str) -> None:
    function.queues.faults["SendMessage"] = fault
    assert function.invoke("no JSON", receives=2) == ["m0"]
    assert function.queues.put_off == ["h0 8"]
    printed = function.printed()
    assert (printed.line["level"], printed.line["outcome"]) == ("ERROR", "unavailable")
    assert "; the dead-letter queue " in printed.line["reason"]
    assert printed.metrics == {"Unavailable": [1.0]}


# --- what goes wrong on our side --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["ReceiptHandleIsInvalid", "InvalidParameterValue", "silence"])
def test_a_message_that_cannot_be_put_off_comes_again_all_the_same(function: Function, fault: str) -> None:
    late, sound = message(), message()
    function.simulator.client.behave(Throttle(), destination=late["destination"])
    function.queues.faults["ChangeMessageVisibility"] = fault
    assert function.invoke(late, sound) == ["m0"]
    printed = function.printed()
    (line,) = [line for line in printed.lines if line["outcome"] == "queue"]
    assert (line["level"], line["messageId"]) == ("WARNING", "m0")
    assert line["reason"].startswith("the queue ")
    assert printed.metrics == {"Retried": [1.0], "Accepted": [1.0]}


@pytest.mark.parametrize("method", ["find", "claim", "accept"])
@pytest.mark.parametrize("bug", [KeyError("canary 447700900750"), MissingObject("canary"), RecursionError("canary")])
def test_a_mistake_of_ours_comes_again_and_its_text_is_not_logged(
    function: Function, method: str, bug: Exception
) -> None:
    function.table.faults[method] = bug
    assert function.invoke(message(), receives=3) == ["m0"]
    assert function.queues.put_off == ["h0 16"]
    printed = function.printed()
    assert (printed.line["level"], printed.line["outcome"], printed.line["messageId"]) == ("ERROR", "mistake", "m0")
    assert printed.line["reason"] == f"a mistake of the gateway's: {type(bug).__name__}"
    assert "standings.py" in "".join(printed.line["frames"])
    assert printed.metrics == {"Mistakes": [1.0]}
    assert "canary" not in printed.text
    assert "447700900750" not in printed.text


@pytest.mark.parametrize("missing", ["ApproximateReceiveCount", "SentTimestamp"])
def test_an_event_that_somebody_made_up_is_told_of_too(function: Function, missing: str) -> None:
    attributes = {name: value for name, value in RECORD["attributes"].items() if name != missing}
    assert function.deliver({"Records": [{**RECORD, "attributes": attributes}]}) == [RECORD["messageId"]]
    assert function.printed().line["reason"] == "a mistake of the gateway's: KeyError"


def test_a_broken_gateway_reports_every_message(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function.queues.queue, "put_off", lambda *_: 1 / 0)
    function.table.faults["find"] = KeyError("broken")
    assert function.invoke(message(), message()) == ["m0", "m1"]


def test_while_no_newer_secret_can_be_had_messages_go_out_and_somebody_is_told(function: Function) -> None:
    function.invoke(message())
    function.printed()
    function.secrets.code, function.secret_age = "InternalServiceError", MAX_AGE
    assert function.invoke(message()) == []
    printed = function.printed()
    warning, *_ = printed.lines
    assert (warning["level"], warning["outcome"]) == ("WARNING", "secret")
    assert warning["reason"] == (
        "the secret could not be fetched: InternalServiceError; OpenMarket is called with the last good one"
    )
    assert printed.metrics == {"Accepted": [1.0], "SecretUnreadable": [1.0]}
    assert "canary" not in printed.text


# --- the sample events ------------------------------------------------------------------------------------------------


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("send", ["accepted"]),
        ("send-batch", ["accepted", "rejected"]),
        ("send-unusable", ["set-aside"]),
    ],
)
def test_a_sample_event_does_what_its_name_says(function: Function, name: str, outcomes: list[str]) -> None:
    assert function.deliver(sample(name)) == []
    assert [line["outcome"] for line in function.printed().lines if line["message"] != "taken"] == outcomes
    for request in function.simulator.client.mt_requests(destination="447700900750"):
        assert (request.accepted, request.violations) == (True, [])


def test_a_message_from_the_future_counts_as_enqueued_now(function: Function) -> None:
    function.clock.day = NOW + timedelta(hours=25)
    assert function.deliver(sample("send")) == []
    assert function.printed().line["reason"] == "gave up: it could not be sent within 24 hours"


@pytest.mark.parametrize(("hours", "outcome"), [(23.9, "accepted"), (24.1, "rejected")])
def test_the_window_counts_from_when_a_message_was_enqueued(function: Function, hours: float, outcome: str) -> None:
    sent_at = (NOW - timedelta(hours=hours)).timestamp() * 1000
    attributes = {**RECORD["attributes"], "SentTimestamp": str(int(sent_at))}
    assert function.deliver({"Records": [{**RECORD, "attributes": attributes}]}) == []
    assert function.printed().line["outcome"] == outcome


# --- start ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_lambda", [False, True])
def test_importing_the_module_builds_the_gateway_inside_lambda_only(*, in_lambda: bool) -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("layers/gateway", "functions/send_mms")),
        **({"AWS_LAMBDA_FUNCTION_NAME": "send-mms"} if in_lambda else {}),
    }
    command = [sys.executable, "-c", "import send_mms; print(send_mms.gateway.cache_info().currsize)"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    if in_lambda:
        assert "the function's environment is wrong; deploy the template again: TABLE_NAME is not set" in result.stderr
    else:
        assert (result.returncode, result.stdout, result.stderr) == (0, "0\n", "")
