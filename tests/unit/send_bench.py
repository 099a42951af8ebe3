"""The sending function with all it needs: a real sender, client and simulator; table, secret and queue in memory."""

import base64
import itertools
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from logging import StreamHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

import send_mms
from local.simulator.mt.records import MtRequest
from local.simulator.server import RunningSimulator
from mms_gateway.credentials import Account
from mms_gateway.errors import MissingObject
from mms_gateway.function_time import COMMIT_SECONDS
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.endpoint import read_endpoints
from mms_gateway.openmarket_client import OpenMarketClient, trusted
from mms_gateway.outbound import Rules
from mms_gateway.retention import FOR_EVER
from mms_gateway.send_request import S3Object
from mms_gateway.send_settings import SendSettings
from mms_gateway.sending import Sender
from tests.unit.buckets import ObjectBucket
from tests.unit.queues import Queues
from tests.unit.standings import Standings

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=123_000)
CALL = 12  # seconds
ENOUGH = CALL + COMMIT_SECONDS  # seconds that must be left to begin with a message
RECORD: dict[str, Any] = json.loads((ROOT / "events" / "send.json").read_text())["Records"][0]
NUMBERS = itertools.count()
SECRET = {"accountId": "account-canary", "password": "password-canary"}
BASIC = base64.b64encode(b"account-canary:password-canary").decode()
POWERTOOLS = {  # what stands in every line
    *("location", "timestamp", "service", "cold_start", "xray_trace_id", "function_request_id"),
    *("function_name", "function_arn", "function_memory_size"),
}
TEXT, SUBJECT, PICTURE = "text canary", "subject canary", base64.b64encode(b"picture canary").decode()


class Clock:
    """A clock whose day stands still, and whose seconds a test can have run."""

    def __init__(self) -> None:
        self.day, self.ahead = NOW, 0.0

    def now(self) -> datetime:
        return self.day

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class SlowBucket(ObjectBucket):
    """Objects that take so many seconds of the function's to be looked at."""

    clock: Clock = field(default_factory=Clock)
    seconds: float = 0.0

    def describe(self, source: S3Object) -> SourceObject | MissingObject:
        self.clock.sleep(self.seconds)
        return super().describe(source)


@dataclass
class SecretStore:
    """Answers as the SDK's client does."""

    values: dict[str, str]
    code: str | None = None

    def get_secret_value(self, **_: object) -> dict[str, str]:
        if self.code is not None:
            raise ClientError({"Error": {"Code": self.code, "Message": "canary"}}, "GetSecretValue")
        return {"SecretString": json.dumps(self.values)}


def number() -> str:
    """A number of its own, to which nobody belongs (Ofcom keeps 07700 900xxx for that)."""
    return f"447700900{next(NUMBERS):03}"


def message(**changes: Any) -> dict[str, Any]:
    contents = [
        {"contentId": "text.txt", "text": TEXT},
        {"contentId": "tiny.gif", "contentType": "image/gif", "base64": PICTURE},
    ]
    usual = {"source": "88600", "destination": number(), "subject": SUBJECT, "content": contents}
    return {"requestId": f"order-{next(NUMBERS)}", **usual, **changes}


def in_bucket() -> list[dict[str, Any]]:
    return [{"contentId": "parrot.jpg", "s3": {"bucket": "media", "key": "outgoing/parrot.jpg"}}]


@dataclass
class Printed:
    """What one invocation has written to its log."""

    lines: list[dict[str, Any]]
    metrics: dict[str, list[float]]
    text: str

    @property
    def line(self) -> dict[str, Any]:
        """The one line of the one message; what is told of an acceptance before it is written down does not count."""
        (line,) = [line for line in self.lines if line["message"] != "taken"]
        return line


def without_zeros(value: object) -> list[float]:
    """What a metric counted; a zero stands where another one did."""
    return [one for one in value if one] if isinstance(value, list) else []


