"""Small real stores in memory, with the conditions of the real ones."""

from collections.abc import Sequence
from typing import Literal

from mms_gateway.messages import Blob, DeliveryReport
from mms_gateway.receiving import InboundRecord, QuarantineRecord


class MemoryBucket:
    """Keeps blobs by key and notes the order of writes in `journal`."""

    def __init__(self, journal: list[str]) -> None:
        self.blobs: dict[str, Blob] = {}
        self.fault: Exception | None = None
        self._journal = journal

    def put_all(self, blobs: Sequence[Blob]) -> None:
        if self.fault is not None:
            raise self.fault
        for blob in blobs:
            self._journal.append(f"bucket {blob.key.split('/')[0]}")
            self.blobs[blob.key] = blob


class MemoryTable:
    """Keeps records under their keys; the first write stays."""

    def __init__(self, journal: list[str]) -> None:
        self.messages: dict[str, InboundRecord] = {}
        self.conflicts: dict[str, InboundRecord] = {}
        self.reports: dict[tuple[str, str, str | None], DeliveryReport] = {}
        self.quarantined: dict[str, QuarantineRecord] = {}
        self.requests: dict[str, str] = {}
        self.delivered: list[tuple[str, str]] = []
        self.fault: Exception | None = None
        self._journal = journal

    def put_inbound(self, record: InboundRecord) -> Literal["stored", "duplicate", "conflict"]:
        self._write("message")
        standing = self.messages.setdefault(record.message.mo_id, record)
        if standing is record:
            return "stored"
        if standing.message.content_sha256 == record.message.content_sha256:
            return "duplicate"
        self.conflicts.setdefault(record.message.content_sha256, record)
        return "conflict"

    def put_report(self, report: DeliveryReport, *, received_at: str, request_id: str | None) -> bool:
        self._write(f"report {received_at[:4]} {request_id}")
        return self.reports.setdefault((report.mt_id, report.identity, report.date), report) is report

    def join_report(self, report: DeliveryReport) -> bool:
        self._journal.append("table join")
        if report.mt_id not in self.requests:
            return False
        self.delivered.append((self.requests[report.mt_id], report.status))
        return True

    def put_quarantined(self, record: QuarantineRecord) -> bool:
        self._write("quarantine")
        return self.quarantined.setdefault(record.body_sha256, record) is record

    def _write(self, what: str) -> None:
        if self.fault is not None:
            raise self.fault
        self._journal.append(f"table {what}")
