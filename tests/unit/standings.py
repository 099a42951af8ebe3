"""The table of messages to send, in memory, with the conditions of the real one."""

from dataclasses import dataclass, field, replace
from typing import Literal

from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import Claim, SendError, Standing, Status, Trace
from mms_gateway.outbound_record import OutboundRecord


@dataclass
class Standings:
    """What stands under each requestId; `journal` has the order of all that was asked of it."""

    journal: list[str] = field(default_factory=list)
    faults: dict[str, Exception] = field(default_factory=dict)
    """By method: what it raises."""
    messages: dict[str, Standing] = field(default_factory=dict)
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    reported: bool = False
    """Whether reports come before the answer."""
    takes_over: bool = False
    """Whether somebody takes every message from who has claimed it, as after its lease."""
    shares: bool = False
    """Whether every mtId is another message's already."""

    def find(self, request_id: str) -> Standing | None:
        self._asked("find", request_id)
        return self.messages.get(request_id)

    def claim(self, record: OutboundRecord, claim: Claim, before: Standing | None) -> Standing:
        self._asked("claim", record.request_id)
        if _is_open(self.messages.get(record.request_id), record, before):
            attempts = before.attempts + 1 if before is not None else 1
            claimed = _standing("SENDING", record, owner=claim.owner, lease_until=claim.lease_until, attempts=attempts)
            self.messages[record.request_id] = replace(claimed, owner="another") if self.takes_over else claimed
            return claimed
        return self.messages[record.request_id]

    def put_off(self, record: OutboundRecord, error: SendError, *, retry_at: str) -> None:  # noqa: ARG002
        self._asked("put_off", record.request_id)
        standing = self.messages.get(record.request_id)
        if _is_open(standing, record, standing):
            self.messages[record.request_id] = _standing("RETRY", record, error=error)

    def reject(
        self,
        record: OutboundRecord,
        error: SendError,
        before: Standing | None,
        *,
        now: str,  # noqa: ARG002
    ) -> Standing | None:
        self._asked("reject", record.request_id)
        standing = self.messages.get(record.request_id)
        if not _is_open(standing, record, before):
            return standing
        self.messages[record.request_id] = _standing("REJECTED", record, error=error)
        return None

    def finish(
        self,
        request_id: str,
        owner: str,
        status: Literal["RETRY", "REJECTED", "IN_DOUBT"],
        error: SendError,
        *,
        trace: Trace,  # noqa: ARG002
        now: str,  # noqa: ARG002
        retry_at: str | None,
    ) -> Standing | None:
        self._asked("finish", request_id)
        before = self.messages[request_id]
        if (before.status, before.owner) != ("SENDING", owner):
            return before
        again = read_date(retry_at) if retry_at is not None else None
        self.messages[request_id] = replace(before, status=status, error=error, retry_at=again)
        return None

    def accept(
        self,
        request_id: str,
        owner: str,
        mt_id: str,
        *,
        trace: Trace,  # noqa: ARG002
        now: str,  # noqa: ARG002
    ) -> Literal["recorded", "shared", "lost"]:
        self._asked("accept", request_id)
        before = self.messages[request_id]
        if before.owner != owner or before.status not in {"SENDING", "IN_DOUBT"}:
            return "lost"
        self.messages[request_id] = replace(before, status="ACCEPTED", mt_id=mt_id)
        return "shared" if self.shares else "recorded"

    def abandon(self, request_id: str, standing: Standing, error: SendError, *, now: str) -> Standing | None:  # noqa: ARG002
        self._asked("abandon", request_id)
        if self.messages[request_id] != standing:
            return self.messages[request_id]
        self.messages[request_id] = replace(standing, status="IN_DOUBT", error=error)
        return None

    def put_conflict(self, record: OutboundRecord, error: SendError, *, now: str) -> None:  # noqa: ARG002
        self._asked("put_conflict", record.request_id)
        self.conflicts.add((record.request_id, record.request_sha256))

    def join_reports(self, mt_id: str, request_id: str) -> bool:
        self._asked("join_reports", request_id)
        return self.reported and self.messages[request_id].mt_id == mt_id

    def _asked(self, method: str, request_id: str) -> None:
        self.journal.append(f"{method} {request_id}")
        if (fault := self.faults.get(method)) is not None:
            raise fault


def _is_open(standing: Standing | None, record: OutboundRecord, before: Standing | None) -> bool:
    """Whether nothing stands there, or the same message waits, as often claimed as it was `before`."""
    if standing is None:
        return True
    waits = (standing.status, standing.request_sha256) == ("RETRY", record.request_sha256)
    return waits and standing.attempts == (before.attempts if before is not None else 0)


def _standing(
    status: Status,
    record: OutboundRecord,
    *,
    owner: str | None = None,
    lease_until: str = "",
    attempts: int = 0,
    error: SendError | None = None,
) -> Standing:
    return Standing(
        status=status,
        request_sha256=record.request_sha256,
        owner=owner,
        lease_until=lease_until,
        attempts=attempts,
        tried_since=None,
        resend=False,
        doubted=False,
        retry_at=None,
        attention_since=None,
        mt_id=None,
        error=error,
    )
