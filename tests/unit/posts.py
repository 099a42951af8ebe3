"""Requests to post to a peer: bodies of any size whose reading is watched, and a client with short patience."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from mms_gateway.openmarket.encode import MixedEncoder, OutboundPart, encode, main_fields
from mms_gateway.openmarket.endpoint import Endpoint
from mms_gateway.openmarket_client import OpenMarketClient, trusted
from mms_gateway.outbound import Call
from tests.unit.peers import Peer

AUTHORIZATION = "Basic bG9jYWw6bG9jYWw="
BOUNDARY = "mimeboundary"
FIELDS = main_fields(
    source="88600", destination="447700900750", mt_config="config1", subject="Your parrot", mobile_operator_id=None
)
SMALL, LARGE = 10, 4_000_000
MARGIN = 0.5  # seconds that a call may last beyond its deadline

BODY = b'{"mtId": 123456789012345}'
ANSWER = b"HTTP/1.1 200 OK\r\nX-Request-Id: 015-3DD6C366\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
DENIED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


class Filler:
    """A content of so many bytes, made while it is read; `trouble` is called once, before the byte at `at`."""

    def __init__(self, size: int, trouble: Callable[[], None] | None = None, at: int = 0) -> None:
        self.len = size
        self._trouble = trouble
        self._until_trouble = at

    def read(self, size: int = -1) -> bytes:
        size = self.len if size < 0 else min(size, self.len)
        if self._trouble is not None:
            if self._until_trouble == 0:
                trouble, self._trouble = self._trouble, None
                trouble()
            else:
                size = min(size, self._until_trouble)
                self._until_trouble -= size
        self.len -= size
        return b"x" * size


usual = lru_cache(trusted)  # reading the authorities takes longer than most tests do


@dataclass
class Request:
    """A request that makes its body anew for each attempt, and knows of the last one how much was handed over."""

    size: int = SMALL
    trouble: Callable[[], None] | None = None
    at: int = 0
    bodies: int = 0
    handed_over: int = 0
    encoded: int = 0

    def new_body(self) -> MixedEncoder:
        content = Filler(self.size, self.trouble, self.at)
        part = OutboundPart(content_id="parrot.jpg", content_type="image/jpeg", data=content)
        encoder = encode(FIELDS, [part], boundary=BOUNDARY)
        read, self.bodies, self.handed_over, self.encoded = encoder.read, self.bodies + 1, 0, encoder.len

        def counted(size: int = -1) -> bytes:
            piece: bytes = read(size)
            self.handed_over += len(piece)
            return piece

        encoder.read = counted
        return encoder


def at(peer: Peer, *, host: str | None = None, tls: bool = False) -> Endpoint:
    return Endpoint(host=host or peer.host, port=peer.port, tls=tls)


def client(
    *endpoints: Endpoint, tls: ssl.SSLContext | None = None, seconds: float = 5.0, connect_seconds: float | None = None
) -> OpenMarketClient:
    return OpenMarketClient(
        endpoints,
        tls or usual(),
        connect_seconds=seconds if connect_seconds is None else connect_seconds,
        call_seconds=seconds,
    )


def post(sender: OpenMarketClient, request: Request | None = None, *, within: float = 60.0) -> Call:
    """Post a request; `within` seconds, though the client's own patience may be shorter."""
    return sender.post((request or Request()).new_body, authorization=AUTHORIZATION, deadline=time.monotonic() + within)


def call(peer: Peer, request: Request | None = None, *, seconds: float = 5.0) -> Call:
    """Post to a peer over a connection without TLS."""
    return post(client(at(peer), seconds=seconds), request)


@contextmanager
def lasting(least: float, most: float) -> Iterator[None]:
    """What is done within takes so many seconds."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert least - 0.01 <= took <= most, f"took {took:.2f} s"
