"""A way to the embedded AWS that can be disturbed: throttled, cut, slow, its answers lost.

with running_proxy(stack.aws_endpoint_url) as proxy, proxy.disturbed("dynamodb", Throttle(), share=0.5, seed=1):
    ...  # clients whose endpoint is proxy.url
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from socket import MSG_DONTWAIT, MSG_PEEK
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from tests.faults.parts.server import Handler, serving

Service = Literal["dynamodb", "s3", "secretsmanager", "sqs"]
SERVICES: dict[str, Service] = {  # by the start of X-Amz-Target; S3 has none
    "DynamoDB": "dynamodb",
    "secretsmanager": "secretsmanager",
    "AmazonSQS": "sqs",
}
THROTTLED = {
    "dynamodb": (400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "Slow down."}'),
    "s3": (503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"),
}
FORWARD_PATIENCE = 30.0
CALLER = "AWS_SDK_UA_APP_ID"  # the variable by which a client of AWS says who it is, as `app/…` in its User-Agent


@dataclass(frozen=True, slots=True)
class Throttle:
    """The service's own words for: later."""


@dataclass(frozen=True, slots=True)
class Fail:
    """500, nothing done."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is closed without an answer, nothing done."""


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """What was asked is done, and the connection closed without an answer."""


@dataclass(frozen=True, slots=True)
class Delay:
    """What was asked is done so many seconds later, and then answered, if anybody still listens."""

    seconds: float = 2.5  # longer than the functions' patience with a store


@dataclass(frozen=True, slots=True)
class Hesitate:
    """Likewise, but nothing is done for a client that has left meanwhile."""

    seconds: float = 0.03


Disturbance = Throttle | Fail | HangUp | LoseAnswer | Delay | Hesitate


@dataclass(eq=False)
class Order:
    """Which calls are disturbed, and whose have been."""

    service: Service
    disturbances: tuple[Disturbance, ...]
    share: float
    chance: random.Random
    callers: Counter[str] = field(default_factory=Counter)
    """How many calls of whom have been disturbed."""


@dataclass
class Proxy:
    """Where clients find it, and what it does to them now."""

    url: str = ""
    _now: list[Order] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def disturbed(
        self, service: Service, *disturbances: Disturbance, share: float = 1.0, seed: int = 0
    ) -> Iterator[Order]:
        """A share of the calls of a service meet one of these while the block runs."""
        chance = random.Random(seed)  # noqa: S311 - to be played again, guards nothing
        order = Order(service, disturbances, share, chance)
        with self._lock:
            self._now.append(order)
        try:
            yield order
        finally:
            with self._lock:
                self._now.remove(order)

    def choose(self, service: Service, caller: str) -> Disturbance | None:
        """What happens to a caller's call of a service."""
        with self._lock:
            for order in self._now:
                if order.service == service and order.chance.random() < order.share:
                    order.callers[caller] += 1
                    return order.chance.choice(order.disturbances)
        return None


@contextmanager
def running_proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before the embedded AWS on a free port of 127.0.0.1."""
    proxy = Proxy()
    with serving(type("Proxy", (_Handler,), {"proxy": proxy, "upstream": urlsplit(upstream).netloc})) as url:
        proxy.url = url
        yield proxy


class _Handler(Handler):
    proxy: ClassVar[Proxy]
    upstream: ClassVar[str]

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client died while it sent
            self.close_connection = True
            return
        service = SERVICES.get(self.headers.get("X-Amz-Target", "").partition("_")[0].partition(".")[0], "s3")
        match self.proxy.choose(service, self._caller()):
            case None:
                self._answer(*self._forward(body))
            case Throttle():
                status, words = THROTTLED[service]
                self._answer(status, [("Content-Type", "application/x-amz-json-1.0")], words)
            case Fail():
                self._answer(500, [], b"")
            case HangUp():
                self.close_connection = True
            case LoseAnswer():
                self._forward(body)
                self.close_connection = True
            case Delay(seconds=seconds):
                time.sleep(seconds)
                self._answer(*self._forward(body))
            case Hesitate(seconds=seconds):
                time.sleep(seconds)
                if self._is_alone():
                    self.close_connection = True
                else:
                    self._answer(*self._forward(body))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 - as the standard library wants it

    def _caller(self) -> str:
        _, _, said = self.headers.get("User-Agent", "").partition(" app/")
        return said.partition(" ")[0]

    def _is_alone(self) -> bool:
        """Whether the client has left; one that waits for its answer says nothing."""
        try:
            return not self.connection.recv(1, MSG_PEEK | MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self.upstream, timeout=FORWARD_PATIENCE)
        try:
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in {"connection", "expect"}
            }
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, HTTPException):
            return 502, [], b""
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        told = {name.lower() for name, _ in headers}
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"connection", "transfer-encoding"}:
                    self.send_header(name, value)
            if "content-length" not in told:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
