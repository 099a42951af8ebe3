"""The local stack itself: callbacks and queued messages reach their functions, and the roles of these hold."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import botocore
import httpx
import pytest

from local.readback import ReadBack
from local.stack import Stack

JSON = {"Content-Type": "application/json"}
SDK_DATA = Path(botocore.__file__).with_name("data")
SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs")
PROBE = '''
import os
os.environ["AWS_DATA_PATH"] = os.path.join(os.path.dirname(__file__), "whole")  # the layer's descriptions are pruned

import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    """Make each call; say "allowed", or the code of the refusal."""
    answers = []
    for service, operation, arguments in event:
        try:
            getattr(boto3.client(service), operation)(**arguments)
            answers.append("allowed")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    return answers
'''


def test_a_callback_reaches_the_function(stack: Stack) -> None:
    answer = httpx.post(stack.callback_url, content=b"{}", headers=JSON)
    assert "X-Mms-Outcome" in answer.headers
    assert answer.content == b""


def test_a_forged_token_is_refused_by_the_function(stack: Stack) -> None:
    answer = httpx.post(f"{stack.callback_url}x", content=b"{}", headers=JSON)
    assert (answer.status_code, answer.headers["X-Mms-Outcome"]) == (401, "unauthorized")


def test_a_body_without_a_content_type_reaches_the_function_byte_for_byte(stack: Stack, stored: ReadBack) -> None:
    body = b"\xff\xfe no type" + uuid.uuid4().bytes
    answer = httpx.post(stack.callback_url, content=body)
    assert answer.headers["X-Mms-Outcome"].startswith("quarantined")
    assert stored.media(f"quarantine/{sha256(body).hexdigest()}") == body


def test_another_path_never_reaches_the_function(stack: Stack) -> None:
    answer = httpx.post(f"{stack.callback_url}/more", content=b"{}", headers=JSON)
    assert answer.status_code == 403
    assert "X-Mms-Outcome" not in answer.headers


def test_fifty_simultaneous_posts_are_all_answered_by_the_function(stack: Stack) -> None:
    def post(number: int) -> str | None:
        body = json.dumps({"number": number})
        answer = httpx.post(stack.callback_url, content=body, headers=JSON, timeout=60)
        outcome: str | None = answer.headers.get("X-Mms-Outcome")
        return outcome

    with ThreadPoolExecutor(50) as posters:
        outcomes = list(posters.map(post, range(50)))
    assert None not in outcomes


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def take_away(stack: Stack, queue: str, body: str) -> bool:
    """Whether there was such a message in the queue, which then has it no more."""
    queues = stack.client("sqs")
    for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=1).get(
        "Messages", []
    ):
        if message["Body"] == body:
            queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return True
    return False


def test_a_queued_message_reaches_the_function_and_leaves_a_line_in_its_log(stack: Stack) -> None:
    def runs() -> int:
        events = stack.client("logs").get_paginator("filter_log_events")
        pages = events.paginate(logGroupName="/aws/lambda/mms-gateway-send-mms", filterPattern="REPORT")
        return sum(len(page["events"]) for page in pages)

    def waiting() -> int:
        told = stack.client("sqs").get_queue_attributes(QueueUrl=stack.send_queue_url, AttributeNames=["All"])
        return sum(int(number) for name, number in told["Attributes"].items() if name.startswith("Approximate"))

    before, body = runs(), f"no message, {uuid.uuid4()}"
    stack.client("sqs").send_message(QueueUrl=stack.send_queue_url, MessageBody=body)
    wait_until(lambda: runs() > before and waiting() == 0)
    take_away(stack, stack.dead_letter_queue_url, body)


def test_the_queue_feeds_the_function_as_the_template_says(stack: Stack) -> None:
    listed = stack.client("lambda").list_event_source_mappings(FunctionName=stack.send_function_name)
    (source,) = listed["EventSourceMappings"]
    assert (source["State"], source["BatchSize"]) == ("Enabled", 1)
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 10}


@contextmanager
def calls_as(stack: Stack, function: str) -> Iterator[Callable[..., list[str]]]:
    """Calls AWS from a function that has the role and the layers of one of the stack's."""
    functions = stack.client("lambda")
    deployed = functions.get_function_configuration(FunctionName=function)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("probe.py", PROBE)
        for file in (file for service in SERVICES for file in (SDK_DATA / service).rglob("*.json*")):
            archive.write(file, Path("whole") / file.relative_to(SDK_DATA))
    name = f"probe-{uuid.uuid4()}"
    functions.create_function(
        FunctionName=name,
        Role=deployed["Role"],
        Layers=[layer["Arn"] for layer in deployed["Layers"]],
        Runtime=deployed["Runtime"],
        Architectures=deployed["Architectures"],
        Handler="probe.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )

    def call(*calls: tuple[str, str, dict[str, Any]]) -> list[str]:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(calls))
        told: list[str] = json.load(answer["Payload"])
        return told

    try:
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        yield call
    finally:  # it may stand in somebody's account
        functions.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def call_as_the_function(stack: Stack) -> Iterator[Callable[..., list[str]]]:
    with calls_as(stack, stack.function_name) as call:
        yield call


@pytest.fixture(scope="module")
def call_as_the_sender(stack: Stack) -> Iterator[Callable[..., list[str]]]:
    with calls_as(stack, stack.send_function_name) as call:
        yield call


