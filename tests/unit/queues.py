"""SQS in memory behind the SDK's own client: its requests are checked and written, its answers read, as with AWS."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from mms_gateway.aws import client_config
from mms_gateway.send_queue import SendQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/send"
DEAD_LETTER_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead"
MAX_MESSAGE = 1024 * 1024  # bytes of body and attributes: names, types and values (AWS, "Amazon SQS message quotas")


class Answer(AWSResponse):
    """An answer that is there already."""

    def __init__(self, status: int, values: dict[str, Any]) -> None:
        super().__init__(URL, status, HTTPHeaders(), None)
        self._content = json.dumps(values).encode()


@dataclass
class Queues:
    """The queue and its dead-letter queue: what was put off for how many seconds, what was set aside."""

    journal: list[str] = field(default_factory=list)
    dead: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    """By operation: the error code it is answered with, or `silence`."""

    def __post_init__(self) -> None:
        client: SQSClient = boto3.client(
            "sqs",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=client_config(connections=1),
        )
        client.meta.events.register("before-send.sqs", self._answer)  # type: ignore[arg-type]
        self.queue = SendQueue(client, url=URL, dead_letter_url=DEAD_LETTER_URL)

    @property
    def put_off(self) -> list[str]:
        """Receipt handles and the seconds that their messages stay away."""
        return [line.removeprefix("put off ") for line in self.journal if line.startswith("put off ")]

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> Answer:
        assert isinstance(request.body, bytes)
        values = json.loads(request.body)
        target: Any = request.headers["X-Amz-Target"]
        operation = target.decode().removeprefix("AmazonSQS.")
        fault = self.faults.get(operation)
        if fault == "silence":
            raise EndpointConnectionError(endpoint_url=URL)
        if fault is not None:
            return _error(fault)
        if operation == "ChangeMessageVisibility":
            assert values["QueueUrl"] == URL
            self.journal.append(f"put off {values['ReceiptHandle']} {values['VisibilityTimeout']}")
            return Answer(200, {})
        assert (operation, values["QueueUrl"]) == ("SendMessage", DEAD_LETTER_URL)
        body, attributes = values["MessageBody"], values.get("MessageAttributes", {})
        pieces = [body, *(each for name, value in attributes.items() for each in (name, *value.values()))]
        if sum(len(piece.encode("utf-8", "surrogatepass")) for piece in pieces) > MAX_MESSAGE:
            return _error("InvalidParameterValue")
        self.journal.append("set aside")
        self.dead.append({"body": body, **{name: value["StringValue"] for name, value in attributes.items()}})
        md5 = hashlib.md5(body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        return Answer(200, {"MessageId": "1", "MD5OfMessageBody": md5})


def _error(code: str) -> Answer:
    return Answer(400, {"__type": f"com.amazonaws.sqs#{code}", "message": "canary"})
