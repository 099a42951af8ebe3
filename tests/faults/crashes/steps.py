"""The steps that a function takes to the outside, listed as it takes them, and its end at any one of them.

A step is a request to AWS as it goes out, a second try of the SDK's being a step of its own, or a phase of the call of
OpenMarket: the connection, each piece sent, each piece of the answer, the close. Steps of a name are counted from 1.
"""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from botocore.exceptions import ConnectionClosedError

Fault = Literal["crash before", "crash after", "crash halfway", "answer lost", "not reached", "down from here"]
"""The last one befalls all later steps of the same name as well."""
DIED = 71  # the exit status of a function that was ended at a step

Result = TypeVar("Result")


class Steps:
    """What one function does; ends its process, without a word, where it is told to."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        self.taken: list[str] = []
        self.met: list[str] = []
        self._faults = faults
        self._counts: Counter[str] = Counter()
        self._down: set[str] = set()
        self._lock = threading.Lock()

    def fault_at(self, name: str) -> Fault | None:
        """Note that a step of this name is due, and what is to befall it."""
        with self._lock:
            self._counts[name] += 1
            step = f"{name} {self._counts[name]}"
            self.taken.append(step)
            fault = self._faults.get(step)
            if fault is not None:
                self.met.append(step)
            if fault == "down from here":
                self._down.add(name)
            return "not reached" if name in self._down else fault

    def take(
        self, name: str, act: Callable[[], Result], *, lost: Exception, half: Callable[[], object] = lambda: None
    ) -> Result | None:
        """Do a step, or what is left of it under its fault; `lost` is raised where its answer gets lost."""
        fault = self.fault_at(name)
        if fault == "crash before":
            die()
        if fault == "not reached":
            raise lost
        if fault == "crash halfway":
            half()
            die()
        done = act()
        if fault == "crash after":
            die()
        if fault == "answer lost":
            raise lost
        return done

    def watch_aws(self, client: Any) -> None:
        """Take every request of a client as a step."""
        service = client.meta.service_model.service_name
        send = client._endpoint.http_session.send

        def before_send(request: Any, event_name: str, **_: object) -> Any:
            operation = event_name.rpartition(".")[2]
            return self.take(
                f"{service} {operation}", lambda: send(request), lost=ConnectionClosedError(endpoint_url="")
            )

        client.meta.events.register_first(f"before-send.{service}", before_send)

    def watch_connections(self, connect: Callable[..., socket.socket]) -> Callable[..., Any]:
        """A `connect` of which everything that its connections do is a step."""

        def watched(*place: Any, **facts: Any) -> WatchedSocket:
            sock = self.take("openmarket connect", lambda: connect(*place, **facts), lost=TimeoutError())
            assert sock is not None
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024 * 1024)  # each piece goes out as one step
            return WatchedSocket(sock, self)

        return watched


class WatchedSocket:
    """A connection to OpenMarket whose every use is a step."""

    def __init__(self, sock: socket.socket, steps: Steps) -> None:
        self._sock = sock
        self._steps = steps
        self._reset = False

    def __enter__(self) -> "WatchedSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.take("openmarket close", self._sock.close, lost=ConnectionResetError())

    def fileno(self) -> int:
        return self._sock.fileno()

    def setsockopt(self, *option: Any) -> None:
        self._sock.setsockopt(*option)

    def send(self, data: memoryview) -> int:
        if not data:  # after the last piece; no step, for the answer may be there before it
            return 0
        try:
            sent = self._steps.take(
                "openmarket send",
                lambda: self._sock.send(data),
                lost=ConnectionResetError(),
                half=lambda: self._sock.send(data[: len(data) // 2]),
            )
        except ConnectionResetError:
            self._reset = True
            self._sock.shutdown(socket.SHUT_RD)  # whoever waits for an answer is told at once
            raise
        return sent or 0

    def recv(self, size: int) -> bytes:
        if self._reset:  # what came before it is gone as well
            return b""
        self._sock.recv(1, socket.MSG_PEEK)  # raises BlockingIOError while there is nothing: no step yet
        return self._steps.take("openmarket answer", lambda: self._sock.recv(size), lost=ConnectionResetError()) or b""


def die() -> None:
    """End this process as SIGKILL would: nothing is closed, flushed or finished by it."""
    os._exit(DIED)