def test_the_role_allows_what_the_function_does(stack: Stack, call_as_the_function: Callable[..., list[str]]) -> None:
    table, key = {"TableName": stack.table_name}, {"pk": {"S": "PROBE"}, "sk": {"S": "PROBE"}}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "put_item", {**table, "Item": key}),
        ("dynamodb", "get_item", {**table, "Key": key, "ConsistentRead": True}),
        ("dynamodb", "update_item", {**table, "Key": key, "UpdateExpression": "REMOVE seen"}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "mo/probe", "Body": "x"}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "raw/probe", "Body": "x"}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "quarantine/probe", "Body": "x"}),
        ("secretsmanager", "get_secret_value", {"SecretId": stack.secret_arn}),
    ]
    assert call_as_the_function(*calls) == ["allowed"] * len(calls)


def test_the_role_refuses_everything_else(stack: Stack, call_as_the_function: Callable[..., list[str]]) -> None:
    table, key = {"TableName": stack.table_name}, {"pk": {"S": "PROBE"}, "sk": {"S": "PROBE"}}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "delete_item", {**table, "Key": key}),
        ("dynamodb", "scan", table),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "outgoing/probe", "Body": "x"}),
        ("s3", "get_object", {"Bucket": stack.media_bucket, "Key": "mo/probe"}),
        ("s3", "delete_object", {"Bucket": stack.media_bucket, "Key": "mo/probe"}),
        ("s3", "list_objects_v2", {"Bucket": stack.media_bucket}),
        ("secretsmanager", "put_secret_value", {"SecretId": stack.secret_arn, "SecretString": "{}"}),
        ("sqs", "list_queues", {}),
    ]
    refusals = call_as_the_function(*calls)
    assert len(refusals) == len(calls)
    assert set(refusals) <= {"AccessDenied", "AccessDeniedException"}, refusals


def test_the_senders_role_allows_what_the_function_does(
    stack: Stack, call_as_the_sender: Callable[..., list[str]]
) -> None:
    table, key = {"TableName": stack.table_name}, {"pk": {"S": "PROBE"}, "sk": {"S": "PROBE"}}
    media = stack.client("s3")
    version = media.put_object(Bucket=stack.media_bucket, Key="outgoing/probe", Body=b"x")["VersionId"]
    outgoing = {"Bucket": stack.media_bucket, "Key": "outgoing/probe"}
    update = {**table, "Key": key, "UpdateExpression": "REMOVE seen"}
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "PROBE"}}}
    body = f"probe {uuid.uuid4()}"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "put_item", {**table, "Item": key}),
        ("dynamodb", "get_item", {**table, "Key": key, "ConsistentRead": True}),
        ("dynamodb", "update_item", update),
        ("dynamodb", "query", {**table, **query, "ConsistentRead": True}),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Update": update}]}),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Put": {**table, "Item": key}}]}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "mt/probe", "Body": "x"}),
        ("s3", "get_object", outgoing),
        ("s3", "head_object", outgoing),
        ("s3", "get_object", {**outgoing, "VersionId": version}),
        ("s3", "head_object", {**outgoing, "VersionId": version}),
        ("secretsmanager", "get_secret_value", {"SecretId": stack.secret_arn}),
        ("sqs", "get_queue_attributes", {"QueueUrl": stack.send_queue_url, "AttributeNames": ["All"]}),
        ("sqs", "send_message", {"QueueUrl": stack.dead_letter_queue_url, "MessageBody": body}),
    ]
    assert call_as_the_sender(*calls) == ["allowed"] * len(calls)
    wait_until(lambda: take_away(stack, stack.dead_letter_queue_url, body))
    no_receipt = {"QueueUrl": stack.send_queue_url, "ReceiptHandle": "no receipt"}
    assert (
        call_as_the_sender(
            ("sqs", "change_message_visibility", {**no_receipt, "VisibilityTimeout": 1}),
            ("sqs", "delete_message", no_receipt),
        )
        == ["ReceiptHandleIsInvalid"] * 2
    )


def test_the_sender_sees_that_an_object_is_missing(stack: Stack, call_as_the_sender: Callable[..., list[str]]) -> None:
    missing = {"Bucket": stack.media_bucket, "Key": "outgoing/missing"}
    assert call_as_the_sender(("s3", "get_object", missing), ("s3", "head_object", missing)) == ["NoSuchKey", "404"]


def test_the_senders_role_refuses_everything_else(stack: Stack, call_as_the_sender: Callable[..., list[str]]) -> None:
    table, key = {"TableName": stack.table_name}, {"pk": {"S": "PROBE"}, "sk": {"S": "PROBE"}}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "delete_item", {**table, "Key": key}),
        ("dynamodb", "scan", table),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Delete": {**table, "Key": key}}]}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "outgoing/probe", "Body": "x"}),
        ("s3", "put_object", {"Bucket": stack.media_bucket, "Key": "mo/probe", "Body": "x"}),
        ("s3", "get_object", {"Bucket": stack.media_bucket, "Key": "mo/probe"}),
        ("s3", "delete_object", {"Bucket": stack.media_bucket, "Key": "outgoing/probe"}),
        ("secretsmanager", "put_secret_value", {"SecretId": stack.secret_arn, "SecretString": "{}"}),
        ("sqs", "send_message", {"QueueUrl": stack.send_queue_url, "MessageBody": "x"}),
        ("sqs", "receive_message", {"QueueUrl": stack.dead_letter_queue_url}),
        ("sqs", "purge_queue", {"QueueUrl": stack.send_queue_url}),
        ("sqs", "list_queues", {}),
    ]
    refusals = call_as_the_sender(*calls)
    assert len(refusals) == len(calls)
    assert set(refusals) <= {"AccessDenied", "AccessDeniedException"}, refusals
