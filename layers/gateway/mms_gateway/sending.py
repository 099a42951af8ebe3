"""Use case: send one message, never twice and never silently lost.

Each step is a conditional write on the message's item: who has claimed it may send it, once; what is then not known for
certain is left to a person. The table of transitions stands in the README.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from mms_gateway.errors import SecretUnavailable, StorageRefused, StorageUnavailable, Undeliverable
from mms_gateway.messages import utc_text
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.reply import Accepted, Refused, Reply, TryLater, Unknown, read_reply
from mms_gateway.outbound import (
    Account,
    Bucket,
    Call,
    Claim,
    Client,
    Clock,
    Delivery,
    Outcome,
    OutcomeName,
    Rules,
    SendError,
    Standing,
    Table,
    Trace,
)
from mms_gateway.outbound_record import OutboundRecord, outbound_record
from mms_gateway.preparing import NeverSendable, Prepared, prepare
from mms_gateway.queue_message import QueueMessage, read_queue_message

COMMIT_SECONDS = 4.0  # kept free before the function's end, to write down what came of a call
LEASE_MARGIN = 2.0  # seconds that a claim outlasts the function, so that nobody takes it while it may still run
FIRST_BACKOFF = 2.0  # seconds; doubled with every attempt
PAUSE = 0.2  # seconds between two tries of a write that must not be given up
MAX_DESCRIPTION = 4000  # characters of an error: 32 faulty contents, a sentence each

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends messages; one for all deliveries."""

    table: Table
    bucket: Bucket
    client: Client
    account: Account
    clock: Clock
    rules: Rules
    tell: Callable[[Outcome], None]
    """Hears of an acceptance before it is written down: should that fail, the log has the mtId."""
    jitter: Callable[[float], float] = lambda most: random.uniform(0, most)  # noqa: S311 - spreads, guards nothing

    def send(self, delivery: Delivery) -> Outcome:
        """Take one delivery as far as it goes; Undeliverable where nothing can be recorded of it."""
        message = read_queue_message(delivery.body, link_hosts=self.rules.link_hosts)
        sending = _Sending(self, delivery, message)
        try:
            return sending.go_on(self.table.find(message.request_id))
        except StorageUnavailable as error:
            return sending.outcome("unavailable", reason=str(error), come_again_in=self.backoff(delivery.receives))
        except StorageRefused as error:
            raise Undeliverable(f"it can't be recorded: {error}") from error

    def backoff(self, attempts: int, *, after: float = 0.0) -> float:
        """Seconds until the next try: full jitter, doubling up to the cap, never before OpenMarket wants it.

        At the cap at least half of it: 200 receives must outlast the window, not the other way round.
        """
        cap = self.rules.backoff_seconds
        most = min(cap, FIRST_BACKOFF * 2.0 ** min(max(attempts, 1), 30))
        usual = cap / 2 + self.jitter(cap / 2) if most == cap else self.jitter(most)
        return max(usual, after + self.jitter(min(1 + after / 10, cap))) if after > 0 else usual


