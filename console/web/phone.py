"""The customer's handset, on the local stack.

What it writes goes through the OpenMarket simulator as a callback, what the gateway sends appears on it, and how the
network treats it can be chosen.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import httpx

from console.drafts import Attachment
from console.problems import Problem
from console.web.contents import Shown, show
from console.web.outcomes import OUTCOMES
from local.simulator.callbacks import Part
from local.simulator.client import Forgotten, OrderRefused, SimulatorClient
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect, MediaEncoding
from local.simulator.mt.records import MtRequest
from local.simulator.records import Delivery

# Declared: a text alone in base64 that nobody declares could not be told from a text that happens to look like it.
IN_BASE64 = Dialect(media_encoding=MediaEncoding.BASE64)
REMOTE_CONTENT = "application/vnd.openmarket.remotecontent"
MAX_SENT = 200  # messages that the phone remembers having written
MAX_READ = 64 * 1024  # bytes of a text or vCard that is shown
ARRIVES = {"retrieved", "none", "late", "twice", "in-order", "out-of-order", "before-answer"}
"""Plans of reports under which the handset has got the message."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the phone has written."""

    number: int
    handset: str
    service: str
    subject: str
    parts: tuple[Part, ...]
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message as the phone shows it."""

    at: str
    mine: bool
    subject: str
    contents: tuple[Shown, ...]
    note: str
    """What became of it, in words."""
    state: Literal["here", "waits", "lost"] = "here"
    request: str = ""
    """The simulator's name for a message that came."""


class Phone:
    """Handsets by their numbers; may be used by several threads."""

    def __init__(self, simulator_url: str) -> None:
        self._simulator = SimulatorClient(simulator_url)
        self._lock = threading.Lock()
        self._sent: deque[Sent] = deque(maxlen=MAX_SENT)
        self._count = 0
        self._outcomes: dict[str, str] = {}
        self._fetched: set[str] = set()

    def outcome(self, handset: str) -> str:
        """How the network treats this handset."""
        return self._outcomes.get(handset, "retrieved")

    def choose(self, handset: str, name: str) -> None:
        """Have the network treat this handset so from now on."""
        if name not in OUTCOMES:
            raise Problem(f"Choose one of {', '.join(OUTCOMES)}.")
        outcome = OUTCOMES[name]
        with _simulator_errors():
            self._simulator.clear_behaviours(handset)
            self._simulator.report_to(handset, outcome.plan)
            if outcome.behaviour is not None:
                self._simulator.behave(outcome.behaviour, destination=handset)
        self._outcomes[handset] = name

    def write(self, handset: str, service: str, subject: str, text: str, files: Sequence[Attachment]) -> Delivery:
        """Send a message from the handset; gives how OpenMarket's callback was answered."""
        parts = [Part(content_type="text/plain", content_id="text.txt", data=text.encode())] if text else []
        parts += [Part(content_type=each.content_type, content_id=each.name, data=each.data) for each in files]
        if not parts:
            raise Problem("Write something, or attach a file.")
        twice = OUTCOMES[self.outcome(handset)].twice
        with _simulator_errors():
            delivery = self._simulator.send_message(
                parts,
                source=handset,
                destinations=[service],
                subject=subject,
                dialect=IN_BASE64,
                policy=Policy(at_once=2 if twice else 1, another_boundary=twice, give_up_after=20),
            )
        with self._lock:
            self._count += 1
            self._sent.append(Sent(self._count, handset, service, subject, tuple(parts), delivery))
        return delivery

    def fetch(self, request_id: str) -> None:
        """The handset fetches a deferred message, and OpenMarket reports it."""
        with _simulator_errors():
            request = self._simulator.mt_request(request_id)
            self._simulator.send_report(mt_id=str(request.mt_id), status="Retrieved", outcome_id=1)
        self._fetched.add(request_id)

    def bubbles(self, handset: str, service: str) -> list[Bubble]:
        """What the handset shows of its conversation with a short code, oldest first."""
        with self._lock:
            sent = [each for each in self._sent if (each.handset, each.service) == (handset, service)]
        with _simulator_errors():
            received = self._simulator.mt_requests(accepted=True, destination=handset)
        bubbles = [_written(each) for each in sent]
        bubbles += [self._received(each) for each in received if each.source == service]
        return sorted(bubbles, key=lambda bubble: bubble.at)

    def sent_part(self, number: int, index: int) -> Part | None:
        """A content that the phone has sent."""
        with self._lock:
            found = next((each for each in self._sent if each.number == number), None)
        return found.parts[index] if found is not None and index < len(found.parts) else None

    def received_part(self, request_id: str, index: int) -> bytes | None:
        """A content that the phone was sent; None once the simulator has forgotten it."""
        try:
            with _simulator_errors():
                return self._simulator.mt_part(request_id, index)
        except Problem:
            return None

    def received_type(self, request_id: str, index: int) -> str | None:
        """Of what type that content is."""
        try:
            with _simulator_errors():
                parts = self._simulator.mt_request(request_id).parts
        except Problem:
            return None
        return _essence(parts[index].content_type) if index < len(parts) else None

    def _received(self, request: MtRequest) -> Bubble:
        subject = str((request.details or {}).get("subject") or "")
        plan = request.report_plan or "retrieved"
        if plan == "deferred" and request.id not in self._fetched:
            return Bubble(
                at=request.began, mine=False, subject=subject, contents=(), note="", state="waits", request=request.id
            )
        if plan not in ARRIVES | {"deferred"}:
            return Bubble(
                at=request.began, mine=False, subject=subject, contents=(), note=plan, state="lost", request=request.id
            )
        contents = tuple(self._content(request, index) for index in range(len(request.parts)))
        return Bubble(at=request.began, mine=False, subject=subject, contents=contents, note="", request=request.id)

    def _content(self, request: MtRequest, index: int) -> Shown:
        given = request.parts[index]
        content_type = _essence(given.content_type)
        part = {"index": index, "contentId": given.content_id, "contentType": content_type, "size": given.size}
        if content_type.startswith("text/") or content_type == REMOTE_CONTENT:
            data = self.received_part(request.id, index) if given.size <= MAX_READ else None
            if data is not None:
                part["url" if content_type == REMOTE_CONTENT else "text"] = data.decode("utf-8", "replace")
        return show(part, f"/phone/received/{request.id}/{index}")


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _written(sent: Sent) -> Bubble:
    contents = []
    for index, given in enumerate(sent.parts):
        part = {
            "index": index,
            "contentId": given.content_id,
            "contentType": given.content_type,
            "size": len(given.data),
        }
        if given.content_type.startswith("text/"):
            part["text"] = given.data.decode("utf-8", "replace")
        contents.append(show(part, f"/phone/sent/{sent.number}/{index}"))
    return Bubble(
        at=sent.delivery.began, mine=True, subject=sent.subject, contents=tuple(contents), note=_answered(sent.delivery)
    )


def _answered(delivery: Delivery) -> str:
    """How the gateway answered OpenMarket's callback, attempt by attempt."""
    answers = [
        f"{attempt.status} {attempt.outcome or ''}".strip() if attempt.status else str(attempt.problem)
        for attempt in delivery.attempts
    ]
    return f"the gateway answered {', '.join(answers)}" if answers else "not delivered"


class _simulator_errors:  # noqa: N801 - used like a function
    """Turns what the simulator's client raises into a Problem."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, httpx.HTTPError):
            raise Problem("The OpenMarket simulator does not answer; is `make local` still running?") from error
        if isinstance(error, OrderRefused | Forgotten):
            raise Problem(f"The OpenMarket simulator: {error}") from error
