"""Messages to send: each transition of their state machine is one conditional write."""

from typing import Literal

from mms_gateway.message_table.outbound_item import (
    error_attribute,
    message_attributes,
    read_standing,
    trace_attributes,
    when_sent,
)
from mms_gateway.message_table.reports import ReportTable
from mms_gateway.message_table.store import Change, Item
from mms_gateway.outbound import Claim, SendError, Standing, Trace
from mms_gateway.outbound_record import OutboundRecord

NOT_TAKEN = "attribute_not_exists(pk) OR (#status = :retry AND #requestSha256 = :sha)"
"""Nothing stands there, or the same message waits: whoever comes first may have it."""
SHARED = "OpenMarket gave its mtId to another message too, and reports will show on that one"
FROM_ONE_TRY = ("host", "openMarketRequestId", "retryAt", "attention", "attentionSince")
"""What the next claim removes: it tells of the try before."""


class OutboundTable(ReportTable):
    """Records messages to send, who is at it, and what came of it."""

    def find(self, request_id: str) -> Standing | None:
        """What stands under a requestId, as of now."""
        item = self._store.get(f"MT#{request_id}", "MESSAGE")
        return read_standing(item) if item is not None else None

    def claim(self, record: OutboundRecord, claim: Claim, before: Standing | None) -> Standing:
        """nothing, RETRY as it was `before` -> SENDING; what stands there now, the claim's own if its owner is."""
        attempts = before.attempts if before is not None else 0
        _, item = self._upsert(
            record,
            sets={
                "status": "SENDING",
                "owner": claim.owner,
                "leaseUntil": claim.lease_until,
                "attempts": attempts + 1,
                # After a person's order the time that it is tried begins anew.
                **({"resentAt": claim.now} if before is not None and before.resend else {}),
            },
            first_sets=when_sent(record, claim.now),
            removes=FROM_ONE_TRY,
            # A claim that comes late, after its own try has been written down as RETRY, must not begin another one.
            condition=_not_taken_since(before),
            values=_before(before),
        )
        return read_standing(item)

    def put_off(self, record: OutboundRecord, error: SendError, *, retry_at: str) -> None:
        """nothing, RETRY -> RETRY: it could not even be tried; anything else stays as it is."""
        self._upsert(
            record,
            sets={"status": "RETRY", "error": error_attribute(error), "retryAt": retry_at},
            removes=("host", "openMarketRequestId"),
        )

    def reject(self, record: OutboundRecord, error: SendError, before: Standing | None, *, now: str) -> Standing | None:
        """nothing, RETRY as it was `before` -> REJECTED; None, or what stood in the way."""
        done, item = self._upsert(
            record,
            sets={
                "status": "REJECTED",
                "error": error_attribute(error),
                "attention": "REJECTED",
                "attentionSince": now,
            },
            first_sets=when_sent(record, now),
            removes=("retryAt",),
            # Nor may it give up what has been tried meanwhile: a person may have ordered it again after a doubt.
            condition=_not_taken_since(before),
            values=_before(before),
        )
        if done:
            return None
        standing = read_standing(item)
        ours = standing.status == "REJECTED" and standing.request_sha256 == record.request_sha256
        return None if ours else standing  # by our own first try, whose answer was lost

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
        attention = {} if status == "RETRY" else {"attention": status, "attentionSince": now}
        when = {"retryAt": retry_at} if retry_at is not None else {}
        sets = {"status": status, "error": error_attribute(error), **trace_attributes(trace), **attention, **when}
        done, item = self._store.change(
            Change(
                pk=f"MT#{request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(sets)}",
                condition="#status = :sending AND #owner = :me",
                values={**_values(sets), ":sending": "SENDING", ":me": owner},
            )
        )
        ours = (item.get("owner"), item.get("status")) == (owner, status)  # by our own first try
        return None if done or ours or not item else read_standing(item)

    def accept(
        self, request_id: str, owner: str, mt_id: str, *, trace: Trace, now: str
    ) -> Literal["recorded", "shared", "lost"]:
        """SENDING, IN_DOUBT of this owner -> ACCEPTED, and whose the mtId is.

        `shared`: recorded, and the mtId is another message's too; `lost`: the item is another owner's, or settled.
        """
        sets = {"status": "ACCEPTED", "mtId": mt_id, "acceptedAt": now, **trace_attributes(trace)}
        change = _accepting(request_id, owner, sets)
        request = {
            "pk": f"MTID#{mt_id}",
            "sk": "REQUEST",
            "mtId": mt_id,
            "requestId": request_id,
            "acceptedAt": now,
        }
        standing, other = self._store.change_and_put(
            change,
            request,
            unless="attribute_not_exists(pk) OR requestId = :request",
            values={":request": request_id},
        )
        if standing is not None:
            ours = (standing.get("owner"), standing.get("mtId")) == (owner, mt_id)  # by our own first try
            return "recorded" if ours else "lost"
        if other is None:
            return "recorded"
        words = SHARED
        attention = {"attention": "CONFLICT", "attentionSince": now, "error": {"description": words}}
        done, item = self._store.change(_accepting(request_id, owner, {**sets, **attention}))
        return "shared" if done or (item.get("owner"), item.get("mtId")) == (owner, mt_id) else "lost"

    def abandon(self, request_id: str, standing: Standing, error: SendError, *, now: str) -> Standing | None:
        """SENDING whose lease is over -> IN_DOUBT; None, or what stood in the way."""
        sets = {"status": "IN_DOUBT", "error": error_attribute(error), "attention": "IN_DOUBT", "attentionSince": now}
        done, item = self._store.change(
            Change(
                pk=f"MT#{request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(sets)}",
                condition="#status = :sending AND #owner = :owner AND #leaseUntil = :lease",
                values={
                    **_values(sets),
                    ":sending": "SENDING",
                    ":owner": standing.owner,
                    ":lease": standing.lease_until,
                },
            )
        )
        ours = (item.get("owner"), item.get("status")) == (standing.owner, "IN_DOUBT")  # or another's, with our words
        return None if done or ours or not item else read_standing(item)

    def put_conflict(self, record: OutboundRecord, error: SendError, *, now: str) -> None:
        """Keep another content under a requestId that has been used; its first sight stays."""
        item = {
            "pk": f"MT#{record.request_id}",
            "sk": f"CONFLICT#{record.request_sha256}",
            **message_attributes(record),
            **when_sent(record, now),
            "status": "REJECTED",
            "error": error_attribute(error),
            "attention": "CONFLICT",
            "attentionSince": now,
        }
        self._store.put_if_absent(item)

    def _upsert(  # noqa: PLR0913 - the parts of one update expression
        self,
        record: OutboundRecord,
        *,
        sets: Item,
        first_sets: Item | None = None,
        removes: tuple[str, ...] = (),
        condition: str = NOT_TAKEN,
        values: Item | None = None,
    ) -> tuple[bool, Item]:
        """Write the message where nothing stands or the same message waits; `first_sets` only if they are absent."""
        always = {**message_attributes(record), **sets}
        # A copy is enqueued later; and who has not looked at the S3 objects knows less than who has.
        kept = ("receivedAt",) if record.looked_at else ("receivedAt", "parts")
        first = {name: always.pop(name) for name in kept if name in always} | (first_sets or {})
        firsts = "".join(f", #{name} = if_not_exists(#{name}, :{name})" for name in first)
        remove = f" REMOVE {', '.join(f'#{name}' for name in removes)}" if removes else ""
        return self._store.change(
            Change(
                pk=f"MT#{record.request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(always)}{firsts}{remove}",
                condition=condition,
                values={
                    **_values({**always, **first}),
                    ":retry": "RETRY",
                    ":sha": record.request_sha256,
                    **(values or {}),
                },
            )
        )


def _not_taken_since(before: Standing | None) -> str:
    """NOT_TAKEN, and nobody has claimed it since it was `before`, which `_before` puts into the values."""
    never = "attribute_not_exists(#attempts) OR " if before is None or before.attempts == 0 else ""
    return NOT_TAKEN.replace(":sha)", f":sha AND ({never}#attempts = :before))")


def _before(before: Standing | None) -> Item:
    return {":before": before.attempts if before is not None else 0}


def _accepting(request_id: str, owner: str, sets: Item) -> Change:
    removes = [name for name in ("error", "attention", "attentionSince") if name not in sets]
    return Change(
        pk=f"MT#{request_id}",
        sk="MESSAGE",
        update=f"SET {_assignments(sets)}"
        + (f" REMOVE {', '.join(f'#{name}' for name in removes)}" if removes else ""),
        condition="#owner = :me AND #status IN (:sending, :doubt)",
        values={**_values(sets), ":me": owner, ":sending": "SENDING", ":doubt": "IN_DOUBT"},
    )


def _assignments(sets: Item) -> str:
    return ", ".join(f"#{name} = :{name}" for name in sets)


def _values(sets: Item) -> Item:
    return {f":{name}": value for name, value in sets.items()}
