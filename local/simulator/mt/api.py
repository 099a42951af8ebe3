"""The control API's half about messages received at /mms/v2/send.

GET    /simulator/mt                    {"requests": [...], "forgotten": 0}, oldest first; ?accepted=1&destination=...
GET    /simulator/mt/{id}               one
GET    /simulator/mt/{id}/parts/{n}     a content part's bytes, counted from 0; of the latest requests
GET    /simulator/mt/numbers            {"numbers": [...]}, the destinations that make something happen
POST   /simulator/mt/behaviours         {"rules": [...]}: add rules, the answer is the same with what was filled in
GET    /simulator/mt/behaviours         all rules, and how often each behaviour was played
DELETE /simulator/mt/behaviours         forget all rules; ?destination=...: only those for it; gives what is left
POST   /simulator/mt/credentials        {"accountId": ..., "password": ...}: what is valid from now on
POST   /simulator/mt/reports            {"default": "retrieved"}: the reports for destinations that are no test numbers
                                        {"destination": ..., "plan": "deferred"}: for this one from now on, before the
                                        default and a test number's own; a plan of null forgets it
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulator.api import complain, read_json
from local.simulator.fields import FieldError, Fields, require
from local.simulator.mt.desk import Desk
from local.simulator.mt.head import PATH, Credentials
from local.simulator.mt.message import DESTINATION
from local.simulator.mt.numbers import NUMBERS
from local.simulator.mt.records import write_request
from local.simulator.mt.reports import PLANS, Plan
from local.simulator.mt.rules import MAX_RULES, read_rule, write_rule

NO_CONTENT = "no such part, or its bytes are kept no longer"
MAX_CREDENTIAL = 255  # characters
YES, NO = {"1", "true"}, {"0", "false"}
ABSENT = object()
Handler = Callable[[Request], Awaitable[Response]]


class MtControl:
    """The routes under /simulator/mt."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.routes = [
            Route("/simulator/mt", _naming_fields(self.get_requests)),
            Route("/simulator/mt/numbers", self.get_numbers),
            Route("/simulator/mt/behaviours", self.get_rules, methods=["GET"]),
            Route("/simulator/mt/behaviours", _naming_fields(self.post_rules), methods=["POST"]),
            Route("/simulator/mt/behaviours", _naming_fields(self.delete_rules), methods=["DELETE"]),
            Route("/simulator/mt/credentials", _naming_fields(self.post_credentials), methods=["POST"]),
            Route("/simulator/mt/reports", _naming_fields(self.post_reports), methods=["POST"]),
            Route("/simulator/mt/{id}", self.get_request),
            Route("/simulator/mt/{id}/parts/{number:int}", self.get_part),
            Route(PATH, self.refuse_message, methods=["GET", "POST"]),
        ]

    async def get_requests(self, request: Request) -> Response:
        """List the requests that fit."""
        found = self.desk.ledger.list(
            accepted=_read_flag(request, "accepted"), destination=request.query_params.get("destination")
        )
        return JSONResponse(
            {"requests": [write_request(each) for each in found], "forgotten": self.desk.ledger.forgotten}
        )

    async def get_request(self, request: Request) -> Response:
        """Show one request."""
        found = self.desk.ledger.find(request.path_params["id"])
        return JSONResponse(write_request(found)) if found else complain(404, "id", "no such request")

    async def get_part(self, request: Request) -> Response:
        """Give a part's bytes, under its own type; a page in it can do nothing here."""
        content = self.desk.ledger.find_content(request.path_params["id"], request.path_params["number"])
        if content is None:
            return complain(404, "parts", NO_CONTENT)
        headers = {
            "Content-Type": content.content_type if content.content_type.isascii() else "application/octet-stream",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content.data, headers=headers)

    async def get_numbers(self, _request: Request) -> Response:
        """List the destinations that make something happen."""
        return JSONResponse(
            {"numbers": [{"number": each.number, "meaning": each.meaning} for each in NUMBERS.values()]}
        )

    async def get_rules(self, _request: Request) -> Response:
        """List all rules."""
        return JSONResponse({"rules": [write_rule(rule) for rule in self.desk.rules.list()]})

    async def post_rules(self, request: Request) -> Response:
        """Add rules, all or none."""
        fields = Fields(await read_json(request))
        given = fields.take("rules", None)
        fields.finish()
        fits = isinstance(given, list) and 1 <= len(given) <= MAX_RULES
        require(fits, "rules", f"expected a list of 1 to {MAX_RULES}")
        rules = [read_rule(each, f"rules[{index}]") for index, each in enumerate(given)]
        self.desk.rules.add(rules)
        return JSONResponse({"rules": [write_rule(rule) for rule in rules]})

    async def delete_rules(self, request: Request) -> Response:
        """Forget all rules, or only those for a destination."""
        destination = request.query_params.get("destination")
        require(destination != "", "destination", "expected a destination; without the parameter all rules go")
        self.desk.rules.clear(destination)
        return await self.get_rules(request)

    async def post_credentials(self, request: Request) -> Response:
        """Change the account that may send."""
        fields = Fields(await read_json(request))
        account_id, password = fields.text("accountId", ""), fields.text("password", "")
        fields.finish()
        for name, value in (("accountId", account_id), ("password", password)):
            fits = 1 <= len(value) <= MAX_CREDENTIAL and value.isprintable()
            require(fits, name, f"expected 1 to {MAX_CREDENTIAL} printable characters")
        require(":" not in account_id, "accountId", "expected no colon")
        self.desk.credentials = Credentials(account_id=account_id, password=password)
        return JSONResponse({"accountId": account_id})

    async def post_reports(self, request: Request) -> Response:
        """Change the reports for one destination, or for all that are no test numbers."""
        fields = Fields(await read_json(request))
        default, destination, plan = (fields.take(name, ABSENT) for name in ("default", "destination", "plan"))
        fields.finish()
        if destination is ABSENT and plan is ABSENT:
            self.desk.reporter.default = _read_plan(default, "default")
            return JSONResponse({"default": default})
        require(default is ABSENT, "default", "expected either a default, or a destination and a plan")
        fits = isinstance(destination, str) and DESTINATION.fullmatch(destination)
        require(bool(fits), "destination", "expected 7 to 15 digits, as a text")
        self.desk.reporter.choose(destination, None if plan is None else _read_plan(plan, "plan", "null"))
        return JSONResponse({"destination": destination, "plan": plan})

    async def refuse_message(self, _request: Request) -> Response:
        """Refuse a message on a connection that the control API has been asked on: it would escape the record."""
        return complain(421, "", "messages need a connection of their own")


def _naming_fields(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except FieldError as error:
            return complain(400, error.field, error.problem)

    return handle


def _read_plan(name: object, field: str, *others: str) -> Plan:
    fits = isinstance(name, str) and name in PLANS
    require(fits, field, f"expected one of {', '.join([*map(repr, PLANS), *others])}")
    return PLANS[str(name)]


def _read_flag(request: Request, name: str) -> bool | None:
    value = request.query_params.get(name)
    require(value in {None, *YES, *NO}, name, "expected 1 or 0")
    return None if value is None else value in YES
