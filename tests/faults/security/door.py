"""The stack's HTTP endpoint, with nothing between a test and the bytes of its request line and headers."""

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local.stack import Stack

JSON = "application/json"
OF_THE_API = {"date", "x-amz-request-id", "x-amzn-requestid", "connection"}
"""Headers of an answer that the API adds, whoever called; it ends a connection now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One request; `path` stands behind `/callbacks`, `query` and all."""

    path: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What it was answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def outcome(self) -> str:
        """The first word of X-Mms-Outcome, nothing where the function was not reached."""
        return self.headers.get("x-mms-outcome", "").partition(";")[0]


class Door:
    """Posts callbacks over one connection."""

    def __init__(self, stack: Stack) -> None:
        url = urlsplit(stack.callback_url)
        self._base, _, self.token = url.path.rpartition("/")
        self._http = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)

    def close(self) -> None:
        self._http.close()

    def knock(self, knock: Knock, body: bytes, content_type: str = JSON) -> Answer:
        """Send a request as it is: no path is tidied, no header added but the three that every request has."""
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **knock.headers}
        self._http.putrequest(knock.method, f"{self._base}{knock.path}", skip_accept_encoding=True)
        for name, value in headers.items():
            self._http.putheader(name, value.encode("latin-1"))
        self._http.endheaders(body)
        answer = self._http.getresponse()
        said = answer.read()
        if answer.will_close:
            self._http.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, said)

    def post(self, body: bytes, content_type: str = JSON, *, token: str | None = None, **headers: str) -> Answer:
        """Post as OpenMarket does; with the right token unless there is another."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.knock(Knock(path=f"/{token or self.token}", headers=named), body, content_type)


def distinct(answers: Sequence[Answer]) -> set[tuple[object, ...]]:
    """What the answers have in common: one entry where nobody can tell them apart but by time and number."""
    return {
        (
            each.status,
            each.body,
            *sorted((name, value) for name, value in each.headers.items() if name not in OF_THE_API),
        )
        for each in answers
    }
