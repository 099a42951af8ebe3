"""Who may look at the page, and what a browser may do with it: pure ASGI, around everything."""

import hmac
import secrets
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "mms-console"
MAX_REQUEST = 30_000_000  # bytes; more than any message, base64 and all
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Keys:
    """What opens the page: the key of the printed address, a ticket that opens it once, and the cookie they turn into.

    The ticket is for starting a browser, on whose command line everybody on the machine can read it.
    """

    def __init__(self) -> None:
        self.address, self.ticket, self._cookie = (secrets.token_urlsafe(24) for _ in range(3))
        self._tickets = {self.ticket}

    def exchange(self, given: str) -> str | None:
        """The cookie for a key or a ticket; None for anything else."""
        if _same(given, self.address):
            return self._cookie
        if given in self._tickets:
            self._tickets.discard(given)
            return self._cookie
        return None

    def knows(self, cookie: str) -> bool:
        """Whether it is the cookie."""
        return _same(cookie, self._cookie)


class Guard:
    """Lets in who has a key, refuses what other pages send, and forbids browsers what the page does not need.

    Without keys everybody on this machine may look, as with the local stack, whose own keys are no secret.
    """

    def __init__(self, app: ASGIApp, keys: Keys | None = None) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refuse(scope, Headers(scope=scope))
        await (refusal or self._app)(scope, receive, _with_headers(send))

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        if scope["method"] not in {"GET", "HEAD"}:
            if headers.get("origin") not in {f"http://{headers.get('host')}", None}:
                return PlainTextResponse("Another page sent this.", 403)
            if not _is_small(headers.get("content-length")):
                return PlainTextResponse(f"More than {MAX_REQUEST:,} bytes.", 413)
        return self._keep_out(scope, headers, self._keys) if self._keys is not None else None

    def _keep_out(self, scope: Scope, headers: Headers, keys: Keys) -> Response | None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        cookie = keys.exchange(query.pop("key", [""])[0])
        if cookie is not None:
            answer = RedirectResponse(f"/?{urlencode(query, doseq=True)}".rstrip("?"), 303)
            answer.set_cookie(_cookie(headers), cookie, httponly=True, samesite="strict")
            return answer
        if keys.knows(cookie_parser(headers.get("cookie", "")).get(_cookie(headers), "")):
            return None
        return PlainTextResponse("Open the console by the whole address that `mms console` printed.", 403)


def _cookie(headers: Headers) -> str:
    """The cookie's name: browsers share cookies between the ports of a host."""
    return f"{COOKIE}-{headers.get('host', '').rpartition(':')[2]}"


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())


def _is_small(length: str | None) -> bool:
    return length is not None and length.isascii() and length.isdigit() and int(length) <= MAX_REQUEST


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
