"""Both functions of a stack in this process: its environment, their roles' keys, and their calls of AWS listed."""

import base64
import copy
import io
import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

import receive_callback
import send_mms
from local.stack import Stack
from tests.faults.calls import AwsCall, Function, list_calls

EVENTS = Path(__file__).parents[3] / "events"
CALLBACK: dict[str, Any] = json.loads((EVENTS / "message.json").read_text())
RECORD: dict[str, Any] = json.loads((EVENTS / "send.json").read_text())["Records"][0]
NUMBERS = itertools.count(time.time_ns())
MODULES: dict[Function, ModuleType] = {"ReceiveCallback": receive_callback, "SendMms": send_mms}
SECONDS: dict[Function, int] = {"ReceiveCallback": 8, "SendMms": 20}


@dataclass
class Functions:
    """Delivers events to the handlers, and keeps what they logged."""

    stack: Stack
    token: str
    table: Any
    gateways: dict[Function, Any] = field(default_factory=dict)
    calls: list[AwsCall] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    """What each delivery has logged."""

    @property
    def log(self) -> str:
        """What the last delivery has logged."""
        return self.logs[-1]

    def take(
        self, body: bytes, content_type: str, *, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Deliver a callback; gives its status and X-Mms-Outcome."""
        named = {"Content-Type": content_type, **(headers or {})}
        event = copy.deepcopy(CALLBACK) | {
            "headers": named,
            "multiValueHeaders": {name: [value] for name, value in named.items()},
            "pathParameters": {"token": token or self.token},
            "body": base64.b64encode(body).decode(),
        }
        answer = self._invoke("ReceiveCallback", event)
        assert answer["body"] == ""
        assert set(answer["headers"]) == {"X-Mms-Outcome"}
        return answer["statusCode"], answer["headers"]["X-Mms-Outcome"]

    def send(self, message: Mapping[str, Any] | str, *, receipt: str = "no receipt") -> bool:
        """Deliver a queue message; true where it is done with."""
        record = RECORD | {
            "messageId": str(next(NUMBERS)),
            "receiptHandle": receipt,
            "body": message if isinstance(message, str) else json.dumps(message),
            "attributes": RECORD["attributes"] | {"SentTimestamp": str(int(time.time() * 1000))},
        }
        answer = self._invoke("SendMms", {"Records": [record]})
        return answer == {"batchItemFailures": []}

    def close(self, message: Mapping[str, Any]) -> None:
        """End a message that would be tried again, as a person may: no queue holds it."""
        self.table.update_item(
            Key={"pk": f"MT#{message['requestId']}", "sk": "MESSAGE"},
            UpdateExpression="SET #status = :closed",
            ConditionExpression="#status = :retry",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":closed": "CLOSED", ":retry": "RETRY"},
        )

    def _invoke(self, function: Function, event: dict[str, Any]) -> dict[str, Any]:
        module, end = MODULES[function], time.monotonic() + SECONDS[function]
        context = SimpleNamespace(
            function_name=function,
            memory_limit_in_mb=1024,
            invoked_function_arn=f"arn:aws:lambda:{self.stack.region}:000000000000:function:{function}",
            aws_request_id=str(next(NUMBERS)),
            get_remaining_time_in_millis=lambda: int((end - time.monotonic()) * 1000),
        )
        log = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "gateway", lru_cache(lambda: self.gateways[function]))
            patch.setattr(module.metrics.provider, "namespace", "MmsGateway")
            patch.setattr(module.logger.registered_handler, "stream", log)
            answer: dict[str, Any] = json.loads(json.dumps(module.handler(event, context)))
        self.logs.append(log.getvalue())
        return answer


def functions_of(stack: Stack, logs: list[str], **environment: str) -> Functions:
    """A stack's functions, as deployed but for these variables; they may do what their roles allow, and log there."""
    table = stack.resource("dynamodb").Table(stack.table_name)  # with keys that may do everything
    both = Functions(stack, stack.callback_url.rpartition("/")[2], table, logs=logs)
    names: dict[Function, str] = {"ReceiveCallback": stack.function_name, "SendMms": stack.send_function_name}
    for function, name in names.items():
        deployed = stack.client("lambda").get_function_configuration(FunctionName=name)
        session = _session(stack, deployed["Role"])
        whole = {**deployed["Environment"]["Variables"], **environment}
        both.gateways[function] = _gateway(both, function, session, whole)
    return both


def _session(stack: Stack, role: str) -> boto3.Session:
    keys = stack.client("sts").assume_role(RoleArn=role, RoleSessionName="faults")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=stack.region)


def _gateway(both: Functions, function: Function, session: Any, environment: Mapping[str, str]) -> Any:
    """What the function makes when it starts, of clients that are listened to."""

    def listed(service: str, *, config: Any) -> Any:
        client = session.client(service, endpoint_url=both.stack.aws_endpoint_url, config=config)
        list_calls(function, client, both.calls)
        return client

    module = MODULES[function]
    made_once = [getattr(module, name) for name in ("gateway", "credentials") if hasattr(module, name)]
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        patch.setattr(boto3, "client", listed)
        for each in made_once:
            each.cache_clear()
        gateway = module.gateway()
    for each in made_once:
        each.cache_clear()
    return gateway
