"""Tells every open page what has changed; the table's stream is read only while a page is open."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.connection import Gateway
from console.problems import Problem, explain
from console.web.changes import Change, Gap, follow
from console.web.inbox import Inbox

MAX_WAITING = 1000  # events that a page has not taken; then it is told to look at everything anew
RETRY_SECONDS = 5.0  # after the stream could not be read

Event = dict[str, Any]
LOOK_ANEW: Event = {"kind": "all"}
log = logging.getLogger(__name__)


class Events:
    """Carries changes from the table's stream to the pages."""

    def __init__(self, gateway: Gateway, inbox: Inbox) -> None:
        self._gateway = gateway
        self._inbox = inbox
        self._lock = threading.RLock()  # `close` may be called by a signal, while it is held
        self._closed = False
        self._pages: dict[asyncio.Queue[Event | None], asyncio.AbstractEventLoop] = {}
        self._stopped: threading.Event | None = None
        self._last_state: Event | None = None

    @property
    def are_told(self) -> bool:
        """Whether the inbox hears of every change."""
        return self._last_state == LOOK_ANEW

    async def listen(self) -> AsyncIterator[dict[str, str]]:
        """Events for one page as sse-starlette takes them, until it goes away or the console ends."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        with self._lock:
            self._pages[queue] = asyncio.get_running_loop()
            if self._closed:
                queue.put_nowait(None)
            elif self._stopped is None:
                self._stopped = threading.Event()
                threading.Thread(target=self._read, args=(self._stopped,), name="changes", daemon=True).start()
            elif self._last_state is not None:
                queue.put_nowait(self._last_state)
        try:
            while (event := await queue.get()) is not None:
                yield {"data": json.dumps(event)}
        finally:
            with self._lock:
                del self._pages[queue]
                if not self._pages and self._stopped is not None:
                    self._stopped.set()
                    self._stopped = self._last_state = None

    def close(self) -> None:
        """End every page's stream of events, also of those that come now."""
        self._closed = True
        self._tell(None)

    def _read(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            try:
                for change in follow(self._gateway, stopped):
                    if stopped.is_set():
                        return
                    self._take(change)
            except (Problem, ClientError, BotoCoreError) as error:
                reason = str(error) if isinstance(error, Problem) else explain(error)
            except Exception:  # a mistake of ours must not leave pages that say they are told of everything
                log.exception("The table's stream could not be followed")
                reason = "A mistake of the console's: its terminal tells more."
            else:
                return
            if not stopped.is_set():
                self._inbox.restart()  # what it knows grows old
                self._state({"kind": "silent", "reason": reason})
                stopped.wait(RETRY_SECONDS)

    def _take(self, change: Change | Gap) -> None:
        if isinstance(change, Gap):
            self._inbox.restart()
            self._state(LOOK_ANEW)
            return
        if change.after is not None:
            self._inbox.note(change.after)
        elif change.before is not None and "handset" in change.before:
            self._inbox.look_up(change.before.get("service", ""), change.before["handset"])
        self._tell(_event(change))

    def _state(self, event: Event) -> None:
        self._last_state = event
        self._tell(event)

    def _tell(self, event: Event | None) -> None:
        with self._lock:
            pages = list(self._pages.items())
        for queue, loop in pages:
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(_put, queue, event)


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> None:
    """Add an event; to a page that takes none, in place of all that waits."""
    if queue.qsize() >= MAX_WAITING:
        ends = event is None
        while not queue.empty():
            ends = queue.get_nowait() is None or ends
        event = None if ends else LOOK_ANEW
    queue.put_nowait(event)


def _event(change: Change) -> Event:
    """What a page is told: which item changed, not what it says."""
    item = change.after or change.before or {}
    report = item.get("sk", "").startswith("REPORT#")
    told = {
        "kind": "report" if report else "removed" if change.after is None else "message",
        "pk": item.get("pk"),
        "sk": item.get("sk"),
        "service": item.get("service", "") if "handset" in item else None,
        "handset": item.get("handset"),
        "incoming": item.get("direction") == "MO" and change.before is None,
        "mtId": item.get("mtId"),
        "attention": any("attention" in (image or {}) for image in (change.before, change.after)),
    }
    return {name: value for name, value in told.items() if value is not None}
