"""What a person does on the page: answer, and settle what needs attention."""

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console import orphan_reports, resolving
from console.attention import handle_of
from console.connection import Gateway
from console.doubts import look_at, may_be_its
from console.drafts import Attachment, Draft, finish, new_request_id
from console.problems import Problem
from console.reading import Reader
from console.sending import IdTaken, send
from mms_gateway.message_table.store import Item

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_TYPE = "application/octet-stream"
ALREADY_SENT = (
    "An earlier try of this form was sent, with what was written then: look at it in the conversation. Send once more "
    "to send this as another message."
)


class Actions:
    """Does what the page's forms ask for; answers with JSON."""

    def __init__(self, gateway: Gateway, reader: Reader) -> None:
        self._gateway = gateway
        self._reader = reader

    async def send(self, request: Request) -> Response:
        """Send a message. The form holds its id, so that a form that is sent twice is one message."""
        async with request.form(max_files=32, max_fields=32) as form:
            files = await read_attachments(form)
            draft = Draft(
                source=_text(form, "service"),
                destination=_text(form, "handset"),
                subject=_text(form, "subject") or None,
                text=_text(form, "text").replace("\r\n", "\n") or None,
                attachments=files,
                request_id=_text(form, "requestId"),
            )
        message = await run_in_threadpool(finish, draft, self._gateway.rules)
        said = {"requestId": message.request_id, "nextRequestId": new_request_id()}
        try:
            await run_in_threadpool(send, self._gateway, message)
        except IdTaken:
            said["problem"] = ALREADY_SENT
        return JSONResponse(said)

    async def resolve(self, request: Request) -> Response:
        """Settle a doubt, or take something else off the list; only as the person has seen it."""
        async with request.form() as form:
            pk, sk, action = _text(form, "pk"), _text(form, "sk"), _text(form, "action")
            mt_id = _text(form, "mtId").strip()
            since = _text(form, "attentionSince")
        item = await run_in_threadpool(self._reader.item, pk, sk)
        if item is None or item.get("attentionSince", "") != since:
            raise Problem("This has changed since the page showed it; look at it again.")
        chosen: dict[str, Callable[[], None]] = {
            "resend": lambda: resolving.resend(self._gateway, item),
            "accepted": lambda: resolving.accept(self._gateway, item, mt_id),
            "close": lambda: resolving.close(self._gateway, item),
        }
        if action not in chosen:
            raise Problem("Choose to send it again, to note its mtId, or to close it.")
        await run_in_threadpool(chosen[action])
        return JSONResponse({"id": handle_of(item)})

    def orphans(self, request: Request) -> Response:
        """Delivery reports that may belong to a doubt, closest first; reads the whole table."""
        item = self._reader.item(request.query_params.get("pk", ""), "MESSAGE")
        if item is None:
            raise Problem("This message is no more.")
        doubt = look_at(self._gateway, item)
        found = orphan_reports.orphan_reports(self._gateway, doubt.since, doubt.until)
        shown = ("mtId", "status", "date", "outcomeDescription", "receivedAt")
        return JSONResponse([_some(report, shown) for report in may_be_its(doubt, found)])


async def read_attachments(form: FormData) -> list[Attachment]:
    """The files of a form, of the type that the browser tells, or else that their name does."""
    files = [each for each in form.getlist("files") if isinstance(each, UploadFile) and each.filename]
    attachments = []
    for file in files:
        name, data, told = str(file.filename), await file.read(), file.content_type
        is_known = told is not None and told != UNKNOWN_TYPE
        attachments.append(
            Attachment(name=name, data=data, content_type=str(told)) if is_known else Attachment.named(name, data)
        )
    return attachments


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _some(item: Item, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item[name] for name in names if name in item}
