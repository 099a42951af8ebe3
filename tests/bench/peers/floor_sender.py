"""The floor of the sender: nothing but the SDK's clients and the toolbelt, on the gateway's own layers."""

from typing import Any

import boto3
from requests_toolbelt import MultipartEncoder

clients = [boto3.client("secretsmanager"), boto3.client("s3"), boto3.client("dynamodb"), boto3.client("sqs")]
encoder = MultipartEncoder


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Do nothing."""
    return {"batchItemFailures": []}
