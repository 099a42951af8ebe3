"""Clients of the SDK from any descriptions of AWS, what they would send, and what the functions have them send."""

import json
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.loaders import Loader

from local.places import ROOT

PRUNER = runpy.run_path(str(ROOT / "layers" / "dependencies" / "prune_sdk.py"))
OPERATIONS: dict[str, tuple[str, ...]] = PRUNER["OPERATIONS"]
WHOLE = Path(botocore.session.__file__).parent / "data"
PARTITIONS: list[dict[str, Any]] = json.loads((WHOLE / "endpoints.json").read_text())["partitions"]
REGIONS = [region for partition in PARTITIONS for region in partition["regions"]]
NEWER = ["us-east-9", "eu-central-9", "cn-east-9", "us-gov-north-9", "eusc-de-north-9"]  # not known when it was built
OF_THE_MOMENT = {"X-Amz-Date", "Authorization", "amz-sdk-invocation-id"}
ITEM = {"pk": {"S": "MO#1"}, "n": {"N": "1"}, "l": {"L": [{"M": {"b": {"BOOL": True}}}]}}
UPDATE = {
    "TableName": "messages",
    "Key": {"pk": {"S": "MT#1"}, "sk": {"S": "MESSAGE"}},
    "UpdateExpression": "SET #s = :s",
    "ConditionExpression": "attribute_exists(pk)",
    "ExpressionAttributeNames": {"#s": "status"},
    "ExpressionAttributeValues": {":s": {"S": "RETRY"}},
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
PUT = {
    "TableName": "messages",
    "Item": ITEM,
    "ConditionExpression": "attribute_not_exists(pk)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/send"
REQUESTS: dict[str, list[dict[str, Any]]] = {
    "GetItem": [{"TableName": "messages", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}, "ConsistentRead": True}],
    "PutItem": [PUT],
    "Query": [
        {
            "TableName": "messages",
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :start)",
            "ExpressionAttributeValues": {":pk": {"S": "a"}, ":start": {"S": "b"}},
            "ConsistentRead": True,
        }
    ],
    "TransactWriteItems": [{"TransactItems": [{"Update": UPDATE}, {"Put": PUT}]}],
    "UpdateItem": [{**UPDATE, "ReturnValues": "ALL_NEW"}],
    "GetObject": [{"Bucket": "media.of-ours", "Key": "outgoing/ä b", "IfMatch": '"e"', "VersionId": "v"}],
    "HeadBucket": [{"Bucket": "media-of-ours"}],
    "HeadObject": [{"Bucket": "media-of-ours", "Key": "outgoing/a", "VersionId": "v"}],
    "PutObject": [
        {
            "Bucket": "media-of-ours",
            "Key": "mo/1/0-ab",
            "Body": b"picture",
            "ContentType": "image/jpeg",
            "ContentDisposition": "attachment",
            "ChecksumSHA256": "CIjZ",
            "Metadata": {"callback-content-type": "multipart/mixed"},
        }
    ],
    "GetSecretValue": [{"SecretId": "arn:aws:secretsmanager:us-east-1:000000000000:secret:a"}],
    "ChangeMessageVisibility": [{"QueueUrl": QUEUE, "ReceiptHandle": "r", "VisibilityTimeout": 7}],
    "SendMessage": [
        {
            "QueueUrl": QUEUE,
            "MessageBody": "{}",
            "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "because"}},
        }
    ],
}
"""Of each operation what the functions fill in."""

Maker = Callable[[str, str], Any]


class Sent(Exception):
    """The request that would have gone out."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        stay = {name: value for name, value in request.headers.items() if name not in OF_THE_MOMENT}
        signed = re.sub(r"/[0-9]{8}/|Signature=.*", "", str(request.headers["Authorization"]))
        self.told = (request.method, request.url, stay, signed, request.body)


def maker(data: Path) -> Maker:
    """Makes clients from the descriptions under `data`, as if botocore had come with them."""
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    vars(loader)["BUILTIN_DATA_PATH"] = str(data)  # endpoints are found otherwise with descriptions of one's own
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    session.set_credentials("key", "secret")
    once = Config(retries={"total_max_attempts": 1})
    return lambda service, region: session.create_client(service, region_name=region, config=once)


def would_send(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """What the client would send, without what differs from one moment to the next."""

    def stop(request: AWSPreparedRequest, **_: Any) -> None:
        raise Sent(request)

    client.meta.events.register_first("before-send", stop)
    with pytest.raises(Sent) as sent:
        client._make_api_call(operation, parameters)
    client.meta.events.unregister("before-send", stop)
    return sent.value.told


def requests() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for service, operations in OPERATIONS.items():
        for operation in operations:
            for parameters in REQUESTS[operation]:
                yield service, operation, parameters
