"""A message to send as it is written down: what stands in the item, what lies in the bucket, how large it can get."""

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from mms_gateway.message_table.outbound_item import message_attributes, when_sent
from mms_gateway.message_table.store import Item
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.callback_json import MAX_JSON
from mms_gateway.outbound_record import OutboundRecord, outbound_record
from mms_gateway.queue_message import read_queue_message
from mms_gateway.sending import MAX_DESCRIPTION
from tests.unit.queue_messages import BASE, HOSTS, LINK, SAMPLE
from tests.unit.test_items import ITEM_LIMIT, size_of

ENQUEUED = datetime(2026, 11, 21, 8, 30, 15, 123_456, tzinfo=UTC)
KB = 1024


def recording(sources: dict[int, SourceObject] | None = None, **fields: Any) -> OutboundRecord:
    """The record of the usual message with some fields changed."""
    message = read_queue_message(json.dumps({**BASE, **fields}, ensure_ascii=False), link_hosts=HOSTS)
    return outbound_record(message, sources or {}, media_bucket="media", enqueued_at=ENQUEUED)


def item_of(record: OutboundRecord) -> Item:
    return {
        "pk": f"MT#{record.request_id}",
        "sk": "MESSAGE",
        **message_attributes(record),
        **when_sent(record, "2026-11-21T08:30:16.000Z"),
    }


def a_text(content: str, content_id: str = "a.txt", content_type: str | None = None) -> dict[str, Any]:
    return {"contentId": content_id, "contentType": content_type, "text": content}


def found(size: int = 5, content_type: str = "image/jpeg") -> SourceObject:
    return SourceObject(bucket="media", key="k", version_id=None, etag="e", size=size, content_type=content_type)


# --- the item ---------------------------------------------------------------------------------------------------------


def test_an_item_has_the_attributes_of_the_contract() -> None:
    body = json.dumps(SAMPLE)
    message = read_queue_message(body, link_hosts=HOSTS)
    record = outbound_record(message, {1: found(4711)}, media_bucket="media", enqueued_at=ENQUEUED)
    gif = base64.b64decode(SAMPLE["content"][2]["base64"])
    gif_key = f"mt/order-4711/2-{sha256(gif).hexdigest()}"
    assert item_of(record) == {
        "pk": "MT#order-4711",
        "sk": "MESSAGE",
        "direction": "MT",
        "requestId": "order-4711",
        "requestSha256": message.request_sha256,
        "handset": "447700900750",
        "handsetOrder": "88600#2026-11-21T08:30:16.000Z#order-4711",
        "service": "88600",
        "serviceDay": "88600#2026-11-21",
        "serviceOrder": "2026-11-21T08:30:16.000Z#order-4711",
        "sentAt": "2026-11-21T08:30:16.000Z",
        "receivedAt": "2026-11-21T08:30:15.123Z",
        "subject": "Your parrot",
        "mobileOperatorId": 77,
        "text": "Here it is",
        "details": body,
        "parts": [
            {
                "index": 0,
                "contentId": "text.txt",
                "contentType": "text/plain",
                "size": 10,
                "sha256": sha256(b"Here it is").hexdigest(),
                "text": "Here it is",
            },
            {
                "index": 1,
                "contentId": "parrot.jpg",
                "contentType": "image/jpeg",
                "size": 4711,
                "s3Key": "outgoing/parrot.jpg",
                "s3VersionId": "v1",
            },
            {
                "index": 2,
                "contentId": "tiny.gif",
                "contentType": "image/gif",
                "size": len(gif),
                "sha256": sha256(gif).hexdigest(),
                "s3Key": gif_key,
            },
            {
                "index": 3,
                "contentId": "demo.mp4",
                "contentType": "application/vnd.openmarket.remotecontent",
                "url": LINK,
            },
        ],
    }
    (blob,) = record.blobs
    assert (blob.key, bytes(blob.data), blob.sha256, blob.content_type) == (
        gif_key,
        gif,
        sha256(gif).hexdigest(),
        "image/gif",
    )


