"""The floor of the callback function: nothing but the SDK's clients, which run on the gateway's own layers."""

from typing import Any

import boto3

clients = [boto3.client("secretsmanager"), boto3.client("s3"), boto3.client("dynamodb")]


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Do nothing."""
    return {"statusCode": 200, "body": ""}
