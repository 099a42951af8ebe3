"""One request over one fresh connection: what was heard, within a deadline, however the peer behaves.

Own code on top of h11 because of what must be known afterwards: an answer may come at any time, also in mid-body, and
decides; a failed write must not hide it; an answer that is cut, even in its headers, must not pass for a whole one.
"""

import contextlib
import select
import socket
import ssl
import struct
import time
from collections.abc import Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import h11

from mms_gateway.errors import GatewayError, StorageUnavailable
from mms_gateway.openmarket.reply import Answer

PIECE = 64 * 1024  # bytes of the body read at a time: the memory that a request takes
MAX_HEAD = 64 * 1024  # bytes of an answer's status line and headers
MAX_BODY = 1024 * 1024  # bytes of an answer's body; the documented ones have a hundred
GRACE = 1.0  # seconds to look for an answer after the body failed on our side
LOOK = 0.1  # seconds that a flood of answer bytes is read before the deadline, and our own sending, have their turn

# How a connection is closed (SO_LINGER): by a reset, what the kernel holds dropped; or as usual, what it holds sent.
ABORT, AS_USUAL = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


class Body(Protocol):
    """What is sent: a MultipartEncoderMonitor."""

    def read(self, size: int) -> bytes:
        """The next bytes; nothing at the end. Raises a GatewayError where they do not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back: a whole answer, or the reason why there is none."""

    answer: Answer | None = None
    begun: bool = False
    """Whether any byte of an answer came."""
    problem: str = ""
    ours: bool = False
    """Whether the body failed on our side: no other host would fare better."""


def connect(host: str, port: int, tls: ssl.SSLContext | None, *, resolver: Executor, deadline: float) -> socket.socket:
    """A connected socket that does not block, its TLS agreed on; OSError (TimeoutError too) where there is none."""
    # The system's resolver has patience of its own, so it runs where we need not wait for it.
    looked_up = resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = looked_up.result(timeout=_left(deadline))
    except UnicodeError:
        raise OSError("it is no name of a host") from None
    finally:
        looked_up.cancel()  # where it has not begun, for others hang: nobody waits for it any more
    for tried, (family, kind, protocol, _, place) in enumerate(found):
        until = time.monotonic() + _left(deadline) / (len(found) - tried)  # one that is silent leaves time for the next
        try:
            return _connect(socket.socket(family, kind, protocol), place, host, tls, until)
        except OSError:
            if tried + 1 == len(found):
                raise
    raise OSError("the name has no address")


def _connect(
    sock: socket.socket, place: tuple[Any, ...], host: str, tls: ssl.SSLContext | None, deadline: float
) -> socket.socket:
    try:
        sock.settimeout(max(_left(deadline), 0.001))
        sock.connect(place)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        return sock if tls is None else _agree(sock, host, tls, deadline)
    except OSError:
        sock.close()
        raise


def _agree(sock: socket.socket, host: str, tls: ssl.SSLContext, deadline: float) -> ssl.SSLSocket:
    # An end that TLS does not vouch for is an error: it may be a reset, or somebody may have cut the answer.
    secure = tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False)
    try:
        while True:
            try:
                secure.do_handshake()
            except ssl.SSLWantReadError:
                _wait(secure, select.POLLIN, deadline)
            except ssl.SSLWantWriteError:
                _wait(secure, select.POLLOUT, deadline)
            else:
                return secure
            if _left(deadline) <= 0:
                raise TimeoutError
    except OSError:
        secure.close()  # it has taken the plain socket over
        raise


