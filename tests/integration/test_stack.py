"""The local stack itself: callbacks reach the function, and its role holds."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import httpx
import pytest

from local.readback import ReadBack
from local.stack import Stack

JSON = {"Content-Type": "application/json"}
PROBE = '''
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


@pytest.fixture(scope="module")
def call_as_the_function(stack: Stack) -> Iterator[Callable[..., list[str]]]:
    """Calls AWS from a function that has the role and the layers of the one that receives callbacks."""
    functions = stack.client("lambda")
    deployed = functions.get_function_configuration(FunctionName=stack.function_name)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("probe.py", PROBE)
    name = f"probe-{uuid.uuid4()}"
    functions.create_function(
        FunctionName=name,
        Role=deployed["Role"],
        Layers=[layer["Arn"] for layer in deployed["Layers"]],
        Runtime=deployed["Runtime"],
        Handler="probe.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )

    def call(*calls: tuple[str, str, dict[str, Any]]) -> list[str]:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(calls))
        told: list[str] = json.load(answer["Payload"])
        return told

    yield call
    functions.delete_function(FunctionName=name)


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
