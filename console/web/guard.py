"""Who may look at the page, and what a browser may do with it: pure ASGI, around everything."""

import hmac
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
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


class Guard:
    """Lets in who has the key, refuses what other pages send, and forbids browsers what the page does not need.

    Without a key everybody on this machine may look, as with the local stack, whose keys are no secret.
    """

    def __init__(self, app: ASGIApp, key: str | None = None) -> None:
        self._app = app
        self._key = key

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
        if self._key is None:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("key", [""])[0]
        if given and _same(given, self._key):
            answer = RedirectResponse(f"/?{urlencode(query, doseq=True)}".rstrip("?"), 303)
            answer.set_cookie(_cookie(headers), self._key, httponly=True, samesite="strict")
            return answer
        cookie = SimpleCookie(headers.get("cookie", "")).get(_cookie(headers))
        if cookie is not None and _same(cookie.value, self._key):
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
