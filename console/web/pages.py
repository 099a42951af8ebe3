"""The page and the pieces of it: each answers with HTML that stands for itself."""

import base64
import json
from itertools import islice
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from console.attention import MEANING, reason_of
from console.connection import Gateway
from console.drafts import SAFE_BYTES, new_request_id
from console.media import Media
from console.output import size_text
from console.problems import Problem
from console.reading import KINDS, Reader
from console.web.events import Events
from console.web.inbox import Conversation, Inbox, Some
from console.web.messages import history, show_message, standing
from mms_gateway.message_table.store import Item
from mms_gateway.openmarket.notation import normal_address

ROWS, MORE_ROWS = 60, 240  # conversations of the first piece, and of those that follow as one scrolls
MESSAGES = 40  # of one piece
MOST_ATTENTION = 300  # of one kind
MAX_KEY = 1024  # bytes: DynamoDB takes 2048 in a `pk`, and none of ours has as many


class Pages:
    """Answers with HTML."""

    def __init__(self, gateway: Gateway, reader: Reader, media: Media, inbox: Inbox, events: Events) -> None:
        self._gateway = gateway
        self._reader = reader
        self._media = media
        self._inbox = inbox
        self._events = events
        self.templates = Environment(
            loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self.templates.filters["size"] = size_text

    def page(self, _request: Request) -> Response:
        """The whole page; what is in it comes in pieces."""
        return self._render(
            "page.html", gateway=self._gateway, most=self._gateway.rules.max_message_bytes, safe=SAFE_BYTES
        )

    def conversations(self, request: Request) -> Response:
        """Some conversations, newest first: after an `order`, of a `service`, or with `q` in their number."""
        query = request.query_params
        text = normal_address(query.get("q", "")) if query.get("q") else None
        service = query.get("service") or None
        if text is not None:
            found = Some(conversations=self._inbox.search(text, ROWS, service), before=None)
        else:
            before = query.get("before")
            if before is None and not self._events.are_told:
                self._inbox.restart()  # what it knows may be old
            found = self._inbox.newest(MORE_ROWS if before else ROWS, service=service, before=before)
        return self._render("conversations.html", rows=self._rows(found.conversations), more=found.before)

    def services(self, _request: Request) -> Response:
        """The short codes there are."""
        return JSONResponse(self._inbox.services)

    def conversation(self, request: Request) -> Response:
        """One row of the list as it is now; nothing where the conversation is no more."""
        query = request.query_params
        found = self._inbox.look_up(query.get("service", ""), query["handset"]) if query.get("handset") else None
        if found is None:
            return Response(status_code=204)
        return self._render("conversations.html", rows=self._rows([found]), more=None)

    def thread(self, request: Request) -> Response:
        """A conversation with its newest messages, or with `after` some that came before them."""
        service, handset = request.query_params.get("service", ""), request.query_params.get("handset", "")
        if not 0 < len(handset.encode()) <= MAX_KEY:
            raise Problem("Choose a conversation.")
        after = request.query_params.get("after")
        page = self._reader.conversation(handset, service, after=_read_cursor(after) if after else None, limit=MESSAGES)
        return self._render(
            "messages.html" if after else "thread.html",
            messages=[show_message(item, self._media) for item in reversed(page.items)],
            older=_write_cursor(page.next) if page.next else None,
            service=service,
            handset=handset,
            request_id=new_request_id(),
            most=self._gateway.rules.max_message_bytes,
            safe=SAFE_BYTES,
        )

    def message(self, request: Request) -> Response:
        """One message as it is now; nothing where it is no more."""
        item = self._item(request)
        if item is None or item["sk"] == "CALLBACK":
            return Response(status_code=204)
        return self._render("messages.html", messages=[show_message(item, self._media)], older=None)

    def details(self, request: Request) -> Response:
        """What happened to a message, every report, and the JSON behind it."""
        item = self._item(request)
        if item is None:
            return Response(status_code=204)
        reports = self._reader.reports(item["mtId"]) if "mtId" in item else []
        return self._render("details.html", history=history(item, reports), item=item, texts=_json(item, reports))

    def attention(self, request: Request) -> Response:
        """What a person must look at, oldest first: some of each kind, and the item that `pk` and `sk` name."""
        found = {kind: list(islice(self._reader.attention(kind), MOST_ATTENTION)) for kind in KINDS}
        wanted = self._item(request)
        if wanted is not None and "attention" in wanted:
            kind = wanted["attention"]
            shown = {(item["pk"], item["sk"]) for item in found[kind]}
            found[kind] += [wanted] if (wanted["pk"], wanted["sk"]) not in shown else []
        return self._render(
            "attention.html",
            found=found,
            meaning=MEANING,
            reason_of=reason_of,
            most=MOST_ATTENTION,
            gateway=self._gateway,
        )

    def problem(self, words: str, status: int = 422) -> Response:
        """A piece that says what could not be done."""
        return self._render("problem.html", status=status, words=words)

    def _rows(self, conversations: list[Conversation]) -> list[dict[str, Any]]:
        keys = [{"pk": each.key[0], "sk": each.key[1]} for each in conversations]
        items = {(item["pk"], item["sk"]): item for item in self._reader.items_of(keys)}
        return [
            {"conversation": each, "item": items[each.key], "standing": standing(items[each.key])}
            for each in conversations
            if each.key in items
        ]

    def _item(self, request: Request) -> Item | None:
        """The message or callback that the query names; None where it names none."""
        pk, sk = request.query_params.get("pk", ""), request.query_params.get("sk", "")
        if not 0 < len(pk.encode()) <= MAX_KEY or sk.partition("#")[0] not in {"MESSAGE", "CALLBACK", "CONFLICT"}:
            return None
        return self._reader.item(pk, sk)

    def _render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self.templates.get_template(template).render(**values), status)


def _json(item: Item, reports: list[Item]) -> list[tuple[str, str]]:
    """The JSON behind a message: as the gateway keeps it, and as it came."""
    texts = [("The item in the table", json.dumps(item, indent=2, ensure_ascii=False))]
    texts += [("As it came", item["details"])] if "details" in item else []
    return [*texts, *((f"Report {report['status']}, as it came", report.get("details", "")) for report in reports)]


def _write_cursor(key: Item) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_cursor(text: str) -> Item:
    try:
        key = json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        key = None
    if not isinstance(key, dict) or not key or not all(isinstance(value, str) for value in key.values()):
        raise Problem("This is no place in a conversation; reload the page.")
    return key
