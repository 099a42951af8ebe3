"""Messages to send: each transition of their state machine is one conditional write."""

from datetime import datetime
from typing import Literal

from mms_gateway.message_table.reports import ReportTable
from mms_gateway.message_table.store import Change, Item, index_keys, without_nothing
from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import Claim, SendError, Standing, Trace
from mms_gateway.outbound_record import OutboundRecord, RecordedPart

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
        return _standing(item) if item is not None else None

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
            first_sets=_when_sent(record, claim.now),
            removes=FROM_ONE_TRY,
            # A claim that comes late, after its own try has been written down as RETRY, must not begin another one.
            condition=_not_taken_since(before),
            values=_before(before),
        )
        return _standing(item)

    def put_off(self, record: OutboundRecord, error: SendError, *, retry_at: str) -> None:
        """nothing, RETRY -> RETRY: it could not even be tried; anything else stays as it is."""
        self._upsert(
            record,
            sets={"status": "RETRY", "error": _error(error), "retryAt": retry_at},
            removes=("host", "openMarketRequestId"),
        )

    def reject(self, record: OutboundRecord, error: SendError, before: Standing | None, *, now: str) -> Standing | None:
        """nothing, RETRY as it was `before` -> REJECTED; None, or what stood in the way."""
        done, item = self._upsert(
            record,
            sets={"status": "REJECTED", "error": _error(error), "attention": "REJECTED", "attentionSince": now},
            first_sets=_when_sent(record, now),
            removes=("retryAt",),
            # Nor may it give up what has been tried meanwhile: a person may have ordered it again after a doubt.
            condition=_not_taken_since(before),
            values=_before(before),
        )
        if done:
            return None
        standing = _standing(item)
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
        sets = {"status": status, "error": _error(error), **_trace(trace), **attention, **when}
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
        return None if done or ours or not item else _standing(item)

    def accept(
        self, request_id: str, owner: str, mt_id: str, *, trace: Trace, now: str
    ) -> Literal["recorded", "shared", "lost"]:
        """SENDING, IN_DOUBT of this owner -> ACCEPTED, and whose the mtId is.

        `shared`: recorded, and the mtId is another message's too; `lost`: the item is another owner's, or settled.
        """
        sets = {"status": "ACCEPTED", "mtId": mt_id, "acceptedAt": now, **_trace(trace)}
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
        sets = {"status": "IN_DOUBT", "error": _error(error), "attention": "IN_DOUBT", "attentionSince": now}
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
        return None if done or ours or not item else _standing(item)

    def put_conflict(self, record: OutboundRecord, error: SendError, *, now: str) -> None:
        """Keep another content under a requestId that has been used; its first sight stays."""
        item = {
            "pk": f"MT#{record.request_id}",
            "sk": f"CONFLICT#{record.request_sha256}",
            **_attributes(record),
            **_when_sent(record, now),
            "status": "REJECTED",
            "error": _error(error),
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
        always = {**_attributes(record), **sets}
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


def _attributes(record: OutboundRecord) -> Item:
    """What a message's item says of the message itself."""
    item = {
        "direction": "MT",
        "requestId": record.request_id,
        "requestSha256": record.request_sha256,
        "handset": record.handset,
        "service": record.service,
        "receivedAt": record.received_at,
        "subject": record.subject,
        "mobileOperatorId": record.mobile_operator_id,
        "text": record.text,
        "parts": [_part(part) for part in record.parts] if record.parts is not None else None,
        "details": record.details,
        "detailsKey": record.details_key,
    }
    return without_nothing(item)


def _when_sent(record: OutboundRecord, sent_at: str) -> Item:
    """When it was sent, and the keys of the indexes in which it stands from then on."""
    keys = index_keys(handset=record.handset, service=record.service, sent_at=sent_at, identity=record.request_id)
    return {"sentAt": sent_at, **keys}


def _part(part: RecordedPart) -> Item:
    item = {
        "index": part.index,
        "contentId": part.content_id,
        "contentType": part.content_type,
        "size": part.size,
        "sha256": part.sha256,
        "text": part.text,
        "s3Key": part.s3_key,
        "s3Bucket": part.s3_bucket,
        "s3VersionId": part.s3_version_id,
        "url": part.url,
    }
    return without_nothing(item)


def _error(error: SendError) -> Item:
    return without_nothing({"httpStatus": error.http_status, "code": error.code, "description": error.description})


def _trace(trace: Trace) -> Item:
    return without_nothing({"host": trace.host, "openMarketRequestId": trace.open_market_request_id})


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


def _standing(item: Item) -> Standing:
    error = item.get("error") or {}
    return Standing(
        status=item["status"],
        request_sha256=item.get("requestSha256", ""),
        owner=item.get("owner"),
        lease_until=item.get("leaseUntil", ""),
        attempts=int(item.get("attempts", 0)),
        tried_since=_moment(item.get("resentAt") or item.get("sentAt")),
        resend=item["status"] == "RETRY" and "attention" in item,
        doubted="resentAt" in item or (item["status"] == "RETRY" and "attention" in item),
        retry_at=_moment(item.get("retryAt")),
        attention_since=_moment(item.get("attentionSince")),
        mt_id=item.get("mtId"),
        error=SendError(
            description=error["description"],
            http_status=int(error["httpStatus"]) if "httpStatus" in error else None,
            code=error.get("code"),
        )
        if "description" in error
        else None,
    )


def _moment(text: str | None) -> datetime | None:
    return read_date(text) if text is not None else None