def test_an_object_in_another_bucket_is_named_with_it() -> None:
    parts = recording(
        content=[
            {"contentId": "a", "s3": {"bucket": "media", "key": "outgoing/a"}},
            {"contentId": "b", "s3": {"bucket": "another", "key": "b"}},
        ]
    ).parts
    assert parts is not None
    assert [(part.s3_bucket, part.s3_key) for part in parts] == [(None, "outgoing/a"), ("another", "b")]


@pytest.mark.parametrize(
    ("given", "of_the_object", "recorded"),
    [
        ("Image/PNG; q=1", "image/jpeg", "image/png"),
        (None, "Image/JPEG; charset=binary", "image/jpeg"),
        (None, "", "application/octet-stream"),
        (None, None, "application/octet-stream"),
        ("image/png", None, "image/png"),
    ],
)
def test_the_type_of_an_object_is_the_messages_else_its_own_and_never_a_guess(
    given: str | None, of_the_object: str | None, recorded: str
) -> None:
    content = {"contentId": "a", "contentType": given, "s3": {"bucket": "media", "key": "k"}}
    sources = {} if of_the_object is None else {0: found(content_type=of_the_object)}
    parts = recording(sources, content=[content]).parts
    assert parts is not None
    assert parts[0].content_type == recorded
    assert parts[0].size == (None if of_the_object is None else 5)


@pytest.mark.parametrize(
    ("content_type", "recorded"),
    [(None, "text/plain"), ("Text/Plain; charset=UTF-8", "text/plain"), (" application/smil ", "application/smil")],
)
def test_a_type_is_recorded_in_lower_case_without_parameters(content_type: str | None, recorded: str) -> None:
    parts = recording(content=[a_text("x", content_type=content_type)]).parts
    assert parts is not None
    assert parts[0].content_type == recorded


def test_a_faulty_message_is_recorded_with_what_is_sound_and_where_people_look_for_it() -> None:
    record = recording(destination="+44 7700 900750", subject="Polly", mtConfig="", mobileOperatorId=77)
    assert (record.handset, record.service, record.subject) == ("447700900750", "88600", "Polly")
    assert (record.mobile_operator_id, record.parts, record.text) == (77, None, None)
    assert record.details is not None
    assert "parts" not in item_of(record)


@pytest.mark.parametrize("address", ["", " ", "x" * 300, None, 5, []])
def test_an_unusable_address_leaves_its_index_out(address: object) -> None:
    item = item_of(recording(destination=address))
    assert not {"handset", "handsetOrder"} & item.keys()
    assert item["serviceDay"] == "88600#2026-11-21"
    item = item_of(recording(source=address))
    assert not {"service", "serviceDay", "serviceOrder"} & item.keys()
    assert item["handsetOrder"] == "#2026-11-21T08:30:16.000Z#order-4711"


@pytest.mark.parametrize("field", ["destination", "source", "subject"])
def test_half_a_surrogate_pair_can_be_written_down(field: str) -> None:
    body = json.dumps({**BASE, field: "4477 \ud83e"})  # escaped: it is one only in what is read
    record = outbound_record(read_queue_message(body, link_hosts=HOSTS), media_bucket="media", enqueued_at=ENQUEUED)
    json.dumps(item_of(record), ensure_ascii=False).encode()


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "stands"),
    [
        ("x" * 8 * KB, True),
        ("x" * (8 * KB + 1), False),
        ("é" * 4 * KB, True),
        ("é" * 4 * KB + "x", False),
    ],
)
def test_a_text_of_at_most_8_kb_stands_in_the_item(content: str, stands: bool) -> None:
    record = recording(content=[a_text(content)])
    assert record.parts is not None
    (part,) = record.parts
    digest = sha256(content.encode()).hexdigest()
    assert (part.size, part.sha256) == (len(content.encode()), digest)
    if stands:
        assert (part.text, part.s3_key, record.blobs) == (content, None, ())
    else:
        assert (part.text, part.s3_key) == (None, f"mt/order-4711/0-{digest}")
        assert [(blob.key, bytes(blob.data), blob.sha256) for blob in record.blobs] == [
            (part.s3_key, content.encode(), digest)
        ]


