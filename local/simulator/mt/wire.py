"""A connection down to its bytes: it can be reset, left unread or cut anywhere, with TLS or without."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

READ_BYTES = 16_384  # at a time: a body is stopped no later than this behind the byte that is asked for
LINGER_SECONDS = 2.0  # for a client to read an answer that came before it had sent everything
HANDSHAKE_SECONDS = 10.0
DELIVERY_SECONDS = 0.05  # so that what was sent is there before the reset that follows it

Result = TypeVar("Result")


class Wire(Protocol):
    """What a request comes in over."""

    @property
    def tls_version(self) -> str | None:
        """Give the version agreed on, like `TLSv1.3`; None without TLS."""

    async def read(self, most: int = READ_BYTES) -> bytes:
        """Give at least one byte, none at the end; an `OSError` after a reset."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    @property
    def is_lost(self) -> bool:
        """Tell whether nobody is there any more."""

    def stop_reading(self) -> None:
        """Leave what comes from now on in the kernel."""

    def reset(self) -> None:
        """End it with RST."""

    async def finish(self) -> None:
        """End it orderly, once the client has left or had its time."""


class PlainWire:
    """A TCP connection; the entrance feeds it."""

    tls_version: str | None = None

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.reader = asyncio.StreamReader(limit=READ_BYTES)
        self.reader.set_transport(transport)

    async def read(self, most: int = READ_BYTES) -> bytes:
        """Give at least one byte, none at the end; an `OSError` after a reset."""
        return await self.reader.read(most)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self.is_lost:
            self._transport.write(data)

    @property
    def is_lost(self) -> bool:
        """Tell whether nobody is there any more."""
        return self._transport.is_closing()

    def stop_reading(self) -> None:
        """Leave what comes from now on in the kernel."""
        self._transport.pause_reading()

    def reset(self) -> None:
        """End it with RST."""
        if not self.is_lost:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def finish(self) -> None:
        """End it orderly, once the client has left or had its time: closing over unread bytes would send RST."""
        with contextlib.suppress(OSError, TimeoutError):
            if not self.is_lost:
                self._transport.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while await self.read():
                    pass
        self._transport.close()


class TlsWire:
    """TLS over a plain wire, by hand: asyncio's own can't begin where bytes have been read already."""

    def __init__(self, plain: PlainWire, context: ssl.SSLContext) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def shake_hands(self) -> None:
        """Begin TLS, or raise an `OSError` (an `ssl.SSLError` is one); the client has been told."""
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await self._repeat(self._tls.do_handshake)

    @property
    def tls_version(self) -> str | None:
        """Give the version agreed on, like `TLSv1.3`; None without TLS."""
        return self._tls.version()

    async def read(self, most: int = READ_BYTES) -> bytes:
        """Give at least one byte, none at the end; an `OSError` after a reset."""
        try:
            return await self._repeat(lambda: self._tls.read(most))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if data:
            self._tls.write(data)
        self._flush()

    @property
    def is_lost(self) -> bool:
        """Tell whether nobody is there any more."""
        return self._plain.is_lost

    def stop_reading(self) -> None:
        """Leave what comes from now on in the kernel."""
        self._plain.stop_reading()

    def reset(self) -> None:
        """End it with RST."""
        self._plain.reset()

    async def finish(self) -> None:
        """End it orderly: TLS first, then TCP."""
        with contextlib.suppress(ssl.SSLError):  # it asks for the client's own end, which nobody waits for
            self._tls.unwrap()
        self._flush()
        await self._plain.finish()

    async def _repeat(self, step: Callable[[], Result]) -> Result:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                if data := await self._plain.read():
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            finally:
                self._flush()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._plain.write(data)


def demand_tls(certificate: str | Path, key: str | Path) -> ssl.SSLContext:
    """Give a server's TLS as the send page has it: 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
