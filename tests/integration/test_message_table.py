"""The table's conditional writes where an answer is lost after it took effect, and the SDK writes again."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from local.readback import ReadBack
from local.stack import Stack
from mms_gateway.errors import StorageRefused
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.messages import DeliveryReport, InboundMms
from mms_gateway.openmarket.decode import decode_callback
from mms_gateway.receiving import InboundRecord, QuarantineRecord, media_keys
from tests.wire.bodies import main, message, multipart_type, report_json, text

NOW = "2026-11-21T08:30:15.123Z"


class LossyTable(InboundTable):
    """The real table over a client that can lose an answer."""

    def __init__(self, stack: Stack) -> None:
        self.client: Any = stack.client("dynamodb")
        super().__init__(self.client, stack.table_name)

    @contextmanager
    def losing_the_first_answer(self, operation: str = "PutItem") -> Iterator[list[int]]:
        """The first request takes effect, and the SDK, as after a broken connection, sends it again."""
        attempts: list[int] = []

        def once_more(**event: Any) -> float | None:
            attempts.append(event["attempts"])
            return 0 if len(attempts) == 1 else None

        name = f"needs-retry.dynamodb.{operation}"
        self.client.meta.events.register_first(name, once_more)
        try:
            yield attempts
        finally:
            self.client.meta.events.unregister(name, once_more)


@pytest.fixture
def table(stack: Stack) -> LossyTable:
    return LossyTable(stack)


def new_id() -> str:
    return str(uuid.uuid4().int)[:15]


def record(mo_id: str, words: str = "Polly") -> InboundRecord:
    decoded = decode_callback(multipart_type(), message(main(moId=mo_id), text(words)))
    assert isinstance(decoded, InboundMms)
    return InboundRecord(message=decoded, media_keys=media_keys(decoded), sent_at=NOW, received_at=NOW, request_id=None)


def test_a_message_written_twice_by_one_call_is_there_once(table: LossyTable, stored: ReadBack) -> None:
    mo_id = new_id()
    with table.losing_the_first_answer() as attempts:
        assert table.put_inbound(record(mo_id)) == "duplicate"
    assert len(attempts) == 2
    assert len(stored.items(f"MO#{mo_id}")) == 1


def test_a_conflict_written_twice_by_one_call_is_there_once(table: LossyTable, stored: ReadBack) -> None:
    mo_id = new_id()
    table.put_inbound(record(mo_id))
    with table.losing_the_first_answer():
        assert table.put_inbound(record(mo_id, "Dead")) == "conflict"
    assert len(stored.items(f"MO#{mo_id}")) == 2


def test_a_body_cut_short_and_written_twice_by_one_call_was_still_seen_for_the_first_time(table: LossyTable) -> None:
    def quarantined(received_at: str) -> QuarantineRecord:
        return QuarantineRecord(
            body_sha256=sha256,
            reason="the closing delimiter is missing",
            size=1,
            key=f"quarantine/{sha256}",
            content_type="multipart/mixed",
            received_at=received_at,
            request_id=None,
        )

    sha256 = uuid.uuid4().hex * 2
    with table.losing_the_first_answer():
        assert table.put_quarantined(quarantined(NOW))
    assert not table.put_quarantined(quarantined("2026-11-21T08:31:15.123Z"))


def test_a_report_written_twice_by_one_call_is_there_once_and_joined(table: LossyTable, stored: ReadBack) -> None:
    mt_id = new_id()
    stored.table.put_item(Item={"pk": f"MT#order-{mt_id}", "sk": "MESSAGE"})
    stored.table.put_item(Item={"pk": f"MTID#{mt_id}", "sk": "REQUEST", "requestId": f"order-{mt_id}"})
    report = decode_callback("application/json", report_json(mtId=mt_id))
    assert isinstance(report, DeliveryReport)
    with table.losing_the_first_answer(), table.losing_the_first_answer("UpdateItem"):
        table.put_report(report, received_at=NOW, request_id=None)
        assert table.join_report(report)
    assert [item["sk"].split("#")[0] for item in stored.items(f"MTID#{mt_id}")] == ["REPORT", "REQUEST"]
    assert stored.item(f"MT#order-{mt_id}")["delivery"]["status"] == "Retrieved"


def test_an_item_too_large_for_the_table_is_refused_for_good(table: LossyTable, stored: ReadBack) -> None:
    mo_id = new_id()
    whole = record(mo_id)
    with pytest.raises(StorageRefused, match="the table refused it: ValidationException"):
        table.put_inbound(replace(whole, message=replace(whole.message, details="x" * 500_000)))
    assert stored.items(f"MO#{mo_id}") == []


def test_a_report_whose_message_is_missing_is_not_joined(table: LossyTable, stored: ReadBack) -> None:
    mt_id = new_id()
    stored.table.put_item(Item={"pk": f"MTID#{mt_id}", "sk": "REQUEST", "requestId": f"gone-{mt_id}"})
    report = decode_callback("application/json", report_json(mtId=mt_id))
    assert isinstance(report, DeliveryReport)
    assert not table.join_report(report)
    assert stored.item(f"MT#gone-{mt_id}") == {}
