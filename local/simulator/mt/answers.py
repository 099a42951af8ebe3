"""The answers to a send, as bytes: laid out as on the page "Things to Know", or wrong in a named way."""

import http
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.simulator.mt.behaviours import (
    Behaviour,
    EarlyAnswer,
    Error,
    NoMtId,
    NotJson,
    OddMtId,
    Status,
    TextMtId,
    Throttle,
)

# facts.md: the sister APIs' codes, which say more than the status. A status is documented for two of them only.
DOCUMENTED_ERRORS = {
    1000: (500, "A permanent system error occurred."),
    1010: (500, "A temporary system error occurred."),
    351: (400, "Try again (351)."),
    581: (400, "Try again (581)."),
    811: (400, "Try again (811)."),
    815: (400, "Try again (815)."),
    1020: (400, "Try again (1020)."),
}
THROTTLED = "Too many requests."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def write(self, request_id: str) -> bytes:
        """Give its bytes; the connection ends behind it."""
        reason = http.HTTPStatus(self.status).phrase if self.status in set(http.HTTPStatus) else "Unknown"
        body = self.body.encode()
        headers = {"X-Request-Id": request_id, **self.headers, "Content-Length": len(body), "Connection": "close"}
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def accept(mt_id: str) -> Answer:
    """Say yes; `mt_id` is a piece of JSON."""
    return Answer(status=200, body=f'{{\n   "mtId": {mt_id}\n}}')


def refuse(status: int, description: str, *, code: int | None = None) -> Answer:
    """Say no, in the sister APIs' form: MMS's own is not documented, nor are its codes, so the code is the status."""
    error = {"error": {"code": status if code is None else code, "description": description}}
    headers = {"Content-Type": "application/json"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="OpenMarket"'
    return Answer(status=status, body=json.dumps(error, ensure_ascii=False), headers=headers)


def compose(behaviour: Behaviour | None, mt_id: str | None) -> Answer:
    """Give the answer that a behaviour makes of a message accepted as `mt_id`, or of one that wasn't."""
    answer = accept(mt_id or "null")
    match behaviour:
        case Throttle():
            answer = _throttle(behaviour)
        case Error():
            status, description = DOCUMENTED_ERRORS.get(behaviour.code, (400, "Refused."))
            answer = refuse(behaviour.status or status, behaviour.description or description, code=behaviour.code)
        case Status():
            answer = Answer(status=behaviour.status, body=behaviour.body, headers=behaviour.headers)
        case EarlyAnswer() if mt_id is None:
            answer = refuse(behaviour.status, "Answered early.")
        case NotJson():
            answer = Answer(status=200, body=behaviour.body)
        case NoMtId():
            answer = Answer(status=200, body="{}")
        case OddMtId():
            answer = accept(behaviour.mt_id)
        case TextMtId():
            answer = accept(json.dumps(mt_id))
    return answer


def _throttle(behaviour: Throttle) -> Answer:
    answer = refuse(429, THROTTLED)
    if not behaviour.retry_after:
        return answer
    return Answer(
        status=answer.status, body=answer.body, headers={**answer.headers, "Retry-After": behaviour.retry_after}
    )
