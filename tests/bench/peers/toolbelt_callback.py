"""The toolbelt peer: a callback as one writes it on a first day, with requests-toolbelt and boto3's clients.

It stores each part under its place in the message, one after another, and the message with a conditional put. There is
no raw copy, no quarantine, no time limit; media are what the decoder says they are.
"""

import base64
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from requests_toolbelt.multipart.decoder import MultipartDecoder

logger = Logger()
secrets = boto3.client("secretsmanager")
s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")


@dataclass
class Part:
    """One part, its transfer encoding undone."""

    content_type: str
    content_id: str
    data: bytes


def read_parts(event: dict[str, Any]) -> list[Part]:
    """The parts of the event's body."""
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    parts = []
    for part in MultipartDecoder(body, event["headers"]["Content-Type"]).parts:
        data = part.content
        if part.headers.get(b"Content-Transfer-Encoding", b"").lower() == b"base64":
            data = base64.b64decode(data)
        parts.append(
            Part(
                content_type=part.headers.get(b"Content-Type", b"application/octet-stream").decode(),
                content_id=part.headers.get(b"Content-Id", b"").decode(),
                data=data,
            )
        )
    return parts


@lru_cache(maxsize=1)
def callback_tokens() -> list[str]:
    """The tokens that callers may use."""
    secret = json.loads(secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])["SecretString"])
    tokens: list[str] = secret["callbackTokens"]
    return tokens


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Store a message and its media."""
    if event["pathParameters"]["token"] not in callback_tokens():
        return {"statusCode": 401, "body": ""}
    main, *media = read_parts(event)
    message = json.loads(main.data)
    stored = []
    for index, part in enumerate(media):
        key = f"mo/{message['moId']}/{index}"
        s3.put_object(
            Bucket=os.environ["MEDIA_BUCKET"], Key=key, Body=part.data, ContentType=part.content_type.split(";")[0]
        )
        stored.append({"M": {"s3Key": {"S": key}, "contentId": {"S": part.content_id}}})
    try:
        dynamodb.put_item(
            TableName=os.environ["TABLE_NAME"],
            Item={
                "pk": {"S": f"MO#{message['moId']}"},
                "sk": {"S": "MESSAGE"},
                "handset": {"S": message["source"]},
                "subject": {"S": message.get("subject", "")},
                "parts": {"L": stored},
                "details": {"S": main.data.decode()},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        logger.info("duplicate")
    logger.info("stored")
    return {"statusCode": 200, "body": ""}
