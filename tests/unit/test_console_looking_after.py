"""What the console knows of doubts, of faults before the decoder, and of SQS's own task, without a stack."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from botocore.stub import Stubber

from console import dead_letters
from console.attention import reason_of
from console.connection import Addresses, Gateway
from console.dead_letters import DeadLetters, Moved
from console.doubts import Doubt, look_at, may_be_its
from console.problems import Problem
from console.replaying import FAULTS_OF_THE_REQUEST
from console.resolving import close
from receive_callback import read_callback

DOUBT = {"pk": "MT#order-1", "sk": "MESSAGE", "status": "IN_DOUBT", "attention": "IN_DOUBT"}


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(
        name="stack",
        session=boto3.Session("id", "key", region_name="us-east-1"),
        addresses=Addresses(
            table_name="table",
            media_bucket="bucket",
            send_queue_url="https://sqs/send",
            dead_letter_queue_url="https://sqs/dead",
            secret_arn="",
            callback_url="",
        ),
        parameters={},
    )


def event(**changes: Any) -> APIGatewayProxyEvent:
    usual = {"body": base64.b64encode(b"body").decode(), "isBase64Encoded": True, "headers": {}}
    return APIGatewayProxyEvent({**usual, "multiValueHeaders": {}, **changes})


def test_the_faults_that_no_decoder_can_mend_are_those_found_before_the_decoder() -> None:
    events = [
        event(multiValueHeaders={"Content-Type": ["a/b", "a/b"]}),
        event(headers={"Content-Encoding": "gzip"}),
        event(body="!"),
        event(body="\ufffd", isBase64Encoded=False),
    ]
    assert {read_callback(each, datetime.now(UTC)).fault for each in events} == FAULTS_OF_THE_REQUEST


@pytest.mark.parametrize(
    ("times", "since"),
    [
        ({"sentAt": "T10:00:00.123Z", "attentionSince": "T10:00:31.000Z"}, "T10:00:00.000Z"),
        ({"sentAt": "T09:00:00.123Z", "attentionSince": "T10:00:31.000Z"}, "T09:58:31.000Z"),
        (
            {"sentAt": "T09:00:00.123Z", "resentAt": "T10:00:00.123Z", "attentionSince": "T10:00:31.000Z"},
            "T10:00:00.000Z",
        ),
        # The function died, and the message came again six minutes later.
        (
            {"sentAt": "T09:00:00.000Z", "leaseUntil": "T10:01:02.000Z", "attentionSince": "T10:06:00.000Z"},
            "T09:59:02.000Z",
        ),
    ],
)
def test_a_doubts_time_begins_shortly_before_its_last_try(gateway: Gateway, times: dict[str, str], since: str) -> None:
    doubt = look_at(gateway, {**DOUBT, **{name: f"2026-03-01{time}" for name, time in times.items()}})
    assert doubt.since == f"2026-03-01{since}"
    assert doubt.until.startswith("2026-03-04T10:0")


def test_the_reports_closest_to_a_doubt_come_first_by_either_of_their_times() -> None:
    item = {**DOUBT, "attentionSince": "2026-03-01T10:00:00.000Z"}
    doubt = Doubt(item=item, since="2026-03-01T09:59:00.000Z", until="2026-03-04T10:00:00.000Z", answers=[])
    reports = [
        {"mtId": "late", "date": "2026-03-02T10:00:00.000Z", "receivedAt": "2026-03-02T10:00:01.000Z"},
        {"mtId": "clock-wrong", "date": "2026-03-01T02:00:00.000Z", "receivedAt": "2026-03-01T10:00:30.000Z"},
        {"mtId": "no-date", "receivedAt": "2026-03-01T10:00:05.000Z"},
        {"mtId": "before", "date": "2026-03-01T09:00:00.000Z", "receivedAt": "2026-03-01T09:00:01.000Z"},
        {"mtId": "too-late", "receivedAt": "2026-03-05T10:00:00.000Z"},
    ]
    assert [one["mtId"] for one in may_be_its(doubt, reports)] == ["no-date", "clock-wrong", "late"]


def test_a_reason_is_told_of_every_kind() -> None:
    error = {"error": {"description": "no answer came"}}
    assert reason_of({**DOUBT, **error}) == "no answer came"
    assert reason_of({**DOUBT, **error, "status": "RETRY"}).startswith("ordered again, and not tried yet; before that")
    assert reason_of({"sk": "CALLBACK", "reason": "moId: expected digits"}) == "moId: expected digits"
    assert reason_of({"direction": "MO", "attention": "CONFLICT"}) == "another message came under this moId before"


@pytest.fixture
def sqs(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """SQS as its model has it, for the embedded AWS has no message move task."""
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    with Stubber(gateway.sqs) as stub:
        for url, arn in (("https://sqs/dead", "arn:dead"), ("https://sqs/send", "arn:send")):
            asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
            stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": arn}}, asked)
        add_task(stub, "COMPLETED", 77, StartedTimestamp=1)  # somebody's of last week
        both = {"SourceArn": "arn:dead", "DestinationArn": "arn:send"}
        stub.add_response("start_message_move_task", {"TaskHandle": "handle"}, both)
        yield stub


def add_task(sqs: Stubber, status: str, moved: int, **more: object) -> None:
    facts = {"StartedTimestamp": 2, **more}
    task = {"Status": status, "ApproximateNumberOfMessagesMoved": moved, "SourceArn": "arn:dead", **facts}
    sqs.add_response("list_message_move_tasks", {"Results": [task]}, {"SourceArn": "arn:dead", "MaxResults": 1})


def test_where_sqs_moves_them_by_itself_its_progress_is_told_to_the_end(gateway: Gateway, sqs: Stubber) -> None:
    add_task(sqs, "COMPLETED", 77, StartedTimestamp=1)  # the new one is not listed yet
    add_task(sqs, "RUNNING", 4)
    add_task(sqs, "COMPLETED", 9)
    told: list[int] = []
    assert DeadLetters(gateway).move_all(told.append) == Moved(moved=9)
    assert told == [4, 9]


def test_where_sqs_fails_to_move_them_it_is_said_why(gateway: Gateway, sqs: Stubber) -> None:
    add_task(sqs, "FAILED", 4, FailureReason="AccessDenied")
    with pytest.raises(Problem, match="moved 4 messages, and then its task was FAILED: AccessDenied"):
        DeadLetters(gateway).move_all()


def test_who_may_not_start_such_a_task_moves_them_without_it(gateway: Gateway) -> None:
    with Stubber(gateway.sqs) as sqs:
        for _ in range(2):
            sqs.add_response("get_queue_attributes", {"Attributes": {"QueueArn": "arn"}})
        sqs.add_client_error("list_message_move_tasks", "AccessDenied")
        assert DeadLetters(gateway).move_all() is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"status": "SENDING", "leaseUntil": "2026-03-01T10:00:30.000Z"},
            "until 2026-03-01T10:00:30.000Z at the latest",
        ),
        ({"status": "RETRY", "retryAt": "2026-03-01T10:00:30.000Z"}, "again by itself, at 2026-03-01T10:00:30.000Z"),
        ({"status": "RETRY", "attention": "IN_DOUBT"}, "it was ordered again, and is tried as soon as its turn comes"),
        ({"status": "ACCEPTED", "mtId": "7"}, "OpenMarket took it as 7"),
    ],
)
def test_what_is_no_doubt_is_not_closed_and_said_to_be_something_else(
    gateway: Gateway, facts: dict[str, str], said: str
) -> None:
    with Stubber(gateway.dynamodb), pytest.raises(Problem, match=f"not IN_DOUBT: .*{said}"):
        close(gateway, {"pk": "MT#order", "sk": "MESSAGE", "attempts": 1, **facts})
