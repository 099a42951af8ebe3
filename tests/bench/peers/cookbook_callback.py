"""The cookbook peer: a callback in the manner of the handler cookbooks, with all that Powertools has for one.

Event handler, Tracer, Logger, Metrics, the secret by the parameters utility, a pydantic model of the message, the
idempotency utility in place of a conditional put, boto3's resources.
"""

import base64
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from requests_toolbelt.multipart.decoder import MultipartDecoder

tracer, logger, metrics = Tracer(), Logger(), Metrics()
app = APIGatewayRestResolver()
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
bucket = boto3.resource("s3").Bucket(os.environ["MEDIA_BUCKET"])
seen = DynamoDBPersistenceLayer(table_name=os.environ["TABLE_NAME"], key_attr="pk", sort_key_attr="sk")
config = IdempotencyConfig(event_key_jmespath="moId")


class Mo(BaseModel):
    """A message from a handset."""

    moId: int  # noqa: N815 - the provider's name
    source: str
    destinations: list[str]
    subject: str = ""


@tracer.capture_method
@idempotent_function(data_keyword_argument="message", persistence_store=seen, config=config)  # type: ignore[untyped-decorator]
def store(*, message: dict[str, Any], media: list[Any]) -> dict[str, Any]:
    """Store a message and its media, once."""
    for index, part in enumerate(media):
        key = f"mo/{message['moId']}/{index}"
        content_type = part.headers.get(b"Content-Type", b"application/octet-stream").decode()
        bucket.put_object(Key=key, Body=part.content, ContentType=content_type)
    table.put_item(Item={"pk": f"MO#{message['moId']}", "sk": "MESSAGE", **message, "parts": len(media)})
    return {"stored": len(media)}


@app.post("/callbacks/<token>")
def receive(token: str) -> Response[str]:
    """Take in one callback."""
    secret = parameters.get_secret(os.environ["SECRET_ARN"], transform="json", max_age=60)
    if token not in secret["callbackTokens"]:
        return Response(status_code=401, body="")
    body = base64.b64decode(app.current_event.body or "")
    main, *media = MultipartDecoder(body, app.current_event.headers["Content-Type"]).parts
    message = parse(event=main.text, model=Mo)
    store(message=message.model_dump(), media=media)
    metrics.add_metric("Received", MetricUnit.Count, 1)
    return Response(status_code=200, body="")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Let the event handler find the route."""
    return app.resolve(event, context)
