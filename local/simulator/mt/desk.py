"""Where messages are received: a request is read, judged, perhaps misbehaved on, recorded and answered."""

import asyncio
from dataclasses import dataclass, field

from local.simulator.identifiers import Identifiers
from local.simulator.mt.answers import Answer, compose, refuse
from local.simulator.mt.behaviours import (
    Behaviour,
    CutAnswer,
    EarlyAnswer,
    ResetAnswer,
    ResetRequest,
    Silence,
    SilenceUnread,
    Slow,
    accepts,
    is_early,
    write_behaviour,
)
from local.simulator.mt.head import Credentials, Head, read_head
from local.simulator.mt.intake import CutShort, Intake
from local.simulator.mt.ledger import Ledger
from local.simulator.mt.message import read_message
from local.simulator.mt.numbers import NUMBERS
from local.simulator.mt.records import MtAnswer, MtRequest
from local.simulator.mt.reports import Reporter
from local.simulator.mt.rules import Choice, RuleBook
from local.simulator.mt.wire import DELIVERY_SECONDS, Wire
from local.simulator.records import format_now

DEFAULT_MESSAGE_BYTES = 1_000_000  # facts.md: "about 1 MB reaches most US/CA operators"
MAX_BODY_BYTES = 4_000_000  # a body over this is refused unread; bounds what 256 connections hold
BEFORE_ANSWER_SECONDS = 8.0  # for a report that goes ahead of the answer; then the answer goes out all the same
MAX_ANSWER_TEXT = 1_000  # characters of an answer's body in a record


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request under way."""

    wire: Wire
    record: MtRequest
    intake: Intake
    choice: Choice | None = None
    _has_chosen: bool = False

    def choose(self, rules: RuleBook, destination: str | None) -> None:
        """Take what the rules have for this request, once: asked twice, a share would be a larger one."""
        if not self._has_chosen:
            self._has_chosen, self.choice = True, rules.choose(destination)


@dataclass(slots=True, kw_only=True)
class Desk:
    """Receives messages; lives in one event loop."""

    identifiers: Identifiers
    ledger: Ledger
    rules: RuleBook
    reporter: Reporter
    credentials: Credentials = field(default_factory=Credentials)
    max_message_bytes: int = DEFAULT_MESSAGE_BYTES
    _turns: dict[str, int] = field(default_factory=dict)  # how often each number of the table was played on

    def note_failure(self, violation: str) -> None:
        """Record a connection that never became a request."""
        record = self.ledger.open()
        record.object_to(violation)
        record.ended = format_now()

    async def serve(self, wire: Wire, *, lacks_tls: bool) -> None:
        """Receive one request and end the connection."""
        record = self.ledger.open(tls_version=wire.tls_version)
        visit = Visit(wire=wire, record=record, intake=Intake(wire))
        if lacks_tls:
            record.object_to("TLS: expected TLS 1.2 or newer, got none")
        try:
            await self._receive(visit)
        except CutShort as end:
            record.object_to(str(end))
            await self._refuse(visit, 400)
        finally:
            record.body_size = len(visit.intake.body)
            record.ended = record.ended or format_now()
            wire.reset()  # a no-op where it has ended already

    async def _receive(self, visit: Visit) -> None:
        head = read_head(await visit.intake.read_head(), self.credentials)
        visit.record.object_to(*head.violations)
        if head.length is None or head.length > MAX_BODY_BYTES:
            self._judge_size(visit.record, head.length or 0)
            await self._refuse(visit, 400 if head.authorized else 401)
            return
        if head.expects_continue:
            visit.wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.rules.plays_early and not visit.record.violations:
            destination = await visit.intake.find_destination(head.length) if self.rules.asks_for_destination else None
            visit.choose(self.rules, destination)
            if visit.choice and is_early(visit.choice.behaviour):
                await self._play_early(visit, head, visit.choice.behaviour)
                return
        await visit.intake.read_body(head.length)
        self._judge_body(visit, head)
        if visit.record.violations:
            await self._refuse(visit, 400 if head.authorized else 401)
            return
        visit.choose(self.rules, visit.record.destination)
        await self._play(visit, visit.choice.behaviour if visit.choice else self._take_turn(visit.record))

    def _judge_size(self, record: MtRequest, size: int) -> None:
        if size > self.max_message_bytes:
            record.object_to(f"body: expected at most {self.max_message_bytes} bytes")

    def _judge_body(self, visit: Visit, head: Head) -> None:
        record = visit.record
        if len(visit.intake.body) != head.length:
            return
        self._judge_size(record, len(visit.intake.body))
        if visit.intake.has_more:
            record.object_to("Content-Length: expected as many bytes as came, got fewer")
        if head.boundary is None:
            return
        message = read_message(bytes(visit.intake.body), head.boundary)
        record.object_to(*message.violations)
        record.details = message.details
        record.source, record.destination = message.text("source"), message.text("destination")
        self.ledger.keep(record, message.contents)

    def _take_turn(self, record: MtRequest) -> Behaviour | None:
        number = NUMBERS.get(record.destination or "")
        if number is None or not number.turns:
            return None
        turn = self._turns.get(number.number, 0)
        self._turns[number.number] = turn + 1
        return number.turns[turn % len(number.turns)]

    def _accept(self, record: MtRequest) -> None:
        """Take the message on: the only place where a request becomes an accepted one."""
        record.mt_id = self.identifiers.make_id()
        record.accepted = True

    async def _report(self, record: MtRequest) -> None:
        """Begin the reports for an accepted message; return once the answer may go out."""
        plan = self.reporter.find_plan(record.destination)
        task = self.reporter.start(record, plan)
        if plan.before_answer and task:
            await asyncio.wait({task}, timeout=BEFORE_ANSWER_SECONDS)

    def _note(self, visit: Visit, behaviour: Behaviour | None) -> None:
        visit.record.behaviour = write_behaviour(behaviour) if behaviour else None
        visit.record.rule = visit.choice.rule.id if visit.choice else None

    async def _play(self, visit: Visit, behaviour: Behaviour | None) -> None:
        """Answer a whole and valid request."""
        self._note(visit, behaviour)
        if accepts(behaviour):
            self._accept(visit.record)
            await self._report(visit.record)
        match behaviour:
            case ResetRequest():
                visit.wire.reset()
            case Silence():
                await visit.intake.wait_until_gone(behaviour.seconds)
                await visit.wire.finish()
            case _:
                if isinstance(behaviour, Slow):
                    await asyncio.sleep(behaviour.seconds)
                await self._send(visit, compose(behaviour, visit.record.mt_id), behaviour)

    async def _play_early(self, visit: Visit, head: Head, behaviour: Behaviour) -> None:
        """Misbehave before the body has been read; `head.length` is known."""
        self._note(visit, behaviour)
        length = head.length or 0
        match behaviour:
            case ResetRequest():
                await visit.intake.read_body(min(behaviour.after, length))
                visit.wire.reset()
            case SilenceUnread():
                visit.wire.stop_reading()
                await asyncio.sleep(behaviour.seconds)
            case EarlyAnswer():
                await visit.intake.read_body(min(behaviour.after, length))
                if accepts(behaviour):
                    self._accept(visit.record)
                self._write(visit, compose(behaviour, visit.record.mt_id), None)
                try:
                    await visit.intake.read_body(length)
                finally:
                    self._judge_body(visit, head)
                    if visit.record.accepted:
                        await self._report(visit.record)
                await visit.wire.finish()

    async def _refuse(self, visit: Visit, status: int) -> None:
        """Answer a request that is not as it should be, unless something has been said already."""
        if visit.choice and visit.record.behaviour is None:
            self.rules.give_back(visit.choice)
            visit.choice = None
        if visit.record.answer is None and visit.record.behaviour is None:
            await self._send(visit, refuse(status, "; ".join(visit.record.violations)), None)

    async def _send(self, visit: Visit, answer: Answer, behaviour: Behaviour | None) -> None:
        self._write(visit, answer, behaviour)
        if isinstance(behaviour, ResetAnswer):
            await asyncio.sleep(DELIVERY_SECONDS)
            visit.wire.reset()
        else:
            await visit.wire.finish()

    def _write(self, visit: Visit, answer: Answer, behaviour: Behaviour | None) -> None:
        data = answer.write(visit.record.request_id)
        part = data[: behaviour.after] if isinstance(behaviour, ResetAnswer | CutAnswer) else data
        visit.record.answer = MtAnswer(
            status=answer.status,
            body=answer.body[:MAX_ANSWER_TEXT],
            size=len(data),
            sent=0 if visit.wire.is_lost else len(part),
        )
        visit.record.body_size = len(visit.intake.body)
        visit.record.ended = format_now()
        visit.wire.write(part)