def test_at_most_64_kb_of_texts_stand_in_an_item_and_a_small_one_fills_what_is_left() -> None:
    sizes = [8 * KB] * 7 + [8 * KB - 10, 11, 10, 1]
    record = recording(content=[a_text("x" * size, f"{n}.txt") for n, size in enumerate(sizes)])
    assert record.parts is not None
    assert [part.text is not None for part in record.parts] == [True] * 8 + [False, True, False]
    assert [blob.key.split("/")[2].split("-")[0] for blob in record.blobs] == ["8", "10", "details"]


def test_the_text_is_every_plain_text_joined_also_one_that_lies_in_the_bucket() -> None:
    long = "l" * 9 * KB
    record = recording(
        content=[
            a_text("one", "1.txt"),
            a_text("<smil/>", "2.smil", "application/smil"),
            a_text(long, "3.txt", "text/plain; charset=utf-8"),
            a_text("<p>", "4.html", "text/html"),
            a_text("two", "5.txt", "TEXT/PLAIN"),
        ]
    )
    assert record.text == f"one\n{long}\ntwo"


@pytest.mark.parametrize("letter", ["x", "é", "€", "\U0001f99c"])
def test_the_text_is_at_most_32_kb_of_whole_characters(letter: str) -> None:
    record = recording(content=[a_text("ab" + letter * 20 * KB), a_text(letter * 20 * KB, "b.txt")])
    assert record.text is not None
    assert 32 * KB - 4 < len(record.text.encode()) <= 32 * KB
    assert record.text == "ab" + letter * (len(record.text) - 2) or "\n" in record.text


def test_a_message_without_a_plain_text_has_no_text() -> None:
    assert recording(content=[{"contentId": "a", "url": LINK}]).text is None


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8", "Text/Plain;charset=US-ASCII"])
def test_a_plain_text_given_as_base64_is_a_text_like_any_other(content_type: str) -> None:
    words = "für Elise" if "ASCII" not in content_type else "for Elise"
    word = base64.b64encode(words.encode()).decode()
    record = recording(content=[{"contentId": "a.txt", "contentType": content_type, "base64": word}])
    assert record.parts is not None
    assert (record.text, record.parts[0].text, record.blobs) == (words, words, ())


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("text/plain", b"f\xfcr"),
        ("text/plain; charset=iso-8859-1", b"f\xfcr"),
        ("text/plain; charset=utf-16", "für".encode("utf-16")),
        ("image/gif", b"GIF"),
        ("application/octet-stream", b"text"),
    ],
)
def test_bytes_that_are_no_utf_8_text_lie_in_the_bucket(content_type: str, data: bytes) -> None:
    word = base64.b64encode(data).decode()
    record = recording(content=[{"contentId": "a", "contentType": content_type, "base64": word}])
    assert record.parts is not None
    assert (record.text, record.parts[0].text) == (None, None)
    assert [bytes(blob.data) for blob in record.blobs] == [data]


# --- details ----------------------------------------------------------------------------------------------------------


def body_of(size: int) -> str:
    bare = json.dumps({**BASE, "content": [a_text("")]}, ensure_ascii=False)
    return json.dumps({**BASE, "content": [a_text("x" * (size - len(bare)))]}, ensure_ascii=False)


def test_details_of_64_kb_stand_in_the_item_as_they_came() -> None:
    body = body_of(64 * KB)
    message = read_queue_message(body, link_hosts=HOSTS)
    record = outbound_record(message, media_bucket="media", enqueued_at=ENQUEUED)
    assert (record.details, record.details_key) == (body, None)
    assert "detailsKey" not in item_of(record)


