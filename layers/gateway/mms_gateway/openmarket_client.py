"""HTTPS to OpenMarket: which host, one fresh connection per request, and what was handed over."""

import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import certifi
from requests_toolbelt import MultipartEncoderMonitor

from mms_gateway.exchange import Exchange, Heard, connect, in_words
from mms_gateway.openmarket.encode import MixedEncoder
from mms_gateway.openmarket.endpoint import PATH, Endpoint
from mms_gateway.outbound import Call

PASSED_OVER = 60.0  # seconds that a host is passed over after it could not be reached


def trusted() -> ssl.SSLContext:
    """TLS 1.2 or newer, trusting the usual authorities; made once, for reading them takes 14 ms."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class OpenMarketClient:
    """Posts requests; never one of them twice."""

    def __init__(
        self, endpoints: Sequence[Endpoint], tls: ssl.SSLContext, *, connect_seconds: float, call_seconds: float
    ) -> None:
        """`connect_seconds` are for one host, `call_seconds` for the whole call."""
        self._endpoints = tuple(endpoints)
        self._tls = tls
        self._connect_seconds = connect_seconds
        self._call_seconds = call_seconds
        self._resolver = ThreadPoolExecutor(4, thread_name_prefix="resolver")
        self._unreachable: dict[Endpoint, float] = {}
        self._lock = threading.Lock()

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:
        """Post a request to the first host that can be reached.

        `new_body` makes a new encoder for each attempt; `deadline` is a time of time.monotonic. The next host is tried
        only while no byte of the body was handed over.
        """
        deadline = min(deadline, time.monotonic() + self._call_seconds)
        call = Call(answer=None, in_doubt=False, problem="no time was left", host="")
        for endpoint in self._order():
            if time.monotonic() >= deadline:
                break
            body = MultipartEncoderMonitor(new_body())
            heard = self._attempt(endpoint, body, authorization, deadline)
            handed_over = body.bytes_read
            call = Call(
                answer=heard.answer,
                in_doubt=heard.answer is None and (heard.begun or handed_over >= body.len),
                problem=heard.problem,
                host=endpoint.host,
            )
            if heard.answer or heard.begun or handed_over or heard.ours:
                break
        return call

    def _attempt(self, endpoint: Endpoint, body: MultipartEncoderMonitor, authorization: str, deadline: float) -> Heard:
        try:
            sock = connect(
                endpoint.host,
                endpoint.port,
                self._tls if endpoint.tls else None,
                resolver=self._resolver,
                deadline=min(deadline, time.monotonic() + self._connect_seconds),
            )
        except OSError as error:
            self._pass_over(endpoint)
            return Heard(problem=f"no connection: {in_words(error)}")
        self._come_back(endpoint)
        headers = [
            ("Host", endpoint.authority),
            ("Authorization", authorization),
            ("Content-Type", body.content_type),
            ("Content-Length", str(body.len)),
            ("Connection", "close"),
        ]
        with sock:
            return Exchange(sock, body, deadline=deadline).run(PATH, headers)

    def _order(self) -> list[Endpoint]:
        """All hosts in random order, without those that could not be reached lately unless none is left."""
        now = time.monotonic()
        with self._lock:
            reachable = [each for each in self._endpoints if self._unreachable.get(each, 0.0) <= now]
        chosen = reachable or self._endpoints
        return random.sample(chosen, len(chosen))  # a host's load is shared by all others while it is passed over

    def _pass_over(self, endpoint: Endpoint) -> None:
        with self._lock:
            self._unreachable[endpoint] = time.monotonic() + PASSED_OVER

    def _come_back(self, endpoint: Endpoint) -> None:
        with self._lock:
            self._unreachable.pop(endpoint, None)
