"""The control API's half that makes the simulator send callbacks.

POST /simulator/mo, /simulator/report, /simulator/raw   202, the delivery's record; with ?wait=1: 200, once settled
GET  /simulator/deliveries                              {"deliveries": [...]}, oldest first
GET  /simulator/deliveries/{id}                         one; with ?wait=1: once settled
"""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.simulator.control import Order, OrderReader
from local.simulator.fields import FieldError
from local.simulator.outbox import NotReady, Outbox
from local.simulator.records import Delivery, format_now, write_record

MAX_ORDER_BYTES = 32_000_000  # a callback of the largest size a gateway takes, in base64, several times over


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
            return complain(404, "id", "no such delivery")
        return await self._show(request, delivery)

    async def _start(self, request: Request, read: Callable[[object], Order]) -> JSONResponse:
        try:
            order = read(await read_json(request))
            delivery = self.outbox.start(order.callback, order.dialect, order.policy)
        except FieldError as error:
            return complain(400, error.field, error.problem)
        except NotReady as reason:
            return complain(409, "", str(reason))
        return await self._show(request, delivery, otherwise=202)

    async def _show(self, request: Request, delivery: Delivery, *, otherwise: int = 200) -> JSONResponse:
        waits = request.query_params.get("wait", "0") not in {"", "0", "false"}
        if waits:
            await self.outbox.wait(delivery)
        return JSONResponse(write_record(delivery), 200 if waits else otherwise)


async def read_json(request: Request) -> object:
    """Give an order's JSON, or raise a `FieldError`."""
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


def complain(status: int, field: str, message: str) -> JSONResponse:
    """Say what is wrong, and with which field."""
    return JSONResponse({"error": {"field": field, "message": message}}, status)


def _format_date() -> str:
    """Give the time as the documents have it: YYYY-MM-DDThh:mm:ssTZD."""
    return format_now()[:19] + "+00:00"
