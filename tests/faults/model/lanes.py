"""Real deliveries and handlers that stop before each step, in threads of their own, until they are told to go on."""

import json
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

from botocore.exceptions import ReadTimeoutError

from mms_gateway.errors import StorageUnavailable

PATIENCE = 60.0  # seconds in which a step must be done
Order = object


class Gone(BaseException):
    """The function's process is no more."""


class OutOfTime(StorageUnavailable):
    """The table gave no answer, and there is no time to ask again."""


class Delayed(ReadTimeoutError):
    """The answer did not come in time; the SDK sends the request again."""


class Lane:
    """One delivery or one report on its way; it moves only between `go` and the next stop."""

    current = threading.local()

    def __init__(self, run: Callable[[], Any]) -> None:
        self._stops: queue.Queue[str] = queue.Queue()
        self._orders: queue.Queue[Order] = queue.Queue()
        self.at = ""
        """The step before which it stands; "" once it has ended."""
        self.request: Any = None
        self.result: Any = None
        self.raised: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[run], daemon=True)
        self._thread.start()
        self._wait()

    def go(self, order: Order = None) -> None:
        """Take the step as ordered: go on, raise an exception, or answer with something."""
        self._orders.put(order)
        self._wait()

    def end(self) -> None:
        """End it where it stands."""
        if self.at:
            self.go(Gone())
        self._thread.join(PATIENCE)

    def stop(self, at: str, request: Any = None) -> Any:
        """Called in the lane's own thread before a step."""
        self.request = request
        self._stops.put(at)
        order = self._orders.get()
        if isinstance(order, BaseException):
            raise order
        return order

    def _run(self, run: Callable[[], Any]) -> None:
        Lane.current.lane = self
        try:
            with suppress(Gone):
                self.result = run()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it looks at it
            self.raised = error
        self._stops.put("")

    def _wait(self) -> None:
        self.at = self._stops.get(timeout=PATIENCE)


def stop_before_each_call(client: Any) -> None:
    """From now on a lane's calls of the table wait for their order; all other calls pass."""
    client.meta.events.register_first("before-send.dynamodb", _stop)
    client.meta.events.register_first("needs-retry.dynamodb", _again_at_once)


def _stop(request: Any, **_: Any) -> None:
    lane = getattr(Lane.current, "lane", None)
    if lane is not None:
        lane.stop(name_of(request), request)


def _again_at_once(caught_exception: BaseException | None, **_: Any) -> float | None:
    return 0 if isinstance(caught_exception, Delayed) else None


def name_of(request: Any) -> str:
    """The model's name of a request to the table."""
    operation = request.headers["X-Amz-Target"]
    operation = (operation.decode() if isinstance(operation, bytes) else operation).partition(".")[2]
    body = json.loads(request.body)
    match operation:
        case "GetItem":
            return "find" if body["Key"]["pk"]["S"].startswith("MT#") else "whose"
        case "PutItem":
            return str(body["Item"]["sk"]["S"]).partition("#")[0].lower()
        case "UpdateItem":
            return _change(body["ExpressionAttributeValues"])
    return {"TransactWriteItems": "accept", "Query": "query"}[operation]


def owner_in(request: Any) -> str:
    """Whom a claim names as its owner."""
    return str(json.loads(request.body)["ExpressionAttributeValues"][":owner"]["S"])


def kept(request: Any) -> Any:
    """A request that can be sent later, as it is now."""
    return deepcopy(request)


def _change(values: dict[str, dict[str, str]]) -> str:
    if ":delivery" in values:
        return "show"
    if ":lease" in values:
        return "abandon"
    if ":mtId" in values:
        return "accept alone"
    if ":me" in values:
        return "finish"
    return {"SENDING": "claim", "RETRY": "put off", "REJECTED": "reject"}[values[":status"]["S"]]