def test_longer_details_lie_in_the_bucket_and_the_item_names_them() -> None:
    body = body_of(64 * KB + 1)
    message = read_queue_message(body, link_hosts=HOSTS)
    record = outbound_record(message, media_bucket="media", enqueued_at=ENQUEUED)
    assert record.details is None
    assert record.details_key is not None
    assert record.details_key.startswith("mt/order-4711/")
    (kept,) = (blob for blob in record.blobs if blob.key == record.details_key)
    assert bytes(kept.data) == body.encode()
    assert (kept.sha256, kept.content_type) == (sha256(body.encode()).hexdigest(), "application/json")
    item = item_of(record)
    assert item["detailsKey"] == record.details_key
    assert "details" not in item


def test_details_are_measured_in_bytes_and_keep_their_odd_writing() -> None:
    body = json.dumps({**BASE, "subject": "é"}, indent=3) + "\n" * 60
    wide = body.replace("Here it is", "é" * 32 * KB)
    for each, in_item in ((body, True), (wide, False)):
        message = read_queue_message(each, link_hosts=HOSTS)
        record = outbound_record(message, media_bucket="media", enqueued_at=ENQUEUED)
        assert (record.details == each) is in_item


def test_a_repeat_names_the_same_blobs() -> None:
    content = [a_text("x" * 9 * KB), {"contentId": "b", "contentType": "image/gif", "base64": "QQ==" * 1}]
    assert recording(content=content).blobs == recording(content=content).blobs
    assert recording(content=content).blobs != ()


# --- the largest item -------------------------------------------------------------------------------------------------


def test_the_largest_item_fits_the_table() -> None:
    widest = "\U0001f99c"  # four bytes
    objects = [
        {
            "contentId": f"{n:019}",
            "contentType": "x/" + "y" * 253,
            "s3": {"bucket": "b" * 63, "key": widest * 256, "versionId": widest * 1024},
        }
        for n in range(24)
    ]
    texts = [a_text(widest * 2 * KB, f"text{n:015}", "text/plain; x=" + "y" * 240) for n in range(8)]
    record = recording(
        {n: found(10**12) for n in range(24)},
        requestId="r" * 128,
        subject=widest * 255,
        mobileOperatorId=999_999_999,
        content=[*objects, *texts],
    )
    assert record.details_key is not None
    report = widest * (MAX_JSON // 4)  # all that a report can say
    item = item_of(record) | {
        "status": "ACCEPTED",
        "owner": "o" * 36,
        "leaseUntil": "2026-11-21T08:30:16.000Z",
        "resentAt": "2026-11-21T08:30:16.000Z",
        "acceptedAt": "2026-11-21T08:30:16.000Z",
        "attempts": 10**9,
        "host": "h" * 255,
        "openMarketRequestId": "x" * 255,
        "mtId": "9" * 40,
        "error": {"httpStatus": 999, "code": widest * 40, "description": widest * MAX_DESCRIPTION},
        "attention": "CONFLICT",
        "attentionSince": "2026-11-21T08:30:16.000Z",
        "delivery": {"status": report, "outcomeId": 10**17, "date": "2026-11-21T08:30:16.000Z", "final": True},
        "deliveryOrder": "1#2026-11-21T08:30:16.000Z#" + "f" * 16,
        "expiresAt": 10**10,
    }
    assert 32 * KB - 4 < len(item["text"].encode()) <= 32 * KB
    assert sum(len(part.get("text", "").encode()) for part in item["parts"]) == 64 * KB
    assert size_of(item) < ITEM_LIMIT
    assert size_of(item) > ITEM_LIMIT * 2 // 3, "far from the largest: the test would prove nothing"


def test_the_largest_item_with_its_details_is_smaller() -> None:
    content = [a_text("x" * (8 * KB - 200), f"{n}.txt") for n in range(8)]
    record = recording(requestId="r" * 128, content=content)
    assert record.details is not None
    assert len(record.details) > 60 * KB
    assert size_of(item_of(record)) < ITEM_LIMIT // 2
