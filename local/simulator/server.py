"""The OpenMarket simulator as a server: one port for the control API and, at /mms/v2/send, for messages.

The control API's routes stand in `api` (callbacks to send) and `mt.api` (messages received, and misbehaviour).
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute

from local.simulator.api import ControlApi
from local.simulator.client import SimulatorClient
from local.simulator.control import OrderReader
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect
from local.simulator.exchange import Target
from local.simulator.fields import require
from local.simulator.mt.api import MtControl
from local.simulator.mt.desk import DEFAULT_MESSAGE_BYTES, MAX_BODY_BYTES, Desk
from local.simulator.mt.entrance import Entrance
from local.simulator.mt.head import Credentials
from local.simulator.mt.ledger import Ledger
from local.simulator.mt.reports import Reporter
from local.simulator.mt.rules import RuleBook
from local.simulator.mt.wire import demand_tls
from local.simulator.outbox import Outbox

START_SECONDS = 15
STOP_SECONDS = 10
RECEIVE_BUFFER = 65_536  # the kernel's, per connection: it would swallow whole a body that is meant to stay unread
LOCAL_NAMES = ["127.0.0.1", "localhost"]  # a foreign page can point its own name here, but not these
LOCAL_ORIGINS = r"http://(127\.0\.0\.1|localhost)(:\d+)?"  # the console's page, on whatever port


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSimulator:
    """A simulator that runs in a thread of this process."""

    url: str  # of the control API; without a slash at the end
    send_url: str  # where messages go, the host without a path: the same, but https:// where it has a certificate
    client: SimulatorClient  # closed with the simulator
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
    certificate: tuple[str | Path, str | Path] | None = None,
    credentials: tuple[str, str] = ("local", "local"),
    max_message_bytes: int = DEFAULT_MESSAGE_BYTES,
) -> Iterator[RunningSimulator]:
    """Run a simulator on a free port of 127.0.0.1 while the block runs; `RefusedTarget` for a URL elsewhere.

    `certificate` (its file and its key's) makes it demand TLS for messages; the control API stays plain HTTP.
    """
    require(1 <= max_message_bytes <= MAX_BODY_BYTES, "max_message_bytes", f"expected 1 to {MAX_BODY_BYTES}")
    dialect, policy = dialect or Dialect(), policy or Policy()
    outbox = Outbox(None)
    identifiers = outbox.identifiers
    desk = Desk(
        identifiers=identifiers,
        ledger=Ledger(identifiers),
        rules=RuleBook(),
        reporter=Reporter(outbox, dialect=dialect, policy=policy),
        credentials=Credentials(account_id=credentials[0], password=credentials[1]),
        max_message_bytes=max_message_bytes,
    )
    entrance = Entrance(desk, demand_tls(*certificate) if certificate else None)
    reader = OrderReader(identifiers=identifiers, dialect=dialect, policy=policy, media_folder=media_folder)
    listener = _listen(port)
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    with listener, SimulatorClient(f"http://{address}") as client:
        simulator = RunningSimulator(
            url=f"http://{address}",
            send_url=f"{'https' if certificate else 'http'}://{address}",
            client=client,
            _outbox=outbox,
            _allow_other_hosts=allow_other_hosts,
        )
        if callback_url is not None:
            simulator.call_back_to(callback_url, ca_bundle=ca_bundle, basic_auth=basic_auth)
        routes = [*ControlApi(outbox, reader).routes, *MtControl(desk).routes]
        with _serving(routes, outbox, entrance, listener):
            yield simulator


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off (40 ms an answer: measured) only where the protocol is named like this.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    listener.bind(("127.0.0.1", port))
    return listener


@contextlib.contextmanager
def _serving(
    routes: Sequence[BaseRoute], outbox: Outbox, entrance: Entrance, listener: socket.socket
) -> Iterator[None]:
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
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Content-Type"],
        ),
    ]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", entrance.make_door),  # it is only called
        loop="asyncio",  # whose transports give away their sockets, to be reset
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
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
        for loop in loops:
            for stop in (entrance.close, outbox.stop):  # so that whoever waits for a delivery gets an answer
                with contextlib.suppress(RuntimeError):  # it ended by itself
                    loop.call_soon_threadsafe(stop)
        server.should_exit = True
        thread.join(STOP_SECONDS)
