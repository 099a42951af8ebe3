"""The simulator's one port: a connection for /simulator goes on to uvicorn, all others are OpenMarket's."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from local.simulator.mt.desk import Desk
from local.simulator.mt.wire import PlainWire, TlsWire

CONTROL = b"/simulator"
MAX_METHOD = 20  # characters; a longer one is for the strict side to complain about
MAX_CONNECTIONS = 256  # at a time, of messages: each may hold a body
MAX_REASON = 200  # characters, in a record
TLS_RECORD = b"\x16"  # RFC 8446, 5.1: how a ClientHello begins


class Entrance:
    """Lets connections in and remembers them, so that all of them end with the simulator."""

    def __init__(self, desk: Desk, tls: ssl.SSLContext | None) -> None:
        self.desk = desk
        self.tls = tls
        self.doors: set[Door] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def make_door(self, **uvicorn_arguments: Any) -> "Door":
        """Give the protocol of a new connection; what uvicorn says is for its own."""
        return Door(self, lambda: H11Protocol(**uvicorn_arguments))

    def receive(self, wire: PlainWire, *, speaks_tls: bool) -> None:
        """Take a connection over which a message may come."""
        if len(self._tasks) >= MAX_CONNECTIONS or self._is_closed:
            wire.reset()
            return
        task = asyncio.create_task(self._serve(wire, speaks_tls=speaks_tls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """End everything under way, and let nobody in."""
        self._is_closed = True
        self.desk.reporter.stop()
        for task in self._tasks:
            task.cancel()
        for door in [*self.doors]:
            door.abort()

    async def _serve(self, plain: PlainWire, *, speaks_tls: bool) -> None:
        if not speaks_tls:
            await self.desk.serve(plain, lacks_tls=self.tls is not None)
            return
        try:
            if self.tls is None:
                raise ssl.SSLError("this simulator was started without a certificate")
            wire = TlsWire(plain, self.tls)
            await wire.shake_hands()
        except OSError as error:  # a reset; ssl.SSLError and TimeoutError are such too
            reason = getattr(error, "reason", None) or str(error) or "it was not finished"
            self.desk.note_failure(f"TLS: the handshake failed ({reason[:MAX_REASON]}); expected TLS 1.2 or newer")
            await plain.finish()
        else:
            await self.desk.serve(wire, lacks_tls=False)


class Door(asyncio.Protocol):
    """A connection of which it isn't known yet whose it is; afterwards it only passes bytes on."""

    def __init__(self, entrance: Entrance, make_control: Callable[[], asyncio.Protocol]) -> None:
        self._entrance = entrance
        self._make_control = make_control
        self._seen = b""
        self._transport: asyncio.Transport
        self._reader: asyncio.StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self._entrance.doors.add(self)

    def data_received(self, data: bytes) -> None:
        """Find out whose the connection is, as soon as its first bytes tell."""
        if self._reader:
            self._reader.feed_data(data)
            return
        self._seen += data
        is_control = _is_for_control(self._seen)
        if is_control:
            self._entrance.doors.discard(self)
            control = self._make_control()
            self._transport.set_protocol(control)
            control.connection_made(self._transport)
            control.data_received(self._seen)
        elif is_control is not None:
            self._hand_over()

    def eof_received(self) -> bool:
        """Keep the way back open: a client that has said everything may still listen."""
        if self._reader is None and self._seen:
            self._hand_over()
        if self._reader:
            self._reader.feed_eof()
        return self._reader is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever reads."""
        self._entrance.doors.discard(self)
        if self._reader:
            self._reader.set_exception(exc) if exc else self._reader.feed_eof()

    def abort(self) -> None:
        """End it."""
        self._transport.abort()

    def _hand_over(self) -> None:
        wire = PlainWire(self._transport)
        self._reader = wire.reader
        self._reader.feed_data(self._seen)
        self._entrance.receive(wire, speaks_tls=self._seen.startswith(TLS_RECORD))


def _is_for_control(seen: bytes) -> bool | None:
    """Tell by the first bytes of a connection; None as long as more are needed."""
    method, blank, target = seen.partition(b" ")
    if not blank:
        return None if len(method) <= MAX_METHOD and method.isalpha() else False
    if len(target) < len(CONTROL):
        return None if CONTROL.startswith(target) else False
    return target.startswith(CONTROL)