class Function:
    """The function with everything that it needs, and what it did with its messages."""

    def __init__(self, simulator: RunningSimulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.simulator, self._capsys = simulator, capsys
        self.journal: list[str] = []
        self.table, self.queues = Standings(self.journal), Queues(self.journal)
        self.clock = Clock()
        self.bucket = SlowBucket(clock=self.clock)
        self.secrets, self.secret_age = SecretStore(SECRET), 0.0
        self.seconds: Iterator[float] = itertools.repeat(20.0)
        self.gateway = self._gateway()

    def _gateway(self) -> send_mms.Gateway:
        settings = SendSettings(
            table_name="table",
            media_bucket="media",
            secret_arn="arn",
            endpoints=read_endpoints(self.simulator.send_url, plain_http=True),
            mt_config="default",
            link_hosts=frozenset(),
            max_message_bytes=10_000,
            window=timedelta(hours=24),
            retention=FOR_EVER,
            send_queue_url="",
            dead_letter_queue_url="",
            call_seconds=CALL,
            connect_seconds=2,
            backoff_seconds=900,
        )
        account = Account(
            self.secrets,  # type: ignore[arg-type]
            "arn",
            warn=send_mms.warn_of_the_secret,
            clock=lambda: 1000 + self.secret_age,
        )
        sender = Sender(
            table=self.table,
            bucket=self.bucket,
            client=OpenMarketClient(settings.endpoints, trusted(), connect_seconds=2, call_seconds=CALL),
            account=account,
            clock=self.clock,
            rules=Rules(
                media_bucket=settings.media_bucket,
                mt_config=settings.mt_config,
                link_hosts=settings.link_hosts,
                max_message_bytes=settings.max_message_bytes,
                window=settings.window,
                call_seconds=settings.call_seconds,
                backoff_seconds=settings.backoff_seconds,
            ),
            tell=send_mms.tell_of_acceptance,
            jitter=lambda most: most,
        )
        return send_mms.Gateway(settings=settings, sender=sender, queue=self.queues.queue)

    def invoke(self, *bodies: dict[str, Any] | str, receives: int = 1) -> list[str]:
        """Deliver messages as one batch, named m0, m1, … with handles h0, h1, …; gives those that must come again."""
        records = [
            {
                **RECORD,
                "messageId": f"m{n}",
                "receiptHandle": f"h{n}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {**RECORD["attributes"], "ApproximateReceiveCount": str(receives)},
            }
            for n, body in enumerate(bodies)
        ]
        return self.deliver({"Records": records})

    def deliver(self, event: dict[str, Any]) -> list[str]:
        """Hand over an event; gives the messages that must come again."""
        context = SimpleNamespace(
            function_name="send-mms",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:send-mms",
            aws_request_id="c6af9ac6",
            get_remaining_time_in_millis=lambda: next(self.seconds) * 1000,
        )
        handler = send_mms.logger.registered_handler
        assert isinstance(handler, StreamHandler)
        handler.stream = sys.stdout  # which is another of pytest's by now
        answer = json.loads(json.dumps(send_mms.handler(event, context)))
        failures = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        # SQS deletes the whole batch where an answer is empty, and takes another form or an unknown id for a failure.
        assert answer == {"batchItemFailures": [{"itemIdentifier": name} for name in failures]}
        assert set(failures) <= {record["messageId"] for record in event["Records"]}
        return failures

    def printed(self) -> Printed:
        """What the last invocation has written."""
        text = self._capsys.readouterr().out
        lines = [json.loads(line) for line in text.splitlines()]
        (metrics,) = [line for line in lines if "_aws" in line]
        return Printed(
            lines=[line for line in lines if "level" in line],
            metrics={name: counted for name, value in metrics.items() if (counted := without_zeros(value))},
            text=text,
        )

    def posts(self, message: dict[str, Any]) -> list[MtRequest]:
        """The requests that OpenMarket has seen for a message."""
        return self.simulator.client.mt_requests(destination=message["destination"])


@contextmanager
def ready(function: Function, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    """The handler works with this function while the block runs."""
    monkeypatch.setattr(send_mms, "gateway", lru_cache(lambda: function.gateway))
    monkeypatch.setattr(send_mms.metrics.provider, "namespace", "MmsGateway")
    yield function
    function.simulator.client.clear_behaviours()
    function.simulator.client.set_credentials(SECRET["accountId"], SECRET["password"])
