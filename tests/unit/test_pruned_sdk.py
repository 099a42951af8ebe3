"""The SDK as the layer has it, pruned, against the whole one: the same requests, the same reading of answers."""

import ast
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointProviderError, EndpointVariantError

from local.places import ROOT
from tests.unit.sdk_clients import (
    ITEM,
    NEWER,
    OPERATIONS,
    PARTITIONS,
    PRUNER,
    REGIONS,
    REQUESTS,
    WHOLE,
    Maker,
    maker,
    requests,
    would_send,
)


@pytest.fixture(scope="module")
def pruned_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sdk") / "data"
    unneeded = {folder.name for folder in WHOLE.iterdir() if folder.is_dir()} - {*OPERATIONS, "ec2"}
    shutil.copytree(WHOLE, data, ignore=lambda folder, names: unneeded & {*names} if Path(folder) == WHOLE else set())
    PRUNER["prune"](data)
    return data


@pytest.fixture(scope="module")
def pruned(pruned_data: Path) -> Maker:
    return maker(pruned_data)


@pytest.fixture(scope="module")
def whole() -> Maker:
    return maker(WHOLE)


def test_every_request_is_the_same_in_every_region_of_every_partition(pruned: Maker, whole: Maker) -> None:
    compared = 0
    for region in [*REGIONS, *NEWER]:
        for service, of_service in itertools.groupby(requests(), key=lambda request: request[0]):
            one, other = pruned(service, region), whole(service, region)
            for _, operation, parameters in of_service:
                assert would_send(one, operation, parameters) == would_send(other, operation, parameters), region
                compared += 1
    assert compared == (len(REGIONS) + len(NEWER)) * sum(map(len, OPERATIONS.values()))
    assert len(PARTITIONS) >= 8


@pytest.mark.parametrize("region", [next(iter(partition["regions"])) for partition in PARTITIONS])
@pytest.mark.parametrize("variant", ["use_fips_endpoint", "use_dualstack_endpoint"])
def test_every_request_to_another_kind_of_endpoint_is_the_same(
    pruned_data: Path, region: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AWS_{variant.upper()}", "true")
    makers = maker(pruned_data), maker(WHOLE)
    for request in requests():
        one, other = (_sent_or_refused(make, region, *request) for make in makers)
        assert one == other


def _sent_or_refused(make: Maker, region: str, service: str, operation: str, parameters: dict[str, Any]) -> Any:
    """Likewise, or the words of the refusal: not every partition has every kind."""
    try:
        return would_send(make(service, region), operation, parameters)
    except (EndpointProviderError, EndpointVariantError) as refusal:
        return str(refusal)


def test_a_request_that_differs_would_be_noticed(pruned: Maker) -> None:
    client = pruned("s3", "us-east-1")
    (parameters,) = REQUESTS["PutObject"]
    sent = would_send(client, "PutObject", parameters)
    assert sent == would_send(client, "PutObject", parameters)
    assert sent != would_send(client, "PutObject", {**parameters, "ContentType": "image/png"})
    assert sent != would_send(pruned("s3", "us-east-2"), "PutObject", parameters)


# --- answers ----------------------------------------------------------------------------------------------------------


class Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def answered(client: Any, operation: str, status: int, headers: dict[str, str], body: bytes) -> Any:
    """What the client makes of an answer: the parsed one, or the error with its class."""
    (parameters,) = REQUESTS[operation]

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), Raw(body))

    client.meta.events.register_first("before-send", answer)
    try:
        told = client._make_api_call(operation, parameters)
    except ClientError as error:
        return type(error).__name__, error.response
    finally:
        client.meta.events.unregister("before-send", answer)
    told.pop("Body", None)
    return told


def refused(code: str, **more: Any) -> bytes:
    return json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No.", **more}).encode()


