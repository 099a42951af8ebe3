"""Posts callbacks as OpenMarket does: again after any answer but 200 and after silence, with growing pauses.

Not through the simulator: it writes base64 in two ways only, and can't hang up.
"""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from local.simulator.delivery import Policy
from tests.faults.load.inbound import Fault

POLICY = Policy(attempts=20, give_up_after=300)
ANSWER_WITHIN = 60.0  # seconds; OpenMarket's own, receive page
AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST; without a status no answer came."""

    status: int | None
    outcome: str | None
    seconds: float
    empty: bool = True


@dataclass(slots=True, kw_only=True)
class Delivered:
    """What came of one callback."""

    size: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> str | None:
        """What OpenMarket was told with the 200, None where there was none."""
        last = self.attempts[-1]
        return last.outcome if last.status == 200 else None

    @property
    def unanswered(self) -> bool:
        """Whether a try may have been recorded without OpenMarket knowing it."""
        return any(each.status != 200 and each.outcome != "truncated" for each in self.attempts)


class Poster:
    """Posts to the stack's callback URL; for several threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        limits = httpx.Limits(max_connections=AT_ONCE)
        self._http = httpx.Client(timeout=ANSWER_WITHIN, trust_env=False, limits=limits)

    def deliver(
        self, content_type: str, body: bytes, *, done: Callable[[Attempt], bool] = lambda attempt: attempt.status == 200
    ) -> Delivered:
        """Post until it is done with, or as often as OpenMarket would."""
        delivered, over = Delivered(size=len(body)), time.monotonic() + POLICY.give_up_after
        for number in range(1, POLICY.attempts + 1):
            delivered.attempts.append(attempt := self._post(content_type, body))
            if done(attempt) or time.monotonic() > over:
                break
            time.sleep(POLICY.pause_after(number))
        return delivered

    def abandon(self, content_type: str, body: bytes, fault: Fault, *, patience: float) -> None:
        """Hang up in the middle of the body, or once it is sent and before the answer is read."""
        to = urlsplit(self._url)
        connection = http.client.HTTPConnection(to.netloc, timeout=ANSWER_WITHIN)
        try:
            connection.putrequest("POST", to.path)
            for name, value in self._headers(content_type).items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body if fault == "unread" else body[: len(body) // 2])
            time.sleep(patience)
        finally:
            connection.close()

    def close(self) -> None:
        self._http.close()

    def _post(self, content_type: str, body: bytes) -> Attempt:
        began = time.monotonic()
        try:
            answer = self._http.post(self._url, content=body, headers=self._headers(content_type))
        except httpx.HTTPError:
            return Attempt(status=None, outcome=None, seconds=time.monotonic() - began)
        outcome = answer.headers.get("X-Mms-Outcome")
        seconds = time.monotonic() - began
        return Attempt(status=answer.status_code, outcome=outcome, seconds=seconds, empty=not answer.content)

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "X-Request-Id": "015-3DD6C366"}