class Exchange:
    """Sends a request and hears its answer, both at the same time."""

    def __init__(self, sock: socket.socket, body: Body, *, deadline: float) -> None:
        self._sock = sock
        self._body = body
        self._deadline = deadline
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._unsent = memoryview(b"")
        self._sending = True
        self._reset = False
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="contents")
        self._to_send_wait_for = select.POLLOUT
        self._response: h11.Response | None = None
        self._received = bytearray()
        self._begun = False
        self._problem = ""
        self._ours = False

    def run(self, target: str, headers: Iterable[tuple[str, str]]) -> Heard:
        """Post to `target`; ends with a whole answer, or when none can come any more, or at the deadline."""
        head = h11.Request(method="POST", target=target, headers=list(headers))
        self._unsent = memoryview(self._http.send(head) or b"")
        # Who gives up must stop sending: the kernel would go on with what it holds, long after we said "in doubt".
        self._close_by(ABORT)
        try:
            answer = self._send_and_hear()
        except h11.RemoteProtocolError:
            cut = "the answer was cut short or is no HTTP"
            self._problem = self._problem or (cut if self._begun else "the connection was closed without an answer")
        except OSError as error:
            self._problem = self._problem or in_words(error)
        else:
            self._close_by(AS_USUAL)
            return Heard(answer=answer, begun=True)
        finally:
            self._reader.shutdown(wait=False)
        return Heard(begun=self._begun, problem=self._problem, ours=self._ours)

    def _close_by(self, linger: bytes) -> None:
        with contextlib.suppress(OSError):  # of one that is reset already, on some systems
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _send_and_hear(self) -> Answer:
        while (answer := self._receive()) is None:  # once after the deadline too: what has come by then decides
            if _left(self._deadline) <= 0:
                raise TimeoutError
            if self._sending:
                self._send()
            _wait(self._sock, select.POLLIN | (self._to_send_wait_for if self._sending else 0), self._deadline)
        return answer

    def _send(self) -> None:
        """Send what the connection takes at once; where that fails, an answer may have come all the same."""
        try:
            if not self._unsent:
                self._unsent = self._next_piece()
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
            self._to_send_wait_for = select.POLLOUT
        except (BlockingIOError, ssl.SSLWantWriteError):
            self._to_send_wait_for = select.POLLOUT
        except ssl.SSLWantReadError:
            self._to_send_wait_for = select.POLLIN
        except OSError as error:
            self._sending, self._problem = False, in_words(error)
            self._reset = isinstance(error, ConnectionResetError)
        except GatewayError as error:
            self._sending, self._problem, self._ours = False, str(error), True
            self._deadline = min(self._deadline, time.monotonic() + GRACE)

    def _next_piece(self) -> memoryview:
        # S3 has patience of its own, so it is read where we need not wait for it.
        try:
            piece = self._reader.submit(self._body.read, PIECE).result(timeout=_left(self._deadline))
        except TimeoutError:
            raise StorageUnavailable("the contents did not come in time") from None
        event = h11.Data(data=piece) if piece else h11.EndOfMessage()
        self._sending = bool(piece)
        return memoryview(self._http.send(event) or b"")

    def _receive(self) -> Answer | None:
        """The answer, once all of it has come; None while there is nothing more to read, or too much at once."""
        until = time.monotonic() + LOOK
        while True:
            match self._http.next_event():
                case h11.NEED_DATA:
                    piece = self._read() if time.monotonic() < until else None
                    if piece is None:
                        return None
                    self._begun = self._begun or bool(piece)
                    self._http.receive_data(piece)
                case h11.Response() as response:
                    self._response = response
                case h11.Data(data=data):
                    self._received += data
                    if len(self._received) > MAX_BODY:
                        raise h11.RemoteProtocolError("the answer is too long")
                case h11.EndOfMessage():
                    return self._answer()
                case h11.ConnectionClosed():
                    raise h11.RemoteProtocolError("closed")

    def _read(self) -> bytes | None:
        """What has come, nothing at the end of the connection, None where one has to wait."""
        try:
            piece = self._sock.recv(PIECE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        # The kernel tells of a reset once: where sending has met it, it looks like an end here, which only TLS proves.
        if not piece and self._reset and not isinstance(self._sock, ssl.SSLSocket):
            raise ConnectionResetError
        return piece

    def _answer(self) -> Answer:
        assert self._response is not None  # noqa: S101 - h11 lets no message end that has not begun
        headers = ((name.decode("ascii"), value.decode("latin-1")) for name, value in self._response.headers)
        return Answer(status=self._response.status_code, headers=tuple(headers), body=bytes(self._received))


def in_words(error: OSError) -> str:
    """What went wrong with a connection, without addresses."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError):  # what Python before 3.11.9 makes of a reset, too
        return "it closed the connection"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    return (error.strerror or str(error) or type(error).__name__).lower()


def _wait(sock: socket.socket, events: int, deadline: float) -> None:
    """Return when one of the events has come, or at the deadline."""
    poll = select.poll()
    poll.register(sock, events)
    poll.poll(max(_left(deadline), 0.0) * 1000)


def _left(deadline: float) -> float:
    return deadline - time.monotonic()
