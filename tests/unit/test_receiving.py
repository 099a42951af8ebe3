"""The receiving use case over stores in memory: what is written, in which order, and what is answered."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from mms_gateway.errors import StorageRefused, StorageUnavailable
from mms_gateway.messages import MAX_ITEM_TEXTS, MAX_PART_TEXT
from mms_gateway.receiving import Callback, InboundRecord, Outcome, receive
from tests.unit.stores import MemoryBucket, MemoryTable
from tests.wire.bodies import main, message, multipart_type, part, report_json, text

NOW = datetime(2026, 11, 21, 8, 30, 15, 123456, tzinfo=UTC)


@dataclass
class Stores:
    journal: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = MemoryTable(self.journal)
        self.bucket = MemoryBucket(self.journal)

    def receive(
        self, body: bytes, content_type: str | None = None, *, fault: str | None = None, raw: bool = True
    ) -> Outcome:
        callback = Callback(
            content_type=multipart_type() if content_type is None else content_type,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            received_at=NOW,
            request_id="015-3DD6C366",
            fault=fault,
        )
        return receive(callback, table=self.table, bucket=self.bucket, encoding="auto", keep_raw=raw)


@pytest.fixture
def stores() -> Stores:
    return Stores()


def test_media_and_the_whole_body_are_written_before_the_message(stores: Stores) -> None:
    outcome = stores.receive(message(main(), part(b"\xff\xd8\xffpicture"), text("Polly")))
    assert outcome.name == "stored"
    assert stores.journal == ["bucket mo", "bucket raw", "table message"]


def test_a_small_text_stands_in_the_item_and_a_picture_in_the_bucket_under_its_hash(stores: Stores) -> None:
    stores.receive(message(main(moId=7), part(b"\xff\xd8\xffpicture"), text("Polly")))
    record = stores.table.messages["7"]
    sha256 = hashlib.sha256(b"\xff\xd8\xffpicture").hexdigest()
    assert record.media_keys == (f"mo/7/0-{sha256}", None)
    assert bytes(stores.bucket.blobs[f"mo/7/0-{sha256}"].data) == b"\xff\xd8\xffpicture"
    assert record.message.text == "Polly"


@pytest.mark.parametrize(
    ("content", "content_type", "inline"),
    [
        (b"x" * MAX_PART_TEXT, "text/plain", True),
        (b"x" * (MAX_PART_TEXT + 1), "text/plain", False),
        ("für Elise".encode("latin-1"), "text/plain; charset=iso-8859-1", True),
        ("für Elise".encode("latin-1"), "text/plain", False),
        (b"\xfe\xff\x00P", "text/plain; charset=utf-16", False),  # would be written the other way round
        (b"", "text/plain", True),
        (b"<smil/>", "application/smil", False),
    ],
)
def test_a_text_stands_in_the_item_only_where_its_bytes_can_be_made_again(
    stores: Stores, content: bytes, content_type: str, inline: bool
) -> None:
    stores.receive(message(main(moId=7), part(content, content_type)))
    assert (stores.table.messages["7"].media_keys[0] is None) is inline


def test_texts_of_one_message_overflow_into_the_bucket(stores: Stores) -> None:
    texts = [text("x" * MAX_PART_TEXT, content_id=f"{n}.txt") for n in range(10)]
    stores.receive(message(main(moId=7), *texts))
    keys = stores.table.messages["7"].media_keys
    assert [key is None for key in keys] == [n < MAX_ITEM_TEXTS // MAX_PART_TEXT for n in range(10)]


def test_whole_bodies_are_not_kept_where_the_operator_does_not_want_them(stores: Stores) -> None:
    stores.receive(message(main(), text("Polly")), raw=False)
    assert not stores.bucket.blobs


def test_a_repeat_with_another_boundary_is_a_duplicate(stores: Stores) -> None:
    stores.receive(message(main(), text("Polly")))
    repeat = message(main(), text("Polly"), boundary="another")
    assert stores.receive(repeat, multipart_type("another")).name == "duplicate"
    assert len(stores.table.messages) == 1


def test_another_content_under_the_same_id_is_kept_as_a_conflict(stores: Stores) -> None:
    stores.receive(message(main(), text("Polly")))
    assert stores.receive(message(main(), text("Dead"))).name == "conflict"
    assert len(stores.table.conflicts) == 1


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        ("2014-07-16T19:20:30+02:00", "2014-07-16T17:20:30.000Z"),
        ("2014-07-16T19:20:30.98765", "2014-07-16T19:20:30.987Z"),
        ("yesterday", "2026-11-21T08:30:15.123Z"),
    ],
)
def test_a_message_was_sent_at_its_date_or_else_when_it_came(stores: Stores, date: str, sent_at: str) -> None:
    stores.receive(message(main(moId=7, date=date)))
    assert stores.table.messages["7"].sent_at == sent_at


def test_a_report_is_written_before_its_message_is_looked_for(stores: Stores) -> None:
    outcome = stores.receive(report_json(), "application/json")
    assert (outcome.name, outcome.joined) == ("report", False)
    assert stores.journal == ["table report 2026 015-3DD6C366", "table join"]


def test_a_repeated_report_is_a_duplicate_and_still_joins(stores: Stores) -> None:
    stores.receive(report_json(mtId=9), "application/json")
    stores.table.requests["9"] = "order-4711"
    assert stores.receive(report_json(mtId=9), "application/json").name == "duplicate"
    assert stores.table.delivered == [("order-4711", "Retrieved")]


def test_what_cannot_be_read_is_kept_whole_with_the_reason(stores: Stores) -> None:
    body = message(main(moId=None))
    outcome = stores.receive(body)
    assert outcome.name == "quarantined"
    assert outcome.reason == "moId: expected an integer or digits, got null"
    sha256 = hashlib.sha256(body).hexdigest()
    assert stores.bucket.blobs[f"quarantine/{sha256}"].data == body
    assert stores.bucket.blobs[f"quarantine/{sha256}"].callback_content_type == multipart_type()
    assert stores.table.quarantined[sha256].reason == outcome.reason
    assert stores.journal == ["bucket quarantine", "table quarantine"]


def test_a_content_type_that_no_store_could_hold_is_kept_as_far_as_it_goes(stores: Stores) -> None:
    body = message(main())
    stores.receive(body, "multipart/mixed; boundary=é\ud83d\x00" + "x" * 2000)
    (record,), (blob,) = stores.table.quarantined.values(), stores.bucket.blobs.values()
    assert record.content_type == blob.callback_content_type == "multipart/mixed; boundary=???" + "x" * 969


def test_a_body_cut_short_is_asked_for_again_once(stores: Stores) -> None:
    body = message(main(), part(b"\xff\xd8\xffpicture"))[:-30]
    assert [stores.receive(body).name for _ in range(3)] == ["truncated", "quarantined", "quarantined"]
    assert len(stores.table.quarantined) == 1


def test_a_fault_of_the_request_is_quarantined_like_one_of_the_body(stores: Stores) -> None:
    outcome = stores.receive(message(main()), fault="Content-Type: the request has it twice")
    assert (outcome.name, outcome.reason) == ("quarantined", "Content-Type: the request has it twice")


def test_a_store_that_refuses_for_good_leads_to_quarantine(stores: Stores) -> None:
    class Refusing(MemoryTable):
        def put_inbound(self, record: InboundRecord) -> NoReturn:  # noqa: ARG002
            raise StorageRefused("the table refused it: ValidationException")

    stores.table = Refusing(stores.journal)
    outcome = stores.receive(message(main()))
    assert (outcome.name, outcome.reason) == ("quarantined", "the table refused it: ValidationException")


@pytest.mark.parametrize("store", ["table", "bucket"])
def test_a_store_that_is_down_is_the_callers_to_answer(stores: Stores, store: str) -> None:
    getattr(stores, store).fault = StorageUnavailable("down")
    with pytest.raises(StorageUnavailable):
        stores.receive(message(main(), part(b"\xff\xd8\xff")))
    assert not stores.table.messages


def test_a_mistake_of_the_decoder_loses_nothing(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise IndexError("447800000001")

    monkeypatch.setattr("mms_gateway.receiving.decode_callback", mistaken)
    outcome = stores.receive(message(main()))
    assert outcome.name == "quarantined"
    assert outcome.reason == "the gateway failed to read it, please report this: IndexError"
