"""The sender peer: a queue message becomes a request, with Powertools for all around it, and requests.

There is no claim, so a message that comes twice goes out twice.
"""

import os
from typing import Any

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from requests_toolbelt import MultipartEncoder

tracer, logger, metrics = Tracer(), Logger(), Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
s3 = boto3.client("s3")


class Content(BaseModel):
    """One content of a message."""

    contentId: str  # noqa: N815 - the queue message's name
    text: str | None = None
    s3: dict[str, str] | None = None


class Message(BaseModel):
    """A message to send."""

    requestId: str  # noqa: N815
    source: str
    destination: str
    subject: str = ""
    content: list[Content]


@tracer.capture_method
def send(record: SQSRecord) -> None:
    """Send one message and note its id."""
    message = parse(event=record.json_body, model=Message)
    account = parameters.get_secret(os.environ["SECRET_ARN"], transform="json", max_age=60)
    main = message.model_dump_json(include={"source", "destination", "subject"})
    fields: dict[str, Any] = {"main": ("main", main, "application/json")}
    for content in message.content:
        data: Any = content.text
        if content.s3 is not None:
            data = s3.get_object(Bucket=content.s3["bucket"], Key=content.s3["key"])["Body"].read()
        fields[content.contentId] = (content.contentId, data)
    encoder = MultipartEncoder(fields)
    answer = requests.post(
        f"{os.environ['OPENMARKET_ENDPOINTS']}/mms/v2/send",
        data=encoder,
        headers={"Content-Type": encoder.content_type},
        auth=(account["accountId"], account["password"]),
        timeout=30,
    )
    answer.raise_for_status()
    table.put_item(Item={"pk": f"MT#{message.requestId}", "sk": "MESSAGE", "mtId": str(answer.json()["mtId"])})
    metrics.add_metric("Accepted", MetricUnit.Count, 1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Send every message of the batch; those that fail come again."""
    return process_partial_response(event=event, record_handler=send, processor=processor, context=context)
