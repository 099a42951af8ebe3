"""Delivery reports, and how they and the messages they are about find each other in either order.

Whoever records a message's mtId writes it first and then reads the reports; whoever records a report writes that first
and then reads whose the mtId is. Both read consistently, so whichever comes second sees the first.
"""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from mms_gateway.message_table.store import Change, Item, Store, without_nothing
from mms_gateway.messages import DeliveryReport, utc_text
from mms_gateway.openmarket.notation import read_date
from mms_gateway.retention import FOR_EVER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOWN = ("status", "outcomeId", "outcomeDescription", "date", "final")
"""What of a report stands on its message, as `delivery`."""


class ReportTable:
    """Records reports, and shows the latest one on its message."""

    def __init__(self, client: "DynamoDBClient", name: str, retention: timedelta = FOR_EVER) -> None:
        self._store = Store(client, name, retention)

    def put_report(self, report: DeliveryReport, *, received_at: str, request_id: str | None) -> bool:
        """Record a report if it is not there yet."""
        item = {
            "pk": f"MTID#{report.mt_id}",
            "sk": f"REPORT#{_date_and_hash(report)}",
            "mtId": report.mt_id,
            **_delivery(report),
            "userAgent": report.user_agent,
            "details": report.details,
            "bodySha256": report.body_sha256,
            "flags": list(report.flags) or None,
            "receivedAt": received_at,
            "openMarketRequestId": request_id,
        }
        return self._store.put_if_absent(without_nothing(item)) is None

    def join_report(self, report: DeliveryReport) -> bool:
        """Show the report on its message, unless a later one stands there; false while no such message is known."""
        request_id = self._request_of(report.mt_id)
        if request_id is None:
            return False
        order = _order(final=report.final, date_and_hash=_date_and_hash(report))
        return self._advance_delivery(request_id, without_nothing(_delivery(report)), order)

    def join_reports(self, mt_id: str, request_id: str) -> bool:
        """Show the latest report that has come for `mt_id` on its message; false where none has, or another has it.

        Whose the mtId is has been written with the acceptance, unless a person settled it on the message alone.
        """
        request = {"pk": f"MTID#{mt_id}", "sk": "REQUEST", "mtId": mt_id, "requestId": request_id}
        standing = self._store.put_if_absent(request)
        if standing is not None and standing.get("requestId") != request_id:
            return False
        reports = {
            _order(final=item["final"], date_and_hash=item["sk"].removeprefix("REPORT#")): item
            for item in self._store.query(f"MTID#{mt_id}", "REPORT#")
        }
        if not reports:
            return False
        latest = max(reports)
        return self._advance_delivery(
            request_id, {name: reports[latest][name] for name in SHOWN if name in reports[latest]}, latest
        )

    def _request_of(self, mt_id: str) -> str | None:
        """The request whose message has this mtId, as of now."""
        request = self._store.get(f"MTID#{mt_id}", "REQUEST")
        return str(request["requestId"]) if request is not None else None

    def _advance_delivery(self, request_id: str, delivery: Item, order: str) -> bool:
        """Set the message's delivery if `order` says that it moves forward; false where there is no such message."""
        moved, standing = self._store.change(
            Change(
                pk=f"MT#{request_id}",
                sk="MESSAGE",
                update="SET #delivery = :delivery, #deliveryOrder = :order",
                condition="attribute_exists(pk) AND (attribute_not_exists(#deliveryOrder) OR #deliveryOrder < :order)",
                values={":delivery": delivery, ":order": order},
            )
        )
        return moved or bool(standing)


def _delivery(report: DeliveryReport) -> Item:
    """What a report says, as it stands on its own item and on its message."""
    return {
        "status": report.status,
        "outcomeId": report.outcome_id,
        "outcomeDescription": report.outcome_description,
        "date": _report_date(report),
        "final": report.final,
    }


def _order(*, final: bool, date_and_hash: str) -> str:
    """What a later report has more of; a final one is later than all that are not."""
    return f"{int(final)}#{date_and_hash}"


def _date_and_hash(report: DeliveryReport) -> str:
    """What tells a report from the others of its message, in the order of their dates; unreadable ones come first."""
    identity = hashlib.sha256(report.identity.encode("utf-8")).hexdigest()[:16]
    return f"{_report_date(report) or '-'}#{identity}"


def _report_date(report: DeliveryReport) -> str | None:
    date = read_date(report.date) if report.date is not None else None
    return utc_text(date) if date is not None else None
