"""Use case: send one message, never twice and never silently lost.

Each step is a conditional write on the message's item: who has claimed it may send it, once; what is then not known for
certain is left to a person. Each transition is a test by name in tests/integration/test_transitions.py.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from mms_gateway.calling import Caller
from mms_gateway.errors import SecretUnavailable, StorageRefused, StorageUnavailable, Undeliverable
from mms_gateway.function_time import FunctionTime
from mms_gateway.lifetime import Lifetime
from mms_gateway.messages import utc_text
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.reply import Accepted, Refused, Reply, TryLater, Unknown
from mms_gateway.outbound import (
    Account,
    Bucket,
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

FIRST_BACKOFF = 2.0  # seconds; doubled with every attempt
MAX_DESCRIPTION = 4000  # characters of an error: 32 faulty contents, a sentence each


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
        not_after = message.fields.get("not_after")
        self._lifetime = Lifetime(
            enqueued_at=delivery.enqueued_at,
            not_after=read_date(not_after) if not_after is not None else None,
            window=sender.rules.window,
        )
        self._time = FunctionTime(
            clock=sender.clock, ends=delivery.function_ends, call_seconds=sender.rules.call_seconds
        )
        self._caller = Caller(client=sender.client, account=sender.account, clock=sender.clock, time=self._time)

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
        if early > 0 and not standing.resend and self._lifetime.too_late(standing, self._clock.now()) is None:
            return self.outcome("busy", come_again_in=self._lifetime.within_reach(early, standing, self._clock.now()))
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
        if (late := self._lifetime.too_late(standing, self._clock.now())) is not None:
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
        if not self._time.has_time_for_a_call():
            raise StorageUnavailable("the stores were so slow that no time was left for a call")
        return prepared, authorization

    def _hopeless(self, standing: Standing | None) -> SendError | None:
        """Why it can't be sent, without a look at its contents."""
        if self._message.faults:
            return SendError(description="; ".join(self._message.faults))
        return self._lifetime.too_late(standing, self._clock.now())

    def _reject(self, error: SendError, standing: Standing | None) -> Outcome:
        record = self._bare_record()
        self._bucket.put_all(record.blobs)
        error = _with_doubt(replace(error, description=error.description[:MAX_DESCRIPTION]), standing)
        newer = self._table.reject(record, error, standing, now=self._now())
        if newer is not None and newer == standing:  # written by hand, in a way that no claim can follow
            return self.outcome("busy", come_again_in=self._sender.backoff(self._delivery.receives))
        if newer is not None:  # somebody was quicker
            return self.go_on(newer)
        return self._told("rejected", error)

    def _put_off(self, standing: Standing | None, trouble: StorageUnavailable) -> Outcome:
        """Nobody claims what can't be opened; that it waits, and why, is written down."""
        record = self._bare_record()
        self._bucket.put_all(record.blobs)
        error = SendError(description=str(trouble))
        wait = self._lifetime.within_reach(self._sender.backoff(self._delivery.receives), standing, self._clock.now())
        self._table.put_off(record, error, retry_at=self._in(wait))
        alarm = "secret" if isinstance(trouble, SecretUnavailable) else None
        return self._told("retry", error, come_again_in=wait, alarm=alarm)

    # --- SENDING ------------------------------------------------------------------------------------------------------

    def _claim_and_call(self, prepared: Prepared, authorization: str, before: Standing | None) -> Outcome:
        now = self._clock.now()
        claim = Claim(
            owner=str(uuid.uuid4()),
            now=utc_text(now),
            lease_until=utc_text(now + timedelta(seconds=self._time.lease_seconds())),
        )
        try:
            standing = self._time.persist(
                lambda: self._table.claim(prepared.record, claim, before), while_=self._time.has_time_for_a_call
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
        if not self._time.has_time_for_a_call():
            return self._commit(standing, claim, Trace(), TryLater(description="no time was left for a call"))
        trace, reply = self._caller.call(prepared, authorization)
        return self._commit(standing, claim, trace, reply)

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
                wait = self._lifetime.within_reach(
                    self._sender.backoff(standing.attempts, after=reply.after), standing, self._clock.now()
                )
        alarm = reply.alarm if isinstance(reply, TryLater) else None
        outcome = self._told(name, error, come_again_in=wait, attempts=standing.attempts, trace=trace, alarm=alarm)
        retry_at = self._in(wait) if wait is not None else None
        try:
            newer = self._time.persist(
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
        if newer.status == "ACCEPTED":  # by another one, who may not have come to the join
            met = self.go_on(newer)
            return replace(outcome, name=met.name, mt_id=met.mt_id, joined=met.joined, come_again_in=met.come_again_in)
        return replace(outcome, name="in-doubt" if newer.status == "IN_DOUBT" else "repeat", come_again_in=None)

    def _accepted(self, claim: Claim, mt_id: str, trace: Trace) -> Outcome:
        outcome = self.outcome("accepted", mt_id=mt_id, trace=trace)
        self._sender.tell(outcome)
        try:
            recorded = self._time.persist(
                lambda: self._table.accept(self._id, claim.owner, mt_id, trace=trace, now=self._now())
            )
        except StorageUnavailable as trouble:
            reason = f"OpenMarket took it, and that could not be written down: {trouble}"
            return replace(outcome, name="unavailable", reason=reason, come_again_in=self._sender.backoff(1))
        if recorded == "lost":
            return replace(outcome, reason="OpenMarket took it, but its item was changed by somebody else meanwhile")
        if recorded == "shared":
            return replace(outcome, reason="OpenMarket gave its mtId to another message too", alarm="shared")
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

    def _now(self) -> str:
        return self._in(0)

    def _in(self, seconds: float) -> str:
        return utc_text(self._clock.now() + timedelta(seconds=seconds))


def _with_doubt(error: SendError, standing: Standing | None) -> SendError:
    """A refusal says nothing of an earlier try that was in doubt when a person sent it again."""
    if standing is None or not standing.doubted:
        return error
    return replace(error, description=f"{error.description}; an earlier try of it may have arrived")
