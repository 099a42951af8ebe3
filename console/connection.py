"""Which gateway is spoken to: the one that `make local` runs here, or a deployed one by its stack's name."""

import json
import os
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from console.problems import Problem
from local.places import local_folder
from mms_gateway.outbound import Rules
from mms_gateway.retention import read_retention

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

LOCAL_STACK_NAME = "mms-gateway"
CLIENT = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=32
)
WITHOUT_PROXY = Config(proxies={})  # to this machine there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the parts of a stack are."""

    table_name: str
    media_bucket: str
    send_queue_url: str
    dead_letter_queue_url: str
    secret_arn: str
    callback_url: str
    """Without a token."""


class Gateway:
    """A gateway, and clients of its parts with the caller's own keys; they may be used by several threads."""

    def __init__(  # noqa: PLR0913 - by name
        self,
        *,
        name: str,
        session: boto3.Session,
        addresses: Addresses,
        parameters: dict[str, str],
        outputs: dict[str, str] | None = None,
        endpoint_url: str | None = None,
        open_market_url: str | None = None,
    ) -> None:
        self.name = name
        self.addresses = addresses
        self.parameters = parameters
        """The stack's parameters, by name."""
        self.outputs = outputs or {}
        """The stack's outputs, by name, as CloudFormation has them."""
        self.open_market_url = open_market_url
        """The simulator's, on the local stack alone."""
        self._session = session
        self._endpoint_url = endpoint_url
        self._making = threading.Lock()  # a session is not for several threads

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, with a simulator for OpenMarket."""
        return self.open_market_url is not None

    def command(self, *words: str) -> str:
        """What a person types to have `mms` do something with this same gateway."""
        is_meant = self.is_local or os.environ.get("MMS_STACK_NAME") == self.name
        return shlex.join(["mms", *words, *([] if is_meant else ["--stack-name", self.name])])

    @property
    def rules(self) -> Rules:
        """What the stack's parameters say of sending; times of calls are the function's own business."""
        hosts = self.parameters.get("LinkHosts", "").lower().split(",")
        return Rules(
            media_bucket=self.addresses.media_bucket,
            mt_config=self.parameters.get("MtConfig", "default"),
            link_hosts=frozenset(host for host in hosts if host),
            max_message_bytes=int(self.parameters.get("MaxMessageBytes", 1_000_000)),
            window=timedelta(hours=int(self.parameters.get("SendWindowHours", 24))),
            call_seconds=0,
            backoff_seconds=0,
        )

    @property
    def raw_days(self) -> int:
        """How long the bodies of callbacks are kept."""
        return int(self.parameters.get("RawDays", 7))

    @property
    def retention(self) -> timedelta:
        """How long items are kept after they were last written."""
        return read_retention(self.parameters.get("RetentionDays", "0"))

    def client(self, service: str) -> Any:
        """A client of one of AWS's services."""
        config = CLIENT.merge(WITHOUT_PROXY) if self.is_local else CLIENT
        with self._making:
            return self._session.client(service, endpoint_url=self._endpoint_url, config=config)  # type: ignore[call-overload]

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The table's."""
        client: DynamoDBClient = self.client("dynamodb")
        return client

    @cached_property
    def streams(self) -> "DynamoDBStreamsClient":
        """The table's stream's."""
        client: DynamoDBStreamsClient = self.client("dynamodbstreams")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        """The buckets'."""
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        """The queues'."""
        client: SQSClient = self.client("sqs")
        return client

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """The secret's."""
        client: SecretsManagerClient = self.client("secretsmanager")
        return client


def connect(stack_name: str | None) -> Gateway:
    """The deployed gateway of that name, or without one the gateway that runs here; Problem where there is none."""
    return _deployed(stack_name) if stack_name else _running_here()


def local_gateway(told: Mapping[str, str]) -> Gateway:
    """The gateway on this machine that tells this of itself: what stands in stack.json."""
    session = boto3.Session(
        told["accessKeyId"], told["secretAccessKey"], region_name=told["region"], botocore_session=_without_profile()
    )
    endpoint = told["awsEndpointUrl"]
    client = session.client("cloudformation", endpoint_url=endpoint, config=CLIENT.merge(WITHOUT_PROXY))
    parameters, outputs = _describe(client, LOCAL_STACK_NAME)
    return Gateway(
        name="local",
        session=session,
        addresses=Addresses(
            table_name=told["tableName"],
            media_bucket=told["mediaBucket"],
            send_queue_url=told["sendQueueUrl"],
            dead_letter_queue_url=told["deadLetterQueueUrl"],
            secret_arn=told["secretArn"],
            callback_url=told["callbackUrl"].rpartition("/")[0],
        ),
        parameters=parameters,
        outputs=outputs,
        endpoint_url=endpoint,
        open_market_url=told["openMarketUrl"],
    )


def _without_profile() -> botocore.session.Session:
    """A session that AWS_PROFILE has no part in: the local stack's keys are its own."""
    return botocore.session.Session(session_vars={"profile": (None, None, None, None)})


def _running_here() -> Gateway:
    file = Path(os.environ.get("MMS_STACK_JSON") or local_folder() / "stack.json")
    try:
        return local_gateway(json.loads(file.read_text()))
    except FileNotFoundError:
        raise Problem(
            "No gateway runs on this machine. Start one with `make local`, or name a deployed one with --stack-name."
        ) from None
    except KeyError as missing:
        raise Problem(f"{file} does not tell the {missing} of the gateway. Start `make local` anew.") from None
    except (OSError, ValueError) as error:
        raise Problem(f"{file} can't be read: {error}. Start `make local` anew.") from None
    except (ClientError, BotoCoreError):
        raise Problem(
            f"The gateway that {file} tells of does not answer. Start it anew with `make local`, or name a deployed "
            "one with --stack-name."
        ) from None


def _deployed(stack_name: str) -> Gateway:
    # The command line and other languages know AWS_REGION, boto3 does not.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    try:
        parameters, outputs = _describe(session.client("cloudformation"), stack_name)
    except ClientError as error:
        if "does not exist" in str(error):
            raise Problem(
                f"There is no stack {stack_name} in {session.region_name}. Look at AWS_REGION and AWS_PROFILE, or list "
                "the stacks there are with `aws cloudformation list-stacks`."
            ) from None
        raise
    try:
        addresses = Addresses(
            table_name=outputs["TableName"],
            media_bucket=outputs["MediaBucketName"],
            send_queue_url=outputs["SendQueueUrl"],
            dead_letter_queue_url=outputs["DeadLetterQueueUrl"],
            secret_arn=outputs["SecretArn"],
            callback_url=outputs["CallbackUrl"],
        )
    except KeyError as missing:
        raise Problem(
            f"The stack {stack_name} has no output {missing}: it is no MMS gateway, or is not deployed to its end."
        ) from None
    return Gateway(name=stack_name, session=session, addresses=addresses, parameters=parameters, outputs=outputs)


def _describe(client: Any, stack_name: str) -> tuple[dict[str, str], dict[str, str]]:
    """A stack's parameters and outputs."""
    (stack,) = client.describe_stacks(StackName=stack_name)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    return parameters, {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
