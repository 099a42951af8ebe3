"""Reading a request off the wire, no further than asked."""

import asyncio
import re

from local.simulator.mt.head import MAX_HEAD_BYTES
from local.simulator.mt.wire import Wire

IDLE_SECONDS = 30.0  # between two pieces of a request; then the client is taken for gone
HEAD_END = b"\r\n\r\n"
# Where a rule must know the destination before the body may be read: the JSON comes first, so the beginning tells.
DESTINATION_WITHIN = 4_096
DESTINATION = re.compile(rb'"destination"\s*:\s*"([0-9]{1,20})"')


class CutShort(Exception):
    """The request ended before it was whole; the text says where."""


class Intake:
    """A request as far as it has been read."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._ahead = bytearray()  # read, but not asked for yet
        self.body = bytearray()

    async def read_head(self) -> bytes:
        """Read up to and including the empty line, or raise `CutShort`."""
        while HEAD_END not in self._ahead:
            if len(self._ahead) > MAX_HEAD_BYTES:
                raise CutShort(f"head: expected an empty line (CRLF) within {MAX_HEAD_BYTES} bytes")
            if not await self._read_piece():
                raise CutShort("head: the request ended in it, before an empty line (CRLF)")
        end = self._ahead.index(HEAD_END) + len(HEAD_END)
        head = bytes(self._ahead[:end])
        del self._ahead[:end]
        return head

    async def read_body(self, size: int) -> None:
        """Read until the body has this size, or raise `CutShort`."""
        while len(self.body) < size:
            if not self._ahead and not await self._read_piece():
                raise CutShort(f"body: it ended after {len(self.body)} of {size} bytes")
            wanted = size - len(self.body)
            self.body += self._ahead[:wanted]
            del self._ahead[:wanted]

    async def find_destination(self, length: int) -> str | None:
        """Look ahead into the body until the destination shows; None if it doesn't."""
        while not (match := DESTINATION.search(self._ahead)):
            if len(self._ahead) >= min(length, DESTINATION_WITHIN) or not await self._read_piece():
                return None
        return match[1].decode()

    @property
    def has_more(self) -> bool:
        """Tell whether bytes have come behind what was asked for."""
        return bool(self._ahead)

    async def wait_until_gone(self, seconds: float) -> None:
        """Return once the client has left, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while await self._wire.read():
                    pass
        except (OSError, TimeoutError):
            return

    async def _read_piece(self) -> bool:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await self._wire.read()
        except (OSError, TimeoutError):  # a reset is an end like another: what matters is what is missing
            return False
        self._ahead += piece
        return bool(piece)