class _Sending:
    """One delivery on its way through the table of transitions."""

    def __init__(self, sender: Sender, delivery: Delivery, message: QueueMessage) -> None:
        self._sender = sender
        self._table = sender.table
        self._bucket = sender.bucket
        self._rules = sender.rules
        self._clock = sender.clock
        self._delivery = delivery
        self._message = message
        self._id = message.request_id

    def go_on(self, standing: Standing | None) -> Outcome:
        """Act on what stands in the table."""
        if standing is None:
            return self._try(None)
        if standing.request_sha256 != self._message.request_sha256:
            return self._conflict()
        match standing.status:
            case "RETRY":
                return self._wait_or_try(standing)
            case "SENDING":
                return self._wait_or_abandon(standing)
            case "ACCEPTED" if standing.mt_id is not None:  # the join may be what the first try did not come to
                joined = self._table.join_reports(standing.mt_id, self._id)
                return self.outcome("repeat", mt_id=standing.mt_id, joined=joined)
        return self.outcome("repeat")

    def outcome(self, name: OutcomeName, **facts: Any) -> Outcome:
        """An outcome of this delivery."""
        return Outcome(name=name, request_id=self._id, handset=self._message.destination, **facts)

    # --- nothing or RETRY ---------------------------------------------------------------------------------------------

    def _wait_or_try(self, standing: Standing) -> Outcome:
        """Another copy of the message in the queue does not come before its time, unless a person sent it."""
        early = (standing.retry_at - self._clock.now()).total_seconds() if standing.retry_at is not None else 0.0
        if early > 0 and not standing.resend and self._too_late(standing) is None:
            return self.outcome("busy", come_again_in=self._within_reach(early, standing))
        return self._try(standing)

    def _try(self, standing: Standing | None) -> Outcome:
        if (hopeless := self._hopeless(standing)) is not None:
            return self._reject(hopeless, standing)
        try:
            prepared, authorization = self._open(standing)
        except NeverSendable as faults:
            return self._reject(SendError(description=str(faults)), standing)
        except StorageUnavailable as trouble:
            return self._put_off(standing, trouble)
        if (late := self._too_late(standing)) is not None:
            return self._reject(late, standing)
        return self._claim_and_call(prepared, authorization, standing)

    def _open(self, standing: Standing | None) -> tuple[Prepared, str]:
        """The message ready to be claimed, what its item will name in the bucket, and as whom it is sent."""
        prepared = prepare(
            self._message, bucket=self._bucket, rules=self._rules, enqueued_at=self._delivery.enqueued_at
        )
        if standing is None or standing.attempts == 0:  # an earlier claim has done it
            self._bucket.put_all(prepared.record.blobs)
        authorization = self._sender.account.authorization()
        if not self._has_time_for_a_call():
            raise StorageUnavailable("the stores were so slow that no time was left for a call")
        return prepared, authorization

    def _hopeless(self, standing: Standing | None) -> SendError | None:
        """Why it can't be sent, without a look at its contents."""
        if self._message.faults:
            return SendError(description="; ".join(self._message.faults))
        return self._too_late(standing)

    def _too_late(self, standing: Standing | None) -> SendError | None:
        """Why it is given up, with the last error; None while there is time."""
        now, until = self._clock.now(), self._until(standing)
        if now <= until:
            return None
        if until == self._not_after():
            words = "gave up: its notAfter has passed"
        else:
            words = f"gave up: it could not be sent within {_in_words(self._rules.window)}"
        last = standing.error if standing is not None else None
        if last is None:
            return SendError(description=words)
        return replace(last, description=f"{words}; {last.description}")

    def _until(self, standing: Standing | None) -> datetime:
        """Until when it may be tried."""
        if standing is not None and standing.resend:
            # A person wants it sent, and enqueued it for that; an older copy may come as well.
            ordered = standing.attention_since is None or self._delivery.enqueued_at > standing.attention_since
            since = self._delivery.enqueued_at if ordered else self._clock.now()
        else:
            since = (standing.tried_since if standing is not None else None) or self._delivery.enqueued_at
        window_ends = since + self._rules.window
        not_after = self._not_after()
        return min(window_ends, not_after) if not_after is not None else window_ends

    def _not_after(self) -> datetime | None:
        text = self._message.fields.get("not_after")
        return read_date(text) if text is not None else None

    def _reject(self, error: SendError, standing: Standing | None) -> Outcome:
        record = self._bare_record()
        self._bucket.put_all(record.blobs)
        error = _with_doubt(replace(error, description=error.description[:MAX_DESCRIPTION]), standing)
        newer = self._table.reject(record, error, now=self._now())
        if newer is not None:  # somebody was quicker
            return self.go_on(newer)
        return self._told("rejected", error)

    def _put_off(self, standing: Standing | None, trouble: StorageUnavailable) -> Outcome:
        """Nobody claims what can't be opened; that it waits, and why, is written down."""
        record = self._bare_record()
        self._bucket.put_all(record.blobs)
        error = SendError(description=str(trouble))
        wait = self._within_reach(self._sender.backoff(self._delivery.receives), standing)
        self._table.put_off(record, error, retry_at=self._in(wait))
        alarm = "credentials" if isinstance(trouble, SecretUnavailable) else None
        return self._told("retry", error, come_again_in=wait, alarm=alarm)

    # --- SENDING ------------------------------------------------------------------------------------------------------

    def _claim_and_call(self, prepared: Prepared, authorization: str, before: Standing | None) -> Outcome:
        seconds = self._delivery.function_ends - self._clock.monotonic() + LEASE_MARGIN
        now = self._clock.now()
        claim = Claim(
            owner=str(uuid.uuid4()),
            now=utc_text(now),
            lease_until=utc_text(now + timedelta(seconds=seconds)),
            resend=before is not None and before.resend,
        )
        try:
            standing = self._persist(
                lambda: self._table.claim(prepared.record, claim, before), while_=self._has_time_for_a_call
            )
        except StorageUnavailable as trouble:  # it may have been written all the same; nothing is sent under it
            error = SendError(description=str(trouble))
            self._table.finish(
                self._id, claim.owner, "RETRY", error, trace=Trace(), now=self._now(), retry_at=self._in(0)
            )
            raise
        if standing == before:  # written by hand, in a way that no claim can follow
            return self.outcome("busy", come_again_in=self._sender.backoff(self._delivery.receives))
        if (standing.owner, standing.status) != (claim.owner, "SENDING"):  # somebody was quicker
            return self.go_on(standing)
        if not self._has_time_for_a_call():
            nothing = TryLater(description="no time was left for a call")
            return self._commit(standing, claim, Trace(), nothing)
        call = self._call(prepared, authorization)
        reply = self._read(call)
        if isinstance(reply, TryLater) and reply.alarm == "credentials" and self._has_time_for_a_call():
            call, reply = self._call_with_newest(prepared, call, reply)
        return self._commit(standing, claim, _trace(call), reply)

    def _call(self, prepared: Prepared, authorization: str) -> Call:
        deadline = self._clock.monotonic() + max(self._seconds_for_a_call(), 0.0)
        return self._sender.client.post(prepared.new_body, authorization=authorization, deadline=deadline)

    def _call_with_newest(self, prepared: Prepared, call: Call, reply: Reply) -> tuple[Call, Reply]:
        """Once more, where the password may have been changed since we read it."""
        try:
            authorization = self._sender.account.authorization(newest=True)
        except StorageUnavailable:
            return call, reply
        second = self._call(prepared, authorization)
        if second.answer is None and not second.in_doubt:
            return call, reply  # it did not get there: the refusal is what is known
        return second, self._read(second)

    def _read(self, call: Call) -> Reply:
        """A whole answer decides; without one, what was handed over."""
        if call.answer is not None:
            return read_reply(call.answer, now=self._clock.now())
        if call.in_doubt:
            return Unknown(description=call.problem)
        return TryLater(description=f"OpenMarket did not get it: {call.problem}")

    def _commit(self, standing: Standing, claim: Claim, trace: Trace, reply: Reply) -> Outcome:
        if isinstance(reply, Accepted):
            return self._accepted(claim, reply.mt_id, trace)
        error = SendError(description=reply.description, http_status=reply.status, code=reply.code)
        name: OutcomeName
        status: Literal["RETRY", "REJECTED", "IN_DOUBT"]
        wait = None
        match reply:
            case Refused():
                name, status, error = "rejected", "REJECTED", _with_doubt(error, standing)
            case Unknown():
                name, status = "in-doubt", "IN_DOUBT"
                error = replace(error, description=f"it is not known whether OpenMarket took it: {error.description}")
            case TryLater():
                name, status = "retry", "RETRY"
                wait = self._within_reach(self._sender.backoff(standing.attempts, after=reply.after), standing)
        alarm = reply.alarm if isinstance(reply, TryLater) else None
        outcome = self._told(name, error, come_again_in=wait, attempts=standing.attempts, trace=trace, alarm=alarm)
        retry_at = self._in(wait) if wait is not None else None
        try:
            newer = self._persist(
                lambda: self._table.finish(
                    self._id, claim.owner, status, error, trace=trace, now=self._now(), retry_at=retry_at
                )
            )
        except StorageUnavailable as trouble:
            reason = f"{error.description}; and that could not be written down: {trouble}"
            return replace(outcome, name="unavailable", reason=reason, come_again_in=self._sender.backoff(1))
        if newer is None:
            return outcome
        if newer.status in {"SENDING", "RETRY"}:  # the claim was over before we were, and another one goes on
            return replace(outcome, name="busy", come_again_in=self._sender.backoff(self._delivery.receives))
        return replace(outcome, name="in-doubt" if newer.status == "IN_DOUBT" else "repeat", come_again_in=None)

    def _accepted(self, claim: Claim, mt_id: str, trace: Trace) -> Outcome:
        outcome = self.outcome("accepted", mt_id=mt_id, trace=trace)
        self._sender.tell(outcome)
        try:
            recorded = self._persist(
                lambda: self._table.accept(self._id, claim.owner, mt_id, trace=trace, now=self._now())
            )
        except StorageUnavailable as trouble:
            reason = f"OpenMarket took it, and that could not be written down: {trouble}"
            return replace(outcome, name="unavailable", reason=reason, come_again_in=self._sender.backoff(1))
        if recorded == "lost":
            return replace(outcome, reason="OpenMarket took it, but its item was changed by somebody else meanwhile")
        if recorded == "shared":
            return replace(outcome, reason="OpenMarket gave its mtId to another message too")
        try:
            return replace(outcome, joined=self._table.join_reports(mt_id, self._id))
        except StorageUnavailable as trouble:  # it comes again and is joined then
            return replace(outcome, reason=str(trouble), come_again_in=self._sender.backoff(1))

    def _wait_or_abandon(self, standing: Standing) -> Outcome:
        """Another one's claim: leave it alone while it lasts; afterwards nobody knows what became of the request."""
        now = self._clock.now()
        lease = read_date(standing.lease_until)
        if lease is not None and now <= lease:
            return self.outcome("busy", come_again_in=(lease - now).total_seconds() + 1)
        error = SendError(
            description="it is not known whether OpenMarket took it: the function that sent it ended without a word"
        )
        newer = self._table.abandon(self._id, standing, error, now=self._now())
        if newer is None:
            return self._told("in-doubt", error, attempts=standing.attempts)
        if newer == standing:  # written by hand, without what a claim has
            return self.outcome("busy", come_again_in=self._sender.backoff(self._delivery.receives))
        return self.go_on(newer)

    # --- any ----------------------------------------------------------------------------------------------------------

    def _conflict(self) -> Outcome:
        """The requestId was used for another message: this one is kept and shown, and never sent."""
        words = "requestId: it was used for another message before; give each message one of its own"
        error = SendError(description="; ".join([words, *self._message.faults])[:MAX_DESCRIPTION])
        record = self._bare_record()
        self._bucket.put_all(record.blobs)
        self._table.put_conflict(record, error, now=self._now())
        return self._told("conflict", error)

    def _bare_record(self) -> OutboundRecord:
        """The record of a message whose S3 objects nobody has looked at."""
        return outbound_record(
            self._message, media_bucket=self._rules.media_bucket, enqueued_at=self._delivery.enqueued_at
        )

    def _told(self, name: OutcomeName, error: SendError, **facts: Any) -> Outcome:
        return self.outcome(name, reason=error.description, http_status=error.http_status, code=error.code, **facts)

    def _seconds_for_a_call(self) -> float:
        return self._delivery.function_ends - COMMIT_SECONDS - self._clock.monotonic()

    def _within_reach(self, wait: float, standing: Standing | None) -> float:
        """A wait that does not go far beyond the moment at which it would be given up."""
        return min(wait, max((self._until(standing) - self._clock.now()).total_seconds(), 0.0) + 1)

    def _has_time_for_a_call(self) -> bool:
        """Whether a call would have half of its time at least."""
        return self._seconds_for_a_call() >= self._rules.call_seconds / 2

    def _persist(self, write: Callable[[], Result], *, while_: Callable[[], bool] = lambda: True) -> Result:
        """A write that must not be given up: again while the table is in trouble, until the function ends."""
        while True:
            try:
                return write()
            except StorageUnavailable:
                if not while_() or self._clock.monotonic() + PAUSE >= self._delivery.function_ends:
                    raise
                self._clock.sleep(PAUSE)

    def _now(self) -> str:
        return self._in(0)

    def _in(self, seconds: float) -> str:
        return utc_text(self._clock.now() + timedelta(seconds=seconds))


def _trace(call: Call) -> Trace:
    """Where a call went, and OpenMarket's name for it, to ask its support by."""
    value = call.answer.header("x-request-id") if call.answer is not None else None
    request_id = "".join(c for c in value if c.isprintable())[:255] or None if value else None
    return Trace(host=call.host or None, open_market_request_id=request_id)


def _in_words(time: timedelta) -> str:
    hours, minutes = time / timedelta(hours=1), time / timedelta(minutes=1)
    return f"{minutes:g} minutes" if hours < 1 else f"{hours:g} hour{'s' if hours > 1 else ''}"


def _with_doubt(error: SendError, standing: Standing | None) -> SendError:
    """A refusal says nothing of an earlier try that was in doubt when a person sent it again."""
    if standing is None or not standing.doubted:
        return error
    return replace(error, description=f"{error.description}; an earlier try of it may have arrived")
