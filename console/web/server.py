"""The console's server, on this machine's own address: in the foreground, or beside something else."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

import uvicorn

from console.connection import Gateway
from console.web.app import WebConsole
from console.web.guard import Keys

START_SECONDS = 15
STOP_SECONDS = 10


def listen(port: int = 0) -> socket.socket:
    """A socket on 127.0.0.1; on any free port where none is named. OSError where it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()  # who comes before the server is ready waits
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of a page that is served there; without a slash at the end."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve(gateway: Gateway, listener: socket.socket, *, services: Sequence[str], keys: Keys) -> None:
    """Serve the console until a signal comes."""
    console = WebConsole(gateway, services=services, keys=keys)
    _Server(console).run([listener])


@contextlib.contextmanager
def running_console(gateway: Gateway, listener: socket.socket, *, keys: Keys | None = None) -> Iterator[None]:
    """Serve the console in a thread of this process while the block runs."""
    console = WebConsole(gateway, keys=keys)
    server = _Server(console)
    thread = threading.Thread(target=server.run, args=([listener],), name="console", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the console did not start")
            time.sleep(0.01)
        yield
    finally:
        console.close()
        server.should_exit = True
        thread.join(STOP_SECONDS)


class _Server(uvicorn.Server):
    """Ends the pages' streams of events before it waits for what is under way."""

    def __init__(self, console: WebConsole) -> None:
        super().__init__(
            uvicorn.Config(
                console.app, ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=2, lifespan="off"
            )
        )
        self._console = console

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self._console.close()
        super().handle_exit(sig, frame)
