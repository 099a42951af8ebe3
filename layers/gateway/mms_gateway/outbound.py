"""What sending works with: the states of a message, what is written down, and the parts it needs, as Protocols."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from mms_gateway.errors import MissingObject
from mms_gateway.messages import Blob, SourceObject
from mms_gateway.openmarket.encode import MixedEncoder, Stream
from mms_gateway.openmarket.reply import Answer
from mms_gateway.outbound_record import OutboundRecord
from mms_gateway.send_request import S3Object

Status = Literal["SENDING", "RETRY", "ACCEPTED", "REJECTED", "IN_DOUBT", "CLOSED"]
OutcomeName = Literal["accepted", "rejected", "in-doubt", "retry", "conflict", "repeat", "busy", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendError:
    """Why a message is where it is, as its item has it."""

    description: str
    http_status: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the table holds of a message."""

    status: Status
    request_sha256: str
    owner: str | None
    """Who claimed it last."""
    lease_until: str
    """Until when the claim's owner may be at work; "" where there is none."""
    attempts: int
    """Claims so far."""
    tried_since: datetime | None
    """The first claim, or a person's order to send it again; None where it was never claimed."""
    resend: bool
    """Whether a person has ordered to send it again, and nobody has claimed it since."""
    doubted: bool
    """Whether a person has ever ordered that: an earlier try may have arrived."""
    retry_at: datetime | None
    """Before when it is not tried again."""
    attention_since: datetime | None
    mt_id: str | None
    error: SendError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send a message, once, until a time."""

    owner: str
    now: str
    lease_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a call went, to ask OpenMarket's support by."""

    host: str | None = None
    open_market_request_id: str | None = None


class Table(Protocol):
    """Where messages are recorded. Every write is conditional; what stood in its way comes back."""

    def find(self, request_id: str) -> Standing | None:
        """What stands under a requestId, as of now."""

    def claim(self, record: OutboundRecord, claim: Claim, before: Standing | None) -> Standing:
        """nothing, RETRY as it was `before` -> SENDING; what stands there now, the claim's own if its owner is."""

    def put_off(self, record: OutboundRecord, error: SendError, *, retry_at: str) -> None:
        """nothing, RETRY -> RETRY: it could not even be tried; anything else stays as it is."""

    def reject(self, record: OutboundRecord, error: SendError, before: Standing | None, *, now: str) -> Standing | None:
        """nothing, RETRY as it was `before` -> REJECTED; None, or what stood in the way."""

    def finish(  # noqa: PLR0913 - all of it is one write
        self,
        request_id: str,
        owner: str,
        status: Literal["RETRY", "REJECTED", "IN_DOUBT"],
        error: SendError,
        *,
        trace: Trace,
        now: str,
        retry_at: str | None,
    ) -> Standing | None:
        """SENDING of this owner -> status; None, or what stood in the way."""

    def accept(
        self, request_id: str, owner: str, mt_id: str, *, trace: Trace, now: str
    ) -> Literal["recorded", "shared", "lost"]:
        """SENDING, IN_DOUBT of this owner -> ACCEPTED, and whose the mtId is.

        `shared`: recorded, and the mtId is another message's too; `lost`: the item is another owner's, or settled.
        """

    def abandon(self, request_id: str, standing: Standing, error: SendError, *, now: str) -> Standing | None:
        """SENDING whose lease is over -> IN_DOUBT; None, or what stood in the way."""

    def put_conflict(self, record: OutboundRecord, error: SendError, *, now: str) -> None:
        """Keep another content under a requestId that has been used."""

    def join_reports(self, mt_id: str, request_id: str) -> bool:
        """Show the latest report that has come for the message on it; false where none has."""


class Bucket(Protocol):
    """Where media lie."""

    def put_all(self, blobs: Sequence[Blob]) -> None:
        """Write all of them."""

    def describe_all(self, sources: Sequence[S3Object]) -> Sequence[SourceObject | MissingObject]:
        """What is known of objects before they are read."""

    def open(self, source: SourceObject) -> Stream:
        """Its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What came of one request, and how much of it OpenMarket may have."""

    answer: Answer | None
    """A whole answer; it decides."""
    in_doubt: bool
    """Without an answer: whether the request may have arrived whole, or an answer had begun."""
    problem: str
    """Without an answer: why there is none, in words."""
    host: str


class Client(Protocol):
    """The way to OpenMarket."""

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:
        """Post one request, its body made anew for each attempt."""


class Account(Protocol):
    """As whom OpenMarket is called."""

    def authorization(self, *, newest: bool = False) -> str:
        """The Authorization header; with `newest` from the secret as it is now."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the stack's parameters say of sending."""

    media_bucket: str
    mt_config: str
    link_hosts: frozenset[str]
    max_message_bytes: int
    window: timedelta
    call_seconds: float
    backoff_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A queue message that was received."""

    body: str
    enqueued_at: datetime
    receives: int
    function_ends: float
    """When the function that received it is ended, in the clock's monotonic seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a delivery."""

    name: OutcomeName
    request_id: str
    come_again_in: float | None = None
    """Seconds after which the queue must bring it again; None where it is done with."""
    reason: str | None = None
    handset: str | None = None
    mt_id: str | None = None
    attempts: int = 0
    alarm: Literal["credentials", "redirect", "secret", "shared"] | None = None
    """What a person must look at: the account that OpenMarket refuses, its redirect, the secret that can't be read, an
    mtId that two messages share.
    """
    http_status: int | None = None
    code: str | None = None
    trace: Trace | None = None
    joined: bool | None = None
