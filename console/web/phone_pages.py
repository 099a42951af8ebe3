"""The phone's routes: its screen, what it sends, how the network treats it."""

import hashlib
from typing import Any

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from console.problems import Problem
from console.web.actions import read_attachments
from console.web.files import media_headers
from console.web.outcomes import OUTCOMES
from console.web.phone import Phone
from mms_gateway.openmarket.notation import normal_address


class PhonePages:
    """The routes under /phone."""

    def __init__(self, phone: Phone, templates: Environment) -> None:
        self._phone = phone
        self._screen = templates.get_template("phone.html")
        self.routes = [
            Route("/phone/screen", self.screen),
            Route("/phone/send", self.send, methods=["POST"]),
            Route("/phone/outcome", self.choose, methods=["POST"]),
            Route("/phone/fetch", self.fetch, methods=["POST"]),
            Route("/phone/sent/{number:int}/{index:int}", self.sent_part),
            Route("/phone/received/{request}/{index:int}", self.received_part),
        ]

    def screen(self, request: Request) -> Response:
        """What the handset shows; 304 where the page has it already."""
        handset = _number(request.query_params.get("handset", ""))
        bubbles = self._phone.bubbles(handset, _number(request.query_params.get("service", "")))
        page = self._screen.render(bubbles=bubbles)
        headers = {"ETag": f'"{hashlib.sha256(page.encode()).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
        headers["X-Phone-Outcome"] = self._phone.outcome(handset)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(page, headers=headers)

    async def send(self, request: Request) -> Response:
        """The handset sends what is written on it."""
        async with request.form(max_files=32, max_fields=32) as form:
            files = await read_attachments(form)
            fields = {name: str(form.get(name, "")) for name in ("handset", "service", "subject", "text")}
        delivery = await run_in_threadpool(
            self._phone.write,
            _number(fields["handset"]),
            _number(fields["service"]),
            fields["subject"],
            fields["text"].replace("\r\n", "\n"),
            files,
        )
        return JSONResponse({"statuses": delivery.statuses, "outcomes": delivery.outcomes})

    async def choose(self, request: Request) -> Response:
        """Choose how the network treats the handset."""
        form = await _fields(request)
        await run_in_threadpool(self._phone.choose, _number(form["handset"]), form["outcome"])
        return JSONResponse({"effect": OUTCOMES[form["outcome"]].effect})

    async def fetch(self, request: Request) -> Response:
        """Fetch a deferred message."""
        form = await _fields(request)
        await run_in_threadpool(self._phone.fetch, form["request"])
        return JSONResponse({})

    def sent_part(self, request: Request) -> Response:
        """A content that the phone sent."""
        part = self._phone.sent_part(request.path_params["number"], request.path_params["index"])
        if part is None:
            return PlainTextResponse("The phone remembers it no longer.", 404)
        return Response(part.data, headers=media_headers(part.content_type, str(part.content_id)))

    def received_part(self, request: Request) -> Response:
        """A content that the phone was sent."""
        request_id, index = request.path_params["request"], request.path_params["index"]
        data = self._phone.received_part(request_id, index)
        content_type = self._phone.received_type(request_id, index)
        if data is None or content_type is None:
            return PlainTextResponse("The phone remembers it no longer.", 404)
        return Response(data, headers=media_headers(content_type, f"{index}"))


async def _fields(request: Request) -> dict[str, Any]:
    async with request.form() as form:
        fields = {name: str(value) for name, value in form.items()}
    return {"handset": "", "outcome": "", "request": ""} | fields


def _number(text: str) -> str:
    number = normal_address(text)
    if number is None or not number.isdigit():
        raise Problem("A phone has a number: give digits alone, such as 447700900750.")
    return number
