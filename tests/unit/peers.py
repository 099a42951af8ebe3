"""Peers on loopback that play a script over raw sockets, byte for byte, as nobody's HTTP library would."""

import contextlib
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PIECE = 64 * 1024
PATIENCE = 20.0  # seconds after which a script that waits for the client fails
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Wire:
    """One accepted connection, as its script uses it."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self.sock = sock
        self.received = 0
        self.digest = hashlib.sha256()
        self.over = over
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        while len(self._ahead) < size and (piece := self._piece()):
            self._ahead += piece
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def read_head(self) -> bytes:
        """All up to and with the empty line."""
        while b"\r\n\r\n" not in self._ahead and (piece := self._piece()):
            self._ahead += piece
        if b"\r\n\r\n" not in self._ahead:
            raise ConnectionError("the client has gone")
        return self.read(self._ahead.index(b"\r\n\r\n") + 4)

    def read_request(self) -> tuple[bytes, bytes]:
        """A whole request: its head and its body."""
        head = self.read_head()
        return head, self.read(content_length(head))

    def skip(self, size: int, *, pause: float = 0.0) -> int:
        """Read `size` bytes of a body, keep their digest only, and give how many came."""
        left = size
        while left > 0 and (piece := self._ahead or self.sock.recv(min(PIECE, left))):
            if piece is self._ahead:
                piece, self._ahead = self._ahead[:left], self._ahead[left:]
            left -= len(piece)
            self.digest.update(piece)
            if pause:
                time.sleep(pause)
        self.received += size - left
        return size - left

    def send(self, data: bytes, *, pause: float | None = None) -> None:
        """Send at once, or byte by byte with a pause (0 too) after each."""
        if pause is None:
            self.sock.sendall(data)
            return
        for byte in data:
            self.sock.sendall(bytes([byte]))
            time.sleep(pause)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.sock.close()

    def finish(self) -> None:
        """Send a FIN, and go on listening."""
        with contextlib.suppress(OSError):  # the client was quicker
            self.sock.shutdown(socket.SHUT_WR)

    def say_goodbye(self) -> None:
        """End TLS as it should be ended, with a close_notify."""
        assert isinstance(self.sock, ssl.SSLSocket)
        self.sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            self.sock.unwrap()

    def wait(self, seconds: float = PATIENCE) -> None:
        """Do nothing until the test is over, or for so many seconds."""
        self.over.wait(seconds)

    def _piece(self) -> bytes:
        piece = self.sock.recv(PIECE)
        self.received += len(piece)
        return piece


Script = Callable[[Wire], object]


def steps(*scripts: Script) -> Script:
    """Play some scripts, one after the other, over the same connection."""

    def script(wire: Wire) -> None:
        for step in scripts:
            step(wire)

    return script


def sending(data: bytes, *, pause: float | None = None) -> Script:
    return lambda wire: wire.send(data, pause=pause)


def waiting(seconds: float) -> Script:
    return lambda wire: wire.wait(seconds)


def skipping(size: int, *, pause: float = 0.0) -> Script:
    return lambda wire: wire.skip(size, pause=pause)


def content_length(head: bytes) -> int:
    return next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))


@dataclass
class Peer:
    """A listening peer: where it is, and what came of its connections."""

    host: str
    port: int
    over: threading.Event = field(default_factory=threading.Event)
    wires: list[Wire] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, seconds: float = PATIENCE) -> None:
        """Wait until the scripts of all connections so far have ended."""
        until = time.monotonic() + seconds
        with self.lock:
            threads = list(self.threads)
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0))


@contextmanager
def running_peer(
    *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", receive_buffer: int | None = None
) -> Iterator[Peer]:
    """Play the scripts for the connections in turn, the last one for ever; with `tls` after the handshake."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if receive_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind((host, 0))
    listener.listen(128)
    peer = Peer(host=host, port=listener.getsockname()[1])

    def play(sock: socket.socket, script: Script) -> None:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what a script sends has left before it resets
        with contextlib.suppress(ConnectionError, ssl.SSLError), sock:
            wire = Wire(sock, peer.over)
            peer.wires.append(wire)
            if tls is not None:
                wire.sock = tls.wrap_socket(sock, server_side=True)
            with wire.sock:
                try:
                    script(wire)
                except (ConnectionError, ssl.SSLError):
                    raise
                except Exception as fault:  # noqa: BLE001 - the test raises it
                    peer.faults.append(fault)

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                sock, _ = listener.accept()
                script = scripts[min(len(peer.threads), len(scripts) - 1)]
                thread = threading.Thread(target=play, args=(sock, script), daemon=True)
                with peer.lock:
                    thread.start()
                    peer.threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield peer
    finally:
        peer.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()
        peer.join(0.2)
        for wire in peer.wires:  # scripts that still wait for something
            with contextlib.suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)
        peer.join()
        assert not peer.faults, peer.faults


@contextmanager
def black_hole() -> Iterator[int]:
    """A port on which no connection is ever agreed on: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
