"""The console as an ASGI application."""

from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console.connection import Gateway
from console.media import Media
from console.problems import Problem, explain
from console.reading import Reader
from console.web.actions import Actions
from console.web.events import Events
from console.web.files import Files
from console.web.guard import Guard, Keys
from console.web.inbox import Inbox
from console.web.outcomes import OUTCOMES
from console.web.pages import Pages
from console.web.phone import Phone
from console.web.phone_pages import PhonePages
from mms_gateway.errors import GatewayError

LOCAL_NAMES = ["127.0.0.1", "localhost"]  # a foreign page can point its own name here, but not these
PING_SECONDS = 15


class WebConsole:
    """The application, and the end of its streams of events."""

    def __init__(self, gateway: Gateway, *, services: Sequence[str] = (), keys: Keys | None = None) -> None:
        reader, media = Reader(gateway), Media(gateway)
        inbox = Inbox(gateway, services)
        self._events = Events(gateway, inbox)
        self._pages = Pages(gateway, reader, media, inbox, self._events)
        actions = Actions(gateway, reader)
        routes: list[BaseRoute] = [
            Route("/", self._pages.page),
            Route("/conversations", self._pages.conversations),
            Route("/conversation", self._pages.conversation),
            Route("/services", self._pages.services),
            Route("/thread", self._pages.thread),
            Route("/message", self._pages.message),
            Route("/details", self._pages.details),
            Route("/attention", self._pages.attention),
            Route("/media", Files(reader, media).get),
            Route("/send", actions.send, methods=["POST"]),
            Route("/resolve", actions.resolve, methods=["POST"]),
            Route("/orphans", actions.orphans),
            Route("/events", self._listen),
            Mount("/static", StaticFiles(directory=Path(__file__).with_name("static"))),
        ]
        if gateway.open_market_url is not None:
            self._pages.templates.globals["outcomes"] = OUTCOMES
            routes += PhonePages(Phone(gateway.open_market_url), self._pages.templates).routes
        errors = (Problem, GatewayError, ClientError, BotoCoreError)
        application = Starlette(
            routes=routes,
            exception_handlers={**dict.fromkeys(errors, self._explain), Exception: self._admit},
        )

        # Around all of it, what goes wrong included.
        self.app = TrustedHostMiddleware(Guard(application, keys), allowed_hosts=LOCAL_NAMES)

    def close(self) -> None:
        """End the streams of events, so that the server can end."""
        self._events.close()

    async def _listen(self, _request: Request) -> Response:
        return EventSourceResponse(self._events.listen(), ping=PING_SECONDS)

    def _admit(self, _request: Request, bug: Exception) -> Response:
        """A mistake of ours; the server's log has the whole of it."""
        return self._pages.problem(f"A mistake of the console's: {type(bug).__name__}. Its terminal tells more.", 500)

    def _explain(self, _request: Request, error: Exception) -> Response:
        """What can't be done, in words."""
        if isinstance(error, ClientError | BotoCoreError):
            return self._pages.problem(explain(error), 502)
        return self._pages.problem(str(error))
