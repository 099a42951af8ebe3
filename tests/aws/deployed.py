"""A deployed stack as the tests know the local one, by its outputs and with the caller's own credentials."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import boto3

from console.connection import Gateway
from local.stack import Stack
from tests.aws.writings import Writings


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedStack(Stack):
    """A stack whose clients note what is written through them."""

    session: boto3.Session
    writings: Writings

    def __repr__(self) -> str:
        return f"<the stack with the table {self.table_name}>"  # pytest prints it, and the callback URL is a credential

    def client(self, service: str) -> Any:
        """A client of one of its AWS services, with the caller's credentials."""
        made = self.session.client(service)  # type: ignore[call-overload]
        self.writings.note_calls_of(made)
        return made

    def resource(self, service: str) -> Any:
        """A boto3 resource, likewise."""
        made = self.session.resource(service)  # type: ignore[call-overload]
        self.writings.note_calls_of(made.meta.client)
        return made


def deployed_stack(
    gateway: Gateway, session: boto3.Session, writings: Writings, callbacks: str | None
) -> DeployedStack:
    """The stack that a gateway's outputs tell of; `callbacks` is where it takes callbacks if not where they say."""
    credentials = session.get_credentials()
    return DeployedStack(
        callback_url=_with_credentials(gateway, callbacks or gateway.addresses.callback_url),
        aws_endpoint_url=gateway.dynamodb.meta.endpoint_url,
        region=str(session.region_name),
        access_key_id=credentials.access_key if credentials else "",
        secret_access_key="",
        table_name=gateway.addresses.table_name,
        media_bucket=gateway.addresses.media_bucket,
        secret_arn=gateway.addresses.secret_arn,
        function_name=gateway.outputs["ReceiveCallbackName"],
        send_queue_url=gateway.addresses.send_queue_url,
        dead_letter_queue_url=gateway.addresses.dead_letter_queue_url,
        send_function_name=gateway.outputs["SendMmsName"],
        open_market_url="",
        console_url="",
        session=session,
        writings=writings,
    )


def _with_credentials(gateway: Gateway, url: str) -> str:
    """The address with what opens it: a token of the secret, and a user and password where it has them."""
    told = gateway.secrets.get_secret_value(SecretId=gateway.addresses.secret_arn)["SecretString"]
    secret: dict[str, Any] = json.loads(told)
    if not secret.get("callbackTokens"):
        raise ValueError("the stack's secret has no callbackTokens yet: functions/deploying.md says how to fill it in")
    parts = urlsplit(f"{url}/{quote(secret['callbackTokens'][0], safe='')}")
    if user := secret.get("callbackUser"):
        basic = f"{quote(user, safe='')}:{quote(secret['callbackPasswords'][0], safe='')}"
        parts = parts._replace(netloc=f"{basic}@{parts.netloc}")
    return urlunsplit(parts)
