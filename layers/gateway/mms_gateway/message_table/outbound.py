"""Messages to send: each transition of their state machine is one conditional write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from mms_gateway.message_table.reports import ReportTable
from mms_gateway.message_table.store import Change, Item, without_nothing
from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import Claim, SendError, Standing, Trace
from mms_gateway.outbound_record import OutboundRecord, RecordedPart

NOT_TAKEN = "attribute_not_exists(pk) OR (#status = :retry AND #requestSha256 = :sha)"
"""Nothing stands there, or the same message waits: whoever comes first may have it."""


class OutboundTable(ReportTable):
    """Records messages to send, who is at it, and what came of it."""

    def find(self, request_id: str) -> Standing | None:
        """What stands under a requestId, as of now."""
        item = self._store.get(f"MT#{request_id}", "MESSAGE")
        return _standing(item) if item is not None else None

    def claim(self, record: OutboundRecord, claim: Claim) -> Standing:
        """nothing, RETRY -> SENDING; what stands there now, the claim's own where its owner is the claim's."""
        _, item = self._upsert(
            record,
            sets={
                "status": "SENDING",
                "owner": claim.owner,
                "leaseUntil": claim.lease_until,
                **({"resentAt": claim.now} if claim.resend else {}),
            },
            first_sets=_index_keys(record, claim.now),
            also=", #attempts = if_not_exists(#attempts, :zero) + :one",
            removes=("attention", "attentionSince"),
            values={":zero": 0, ":one": 1},
            names=("attempts",),
        )
        return _standing(item)

    def put_off(self, record: OutboundRecord, error: SendError) -> None:
        """nothing, RETRY -> RETRY: it could not even be tried; anything else stays as it is."""
        self._upsert(record, sets={"status": "RETRY", "error": _error(error)})

    def reject(self, record: OutboundRecord, error: SendError, *, now: str) -> Standing | None:
        """nothing, RETRY -> REJECTED; None, or what stood in the way."""
        done, item = self._upsert(
            record,
            sets={"status": "REJECTED", "error": _error(error), "attention": "REJECTED", "attentionSince": now},
            first_sets=_index_keys(record, now),
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
    ) -> bool:
        """SENDING of this owner -> status; false where it is no longer the owner's."""
        attention = {} if status == "RETRY" else {"attention": status, "attentionSince": now}
        sets = {"status": status, "error": _error(error), **_trace(trace), **attention}
        done, item = self._store.change(
            Change(
                pk=f"MT#{request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(sets)}",
                condition="#status = :sending AND #owner = :me",
                names=(*sets, "owner"),
                values={**_values(sets), ":sending": "SENDING", ":me": owner},
            )
        )
        return done or (item.get("owner"), item.get("status")) == (owner, status)

    def accept(self, request_id: str, owner: str, mt_id: str, *, trace: Trace, now: str) -> bool:
        """SENDING, IN_DOUBT of this owner -> ACCEPTED, and whose the mtId is; false where another one has it."""
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
            return (standing.get("owner"), standing.get("mtId")) == (owner, mt_id)  # by our own first try
        if other is None:
            return True
        words = "OpenMarket gave its mtId to another message too, and reports will show on that one"
        attention = {"attention": "CONFLICT", "attentionSince": now, "error": {"description": words}}
        done, item = self._store.change(_accepting(request_id, owner, {**sets, **attention}))
        return done or (item.get("owner"), item.get("mtId")) == (owner, mt_id)

    def abandon(self, request_id: str, standing: Standing, error: SendError, *, now: str) -> Standing | None:
        """SENDING whose lease is over -> IN_DOUBT; None, or what stood in the way."""
        sets = {"status": "IN_DOUBT", "error": _error(error), "attention": "IN_DOUBT", "attentionSince": now}
        done, item = self._store.change(
            Change(
                pk=f"MT#{request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(sets)}",
                condition="#status = :sending AND #owner = :owner AND #leaseUntil = :lease",
                names=(*sets, "owner", "leaseUntil"),
                values={
                    **_values(sets),
                    ":sending": "SENDING",
                    ":owner": standing.owner,
                    ":lease": standing.lease_until,
                },
            )
        )
        return None if done or not item else _standing(item)

    def put_conflict(self, record: OutboundRecord, error: SendError, *, now: str) -> None:
        """Keep another content under a requestId that has been used; its first sight stays."""
        item = {
            "pk": f"MT#{record.request_id}",
            "sk": f"CONFLICT#{record.request_sha256}",
            **_attributes(record),
            **_index_keys(record, now),
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
        first_sets: Mapping[str, Any] | None = None,
        also: str = "",
        removes: tuple[str, ...] = (),
        names: tuple[str, ...] = (),
        values: Item | None = None,
    ) -> tuple[bool, Item]:
        """Write the message where nothing stands or the same message waits; `first_sets` only if they are absent."""
        every = {**_attributes(record), **sets}
        first = first_sets or {}
        firsts = "".join(f", #{name} = if_not_exists(#{name}, :{name})" for name in first)
        remove = f" REMOVE {', '.join(f'#{name}' for name in removes)}" if removes else ""
        return self._store.change(
            Change(
                pk=f"MT#{record.request_id}",
                sk="MESSAGE",
                update=f"SET {_assignments(every)}{firsts}{also}{remove}",
                condition=NOT_TAKEN,
                names=(*every, *first, *removes, *names),
                values={
                    **_values({**every, **first}),
                    ":retry": "RETRY",
                    ":sha": record.request_sha256,
                    **(values or {}),
                },
            )
        )


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


def _index_keys(record: OutboundRecord, sent_at: str) -> Item:
    """When it was sent, and the keys of by-handset and by-service; an index is left out where its key is missing."""
    keys = {"sentAt": sent_at}
    if record.handset is not None:
        keys["handsetOrder"] = f"{record.service or ''}#{sent_at}#{record.request_id}"
    if record.service is not None:
        keys["serviceDay"] = f"{record.service}#{sent_at[:10]}"
        keys["serviceOrder"] = f"{sent_at}#{record.request_id}"
    return keys


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
        names=(*sets, *removes, "owner"),
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
