"""The OpenMarket simulator as a server: a small control API that makes it send callbacks.

    POST /simulator/mo, /simulator/report, /simulator/raw   202, the delivery's record; with ?wait=1: 200, once settled
    GET  /simulator/deliveries                              {"deliveries": [...]}, oldest first
    GET  /simulator/deliveries/{id}                         one; with ?wait=1: once settled

What the gateway sends will come in here too, at OpenMarket's own path; that is the simulator's second half.
"""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.simulator.control import Order, OrderReader
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect
from local.simulator.exchange import Target
from local.simulator.fields import FieldError
from local.simulator.outbox import NotReady, Outbox
from local.simulator.records import Delivery, format_now, write_record

MAX_ORDER_BYTES = 32_000_000  # a callback of the largest size a gateway takes, in base64, several times over
START_SECONDS = 15
STOP_SECONDS = 10
LOCAL_NAMES = ["127.0.0.1", "localhost"]  # a foreign page can point its own name here, but not these
LOCAL_ORIGINS = r"http://(127\.0\.0\.1|localhost)(:\d+)?"  # the console's page, on whatever port


class ControlApi:
    """The routes under /simulator/."""

    def __init__(self, outbox: Outbox, reader: OrderReader) -> None:
        self.outbox = outbox
        self.reader = reader
        self.routes = [
            Route("/simulator/mo", self.post_mo, methods=["POST"]),
            Route("/simulator/report", self.post_report, methods=["POST"]),
            Route("/simulator/raw", self.post_raw, methods=["POST"]),
            Route("/simulator/deliveries", self.get_deliveries),
            Route("/simulator/deliveries/{id}", self.get_delivery),
        ]

    async def post_mo(self, request: Request) -> JSONResponse:
        """Send a message."""
        return await self._start(request, lambda given: self.reader.read_mo(given, now=_format_date()))

    async def post_report(self, request: Request) -> JSONResponse:
        """Send a delivery report."""
        return await self._start(request, lambda given: self.reader.read_report(given, now=_format_date()))

    async def post_raw(self, request: Request) -> JSONResponse:
        """Send a body as it is."""
        return await self._start(request, self.reader.read_raw)

    async def get_deliveries(self, _request: Request) -> JSONResponse:
        """List all deliveries."""
        return JSONResponse({"deliveries": [write_record(delivery) for delivery in self.outbox.list()]})

    async def get_delivery(self, request: Request) -> JSONResponse:
        """Show one delivery."""
        delivery = self.outbox.find(request.path_params["id"])
        if delivery is None:
            return _complain(404, "id", "no such delivery")
        return await self._show(request, delivery)

    async def _start(self, request: Request, read: Callable[[object], Order]) -> JSONResponse:
        try:
            order = read(await _read_json(request))
            delivery = self.outbox.start(order.callback, order.dialect, order.policy)
        except FieldError as error:
            return _complain(400, error.field, error.problem)
        except NotReady as reason:
            return _complain(409, "", str(reason))
        return await self._show(request, delivery, otherwise=202)

    async def _show(self, request: Request, delivery: Delivery, *, otherwise: int = 200) -> JSONResponse:
        waits = request.query_params.get("wait", "0") not in {"", "0", "false"}
        if waits:
            await self.outbox.wait(delivery)
        return JSONResponse(write_record(delivery), 200 if waits else otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSimulator:
    """A simulator that runs in a thread of this process."""

    url: str  # without a slash at the end
    _outbox: Outbox
    _allow_other_hosts: bool

    def call_back_to(
        self, url: str, *, ca_bundle: str | Path | None = None, basic_auth: tuple[str, str] | None = None
    ) -> None:
        """Set where callbacks go: a stack must know the simulator before it has a callback URL itself."""
        self._outbox.target = Target.parse(
            url, ca_bundle=ca_bundle, basic_auth=basic_auth, allow_other_hosts=self._allow_other_hosts
        )


@contextlib.contextmanager
def running_simulator(  # noqa: PLR0913 - one call starts it, all but the first by name
    callback_url: str | None = None,
    *,
    ca_bundle: str | Path | None = None,
    basic_auth: tuple[str, str] | None = None,
    allow_other_hosts: bool = False,
    dialect: Dialect | None = None,
    policy: Policy | None = None,
    media_folder: Path | None = None,
    port: int = 0,
) -> Iterator[RunningSimulator]:
    """Run a simulator on a free port of 127.0.0.1 while the block runs; `RefusedTarget` for a URL elsewhere."""
    outbox = Outbox(None)
    listener = _listen(port)
    simulator = RunningSimulator(
        url=f"http://127.0.0.1:{listener.getsockname()[1]}", _outbox=outbox, _allow_other_hosts=allow_other_hosts
    )
    with listener:
        if callback_url is not None:
            simulator.call_back_to(callback_url, ca_bundle=ca_bundle, basic_auth=basic_auth)
        reader = OrderReader(
            identifiers=outbox.identifiers,
            dialect=dialect or Dialect(),
            policy=policy or Policy(),
            media_folder=media_folder,
        )
        with _serving(ControlApi(outbox, reader), listener):
            yield simulator


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off (40 ms an answer: measured) only where the protocol is named like this.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


@contextlib.contextmanager
def _serving(api: ControlApi, listener: socket.socket) -> Iterator[None]:
    loops: list[asyncio.AbstractEventLoop] = []

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loops.append(asyncio.get_running_loop())
        yield

    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_NAMES),
        Middleware(
            CORSMiddleware,
            allow_origin_regex=LOCAL_ORIGINS,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
        ),
    ]
    app = Starlette(routes=api.routes, middleware=middleware, lifespan=lifespan)
    config = uvicorn.Config(app, http="h11", ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="openmarket-simulator", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the OpenMarket simulator did not start")
            time.sleep(0.01)
        yield
    finally:
        for loop in loops:  # so that whoever waits for a delivery gets an answer
            with contextlib.suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(api.outbox.stop)
        server.should_exit = True
        thread.join(STOP_SECONDS)


async def _read_json(request: Request) -> object:
    # A page from elsewhere can post a form here without asking, but not JSON.
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise FieldError("", "expected Content-Type: application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_ORDER_BYTES:
            raise FieldError("", f"expected at most {MAX_ORDER_BYTES} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise FieldError("", "expected JSON") from None


def _complain(status: int, field: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"field": field, "message": message}}, status)


def _format_date() -> str:
    """Give the time as the documents have it: YYYY-MM-DDThh:mm:ssTZD."""
    return format_now()[:19] + "+00:00"
