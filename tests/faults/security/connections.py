"""To where this process opens connections, heard from Python itself, whatever library opens them."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

Place = tuple[str, int]


class Ear:
    """Hears of every connection and every name that is looked up, once `install` has been called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: list[Place] | None = None

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in {"socket.connect", "socket.getaddrinfo"} or self._heard is None:
            return
        place = arguments[1] if event == "socket.connect" else (arguments[0], arguments[1])
        if isinstance(place, tuple):
            with self._lock:
                self._heard.append((str(place[0]), int(str(place[1] or 0))))

    @contextmanager
    def listen(self) -> Iterator[list[Place]]:
        """What is heard while the block runs."""
        heard = self._heard = []
        try:
            yield heard
        finally:
            self._heard = None


@lru_cache(maxsize=1)
def _installed() -> Ear:
    ear = Ear()
    sys.addaudithook(ear.hear)  # there is no way to take one away again, so there is one for all tests
    return ear


@contextmanager
def connections() -> Iterator[list[Place]]:
    """Hosts and ports that this process connects to, or looks up, while the block runs."""
    with _installed().listen() as heard:
        yield heard
