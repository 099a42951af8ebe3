"""Each outcome of sending is one answer, one log line and its metrics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, get_args

import pytest

import send_mms
from local.simulator.mt.behaviours import Error, NotJson, Status, Throttle
from local.simulator.server import RunningSimulator, running_simulator
from mms_gateway.errors import StorageUnavailable
from mms_gateway.messages import utc_text
from mms_gateway.outbound import OutcomeName
from tests.unit.send_bench import (
    BASIC,
    NOW,
    PICTURE,
    POWERTOOLS,
    SECRET,
    TEXT,
    Function,
    in_bucket,
    message,
    number,
    ready,
)


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


@dataclass(frozen=True, kw_only=True)
class Row:
    """How an outcome comes about, and what is seen of it."""

    outcome: str
    arrange: Callable[[Function, dict[str, Any]], object] = lambda *_: None
    content: list[dict[str, Any]] | None = None
    level: str = "WARNING"
    away: int | None = None
    """For how many seconds the message stays away; None where it is done with."""
    line: dict[str, Any] = field(default_factory=dict)
    """What its line says beside the usual."""
    metrics: set[str]
    called: bool = True
    """Whether OpenMarket is called for it; then the line says where, and by which name its support knows the call."""


def behaves(*play: Any) -> Callable[[Function, dict[str, Any]], object]:
    return lambda function, message: function.simulator.client.behave(*play, destination=message["destination"])


def was_sent(function: Function, message: dict[str, Any]) -> None:
    function.invoke(message)
    function.printed()


def another_was_sent(function: Function, message: dict[str, Any]) -> None:
    was_sent(function, {**message, "destination": number(), "subject": "Another"})


def is_being_sent(until: timedelta) -> Callable[[Function, dict[str, Any]], None]:
    def arrange(function: Function, message: dict[str, Any]) -> None:
        was_sent(function, message)
        standing = function.table.messages[message["requestId"]]
        standing = replace(standing, status="SENDING", owner="another", lease_until=utc_text(NOW + until), mt_id=None)
        function.table.messages[message["requestId"]] = standing

    return arrange


def fails(method: str, error: Exception) -> Callable[[Function, dict[str, Any]], None]:
    def arrange(function: Function, _: dict[str, Any]) -> None:
        function.table.faults[method] = error

    return arrange


def is_taken_over(function: Function, _: dict[str, Any]) -> None:
    function.table.takes_over = True


def shares_its_mt_id(function: Function, _: dict[str, Any]) -> None:
    function.table.shares = True


def has_no_secret(function: Function, _: dict[str, Any]) -> None:
    function.secrets.code = "AccessDeniedException"


def has_an_old_password(function: Function, _: dict[str, Any]) -> None:
    function.simulator.client.set_credentials("account-canary", "another-canary")


def takes_long(function: Function, _: dict[str, Any]) -> None:
    function.bucket.objects["media", "outgoing/parrot.jpg"] = (b"picture", "image/jpeg")
    function.bucket.seconds = 11.0


ROWS = {
    "accepted": Row(outcome="accepted", level="INFO", line={"joined": False}, metrics={"Accepted"}),
    "accepted, the reports can't be read": Row(
        outcome="accepted",
        arrange=fails("join_reports", StorageUnavailable("the table answered ThrottlingException")),
        away=4,
        line={"reason": "the table answered ThrottlingException", "comeAgainIn": 4.0},
        metrics={"Accepted"},
    ),
    "accepted, after its lease": Row(
        outcome="accepted",
        arrange=is_taken_over,
        line={"reason": "OpenMarket took it, but its item was changed by somebody else meanwhile"},
        metrics={"Accepted"},
    ),
    "accepted, under another message's mtId": Row(
        outcome="accepted",
        arrange=shares_its_mt_id,
        level="ERROR",
        line={"reason": "OpenMarket gave its mtId to another message too", "alarm": "shared"},
        metrics={"Accepted", "Conflicts"},
    ),
    "rejected by OpenMarket": Row(
        outcome="rejected",
        arrange=behaves(Error(code=4, status=400, description="No handset: 447700900750, 12345678")),
        line={
            "reason": "No handset: …0750, …5678",
            "httpStatus": 400,
            "code": "4",
            "attempts": 1,
        },
        metrics={"Rejected"},
    ),
    "rejected by us": Row(
        outcome="rejected",
        content=[{"contentId": "main", "text": TEXT}, {"contentId": "a.txt"}],
        line={
            "reason": "content[0].contentId: main is the name of the request's own part; "
            "content[1]: expected exactly one of text, base64, s3 and url, got none"
        },
        metrics={"Rejected"},
        called=False,
    ),
    "in doubt": Row(
        outcome="in-doubt",
        arrange=behaves(NotJson()),
        line={
            "reason": "it is not known whether OpenMarket took it: OpenMarket answered 200 without an mtId",
            "httpStatus": 200,
            "attempts": 1,
        },
        metrics={"InDoubt"},
    ),
    "in doubt, its sender died": Row(
        outcome="in-doubt",
        arrange=is_being_sent(until=timedelta(seconds=-1)),
        line={
            "reason": "it is not known whether OpenMarket took it: the function that sent it ended without a word",
            "attempts": 1,
        },
        metrics={"InDoubt"},
        called=False,
    ),
    "retry": Row(
        outcome="retry",
        arrange=behaves(Throttle(retry_after="7")),
        away=9,  # 7, and up to 1.7 by chance, which is 1.7 here
        line={"reason": "Too many requests.", "httpStatus": 429, "code": "429", "attempts": 1} | {"comeAgainIn": 8.7},
        metrics={"Retried"},
    ),
    "retry, after longer than a message can stay away": Row(
        outcome="retry",
        arrange=behaves(Throttle(retry_after="80000")),
        away=39_600,
        line={"reason": "Too many requests.", "httpStatus": 429, "code": "429", "attempts": 1}
        | {"comeAgainIn": 80_900.0},
        metrics={"Retried"},
    ),
    "retry, a redirect": Row(
        outcome="retry",
        arrange=behaves(Status(status=307, headers={"Location": "https://elsewhere.example/canary"})),
        level="ERROR",
        away=4,
        line={"reason": "OpenMarket answered 307 Temporary Redirect", "httpStatus": 307, "attempts": 1}
        | {"comeAgainIn": 4.0, "alarm": "redirect"},
        metrics={"Retried", "Redirected"},
    ),
    "retry, a password that OpenMarket refuses": Row(
        outcome="retry",
        arrange=has_an_old_password,
        level="ERROR",
        away=4,
        line={"reason": "Authorization: not the account id and password of this simulator", "attempts": 1}
        | {"httpStatus": 401, "code": "401", "comeAgainIn": 4.0, "alarm": "credentials"},
        metrics={"Retried", "CredentialsRefused"},
    ),
    "retry, no secret": Row(
        outcome="retry",
        arrange=has_no_secret,
        level="ERROR",
        away=4,
        line={"reason": "the secret could not be fetched: AccessDeniedException"}
        | {"comeAgainIn": 4.0, "alarm": "secret"},
        metrics={"Retried", "SecretUnreadable"},
        called=False,
    ),
    "conflict": Row(
        outcome="conflict",
        arrange=another_was_sent,
        line={"reason": "requestId: it was used for another message before; give each message one of its own"},
        metrics={"Conflicts"},
        called=False,
    ),
    "repeat": Row(
        outcome="repeat", arrange=was_sent, level="INFO", line={"joined": False}, metrics={"Duplicates"}, called=False
    ),
    "busy": Row(
        outcome="busy",
        arrange=is_being_sent(until=timedelta(seconds=20.4)),
        level="INFO",
        away=22,
        line={"comeAgainIn": 21.4},
        metrics={"Busy"},
        called=False,
    ),
    "retry, its media took too long": Row(
        outcome="retry",
        arrange=takes_long,
        content=in_bucket(),
        away=4,
        line={"reason": "the stores were so slow that no time was left for a call", "comeAgainIn": 4.0},
        metrics={"Retried"},
        called=False,
    ),
    "unavailable": Row(
        outcome="unavailable",
        arrange=fails("find", StorageUnavailable("the table answered ThrottlingException")),
        away=4,
        line={"reason": "the table answered ThrottlingException", "comeAgainIn": 4.0},
        metrics={"Unavailable"},
        called=False,
    ),
}


def test_every_outcome_has_a_row() -> None:
    assert {row.outcome for row in ROWS.values()} == set(get_args(OutcomeName)) == set(send_mms.METRICS)
    told = {name for row in ROWS.values() for name in row.metrics}
    assert told == {*send_mms.METRICS.values(), *send_mms.ALARMS.values()}


@pytest.mark.parametrize("name", ROWS)
def test_an_outcome_is_one_answer_one_log_line_and_its_metrics(function: Function, name: str) -> None:
    row = ROWS[name]
    sent = message(**({"content": row.content} if row.content else {}))
    row.arrange(function, sent)
    earlier = function.posts(sent)
    assert function.invoke(sent) == ([] if row.away is None else ["m0"])
    assert function.queues.put_off == ([] if row.away is None else [f"h0 {row.away}"])
    assert not function.queues.dead
    line = {
        "message": row.outcome,
        "outcome": row.outcome,
        "level": row.level,
        "requestId": sent["requestId"],
        "handset": f"…{sent['destination'][-4:]}",
        "messageId": "m0",
        "receives": 1,
        **row.line,
    }
    posts = function.posts(sent)[len(earlier) :]
    assert bool(posts) is row.called
    if row.called:
        line |= {"host": "127.0.0.1", "openMarketRequestId": posts[-1].request_id}
    if row.outcome in {"accepted", "repeat"}:
        line["mtId"] = [*earlier, *posts][-1].mt_id
    printed = function.printed()
    assert {name: value for name, value in printed.line.items() if name not in POWERTOOLS} == line
    assert printed.metrics == {name: [1.0] for name in row.metrics}
    assert not [word for word in ("canary", BASIC, PICTURE, sent["destination"]) if word in printed.text]


def test_the_mt_id_is_told_before_it_is_written_down(function: Function) -> None:
    sent = message()
    function.table.faults["accept"] = KeyError("the table")
    assert function.invoke(sent) == ["m0"]
    (taken, mistake) = function.printed().lines
    (post,) = function.posts(sent)
    assert (taken["outcome"], taken["requestId"], taken["mtId"]) == ("taken", sent["requestId"], post.mt_id)
    assert (mistake["outcome"], taken["level"]) == ("mistake", "INFO")


def test_a_report_that_came_first_is_joined(function: Function) -> None:
    function.table.reported = True
    function.invoke(message())
    assert function.printed().line["joined"] is True


@pytest.mark.parametrize(("receives", "away"), [(1, 4), (2, 8), (5, 64), (8, 512), (9, 900), (200, 900)])
def test_a_message_stays_away_longer_each_time_up_to_a_quarter_of_an_hour(
    function: Function, receives: int, away: int
) -> None:
    function.table.faults["find"] = StorageUnavailable("the table answered ThrottlingException")
    function.invoke(message(), receives=receives)
    assert function.queues.put_off == [f"h0 {away}"]
    assert function.printed().line["receives"] == receives
