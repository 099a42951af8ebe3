"""A callback target on loopback that answers by a script, byte for byte, and keeps what it was sent."""

import socketserver
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

SILENCE = b""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
STORED = b"HTTP/1.1 200 OK\r\nX-Mms-Outcome: stored\r\nContent-Length: 0\r\n\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nX-Mms-Outcome: unavailable\r\nContent-Length: 0\r\n\r\n"


@dataclass
class ScriptedTarget:
    """`script` is what to answer in turn, its last step for ever; `seen` the requests' heads and bodies."""

    script: Sequence[bytes]
    url: str = ""
    seen: list[tuple[bytes, bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    gathering: threading.Barrier | None = None  # holds answers back until so many requests are there

    def answer(self, head: bytes, body: bytes) -> bytes:
        with self.lock:
            self.seen.append((head, body))
            step = self.script[min(len(self.seen), len(self.script)) - 1]
        if self.gathering:
            self.gathering.wait(10)
        if step is SILENCE:
            self.over.wait(10)
        return step

    @property
    def heads(self) -> list[bytes]:
        return [head for head, _ in self.seen]

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.seen]


@contextmanager
def scripted_target(*script: bytes, tls: ssl.SSLContext | None = None, together: int = 0) -> Iterator[ScriptedTarget]:
    """Run a target on a free port; `together` is how many requests must have come before any is answered."""
    target = ScriptedTarget(script, gathering=threading.Barrier(together) if together else None)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                lines.append(line)
            if not lines:  # a connection over which nothing came
                return
            length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
            try:
                self.wfile.write(target.answer(b"".join(lines), self.rfile.read(length)))
            except ConnectionError:
                return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        target.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/callbacks/token?x=1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield target
        finally:
            target.over.set()
            server.shutdown()
            thread.join()