REASONS = [{"Code": "ConditionalCheckFailed", "Item": ITEM}, {"Code": "None"}]
ANSWERS = [
    ("dynamodb", "GetItem", 200, json.dumps({"Item": ITEM}).encode()),
    ("dynamodb", "PutItem", 200, b"{}"),
    ("dynamodb", "PutItem", 400, refused("ConditionalCheckFailedException", Item=ITEM)),
    ("dynamodb", "PutItem", 400, refused("ProvisionedThroughputExceededException")),
    ("dynamodb", "PutItem", 400, refused("ValidationException")),
    ("dynamodb", "UpdateItem", 200, json.dumps({"Attributes": ITEM}).encode()),
    ("dynamodb", "UpdateItem", 400, refused("ConditionalCheckFailedException", Item=ITEM)),
    ("dynamodb", "Query", 200, json.dumps({"Items": [ITEM], "Count": 1, "ScannedCount": 1}).encode()),
    ("dynamodb", "TransactWriteItems", 400, refused("TransactionCanceledException", CancellationReasons=REASONS)),
    ("s3", "PutObject", 200, b""),
    ("s3", "PutObject", 403, b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"),
    ("s3", "GetObject", 200, b"picture"),
    ("s3", "GetObject", 404, b"<Error><Code>NoSuchKey</Code><Message>No.</Message></Error>"),
    ("s3", "HeadObject", 200, b""),
    ("s3", "HeadObject", 404, b""),
    ("secretsmanager", "GetSecretValue", 200, b'{"SecretString": "{}", "CreatedDate": 1.5}'),
    ("secretsmanager", "GetSecretValue", 400, b'{"__type": "ResourceNotFoundException", "Message": "No."}'),
    ("sqs", "SendMessage", 200, b'{"MessageId": "m", "MD5OfMessageBody": "99914b932bd37a50b983c5e7c90ae93b"}'),
    (
        "sqs",
        "ChangeMessageVisibility",
        400,
        b'{"__type": "com.amazonaws.sqs#ReceiptHandleIsInvalid", "message": "No."}',
    ),
]
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-request-id": "r",
    "etag": '"e"',
    "content-length": "7",
    "last-modified": "Sat, 21 Nov 2026 08:00:00 GMT",
    "x-amz-meta-a": "b",
}


@pytest.mark.parametrize(
    ("service", "operation", "status", "body"),
    [pytest.param(*answer, id=f"{answer[1]}-{answer[2]}-{n}") for n, answer in enumerate(ANSWERS)],
)
def test_every_answer_is_read_the_same(
    pruned: Maker, whole: Maker, service: str, operation: str, *, status: int, body: bytes
) -> None:
    one, other = (answered(make(service, "us-east-1"), operation, status, HEADERS, body) for make in (pruned, whole))
    assert one == other
    assert one


def test_errors_that_the_table_looks_for_are_known_to_a_pruned_client(pruned: Maker) -> None:
    exceptions = pruned("dynamodb", "us-east-1").exceptions
    assert exceptions.ConditionalCheckFailedException
    assert exceptions.TransactionCanceledException


def test_a_bucket_in_another_region_is_found_there(pruned: Maker, whole: Maker) -> None:
    # The client asks with HeadBucket where a bucket is that S3 says to be elsewhere.
    asked = redirected(pruned("s3", "us-west-2"))
    assert len(asked) > 2
    assert asked == redirected(whole("s3", "us-west-2"))


def redirected(client: Any) -> list[tuple[str, str]]:
    """The method and URL of each request for an object whose bucket lies in Ireland."""
    asked = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        asked.append((str(request.method), str(request.url)))
        status = 200 if "eu-west-1" in str(request.url) else 301
        region = {} if "outgoing" in str(request.url) else {"x-amz-bucket-region": "eu-west-1"}  # only the bucket tells
        return AWSResponse(request.url, status, HTTPHeaders.from_dict({**HEADERS, **region}), Raw(b""))

    client.meta.events.register_first("before-send", answer)
    client.head_object(Bucket="media-of-ours", Key="outgoing/a")
    assert [url for _, url in asked if "outgoing" in url][-1].startswith("https://media-of-ours.s3.eu-west-1.")
    return asked


# --- the list of operations -------------------------------------------------------------------------------------------


def test_the_functions_call_the_operations_that_are_kept_and_no_others() -> None:
    files = [file for folder in ("layers/gateway", "functions") for file in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(file.read_text()) for file in files]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute) and _is_client(call.func.value)}
    pages = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get_paginator"
        if isinstance(call.args[0], ast.Constant)
    }
    kept = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for names in OPERATIONS.values() for name in names}
    others = {"post", "get_paginator"}  # of the client that calls OpenMarket; and what gives the pages below
    assert (called - others) | pages == kept - {"head_bucket"}


def _is_client(owner: ast.expr) -> bool:
    return "client" in {getattr(owner, "id", ""), getattr(owner, "attr", "").removeprefix("_")}


def test_what_is_left_is_small(pruned_data: Path) -> None:
    assert sorted(folder.name for folder in pruned_data.iterdir() if folder.is_dir()) == sorted(OPERATIONS)
    assert sum(file.stat().st_size for file in pruned_data.rglob("*.json")) < 400_000
    assert not list(pruned_data.rglob("*.gz"))
