"""A message's contents looked at before anybody claims it: sizes, types, what is missing, and the request itself."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mms_gateway.errors import StorageUnavailable
from mms_gateway.openmarket.multipart import split
from mms_gateway.outbound import Rules
from mms_gateway.preparing import NeverSendable, Prepared, prepare
from mms_gateway.queue_message import read_queue_message
from tests.unit.buckets import ObjectBucket
from tests.unit.queue_messages import BASE, CANARY, HOSTS, LINK, SAMPLE
from tests.wire.samples import sample

ENQUEUED = datetime(2026, 11, 21, 8, 30, 15, tzinfo=UTC)
RULES = Rules(
    media_bucket="media",
    mt_config="default",
    link_hosts=HOSTS,
    max_message_bytes=1_000_000,
    window=timedelta(hours=24),
    call_seconds=20,
    backoff_seconds=900,
)
PARROT = b"\xff\xd8\xff\xe0 a parrot from S3"


def preparing(bucket: ObjectBucket | None = None, rules: Rules = RULES, **fields: Any) -> Prepared:
    """The usual message with some fields changed, prepared."""
    message = read_queue_message(json.dumps({**BASE, **fields}), link_hosts=HOSTS)
    return prepare(message, bucket=bucket or ObjectBucket(), rules=rules, enqueued_at=ENQUEUED)


def an_object(key: str, content_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"contentId": content_id or key, "s3": {"bucket": "media", "key": key}, **more}


def holding(**objects: tuple[bytes, str]) -> ObjectBucket:
    return ObjectBucket({("media", key): each for key, each in objects.items()})


def faults(bucket: ObjectBucket | None = None, rules: Rules = RULES, **fields: Any) -> list[str]:
    """Why the message can't be sent."""
    with pytest.raises(NeverSendable) as error:
        preparing(bucket, rules, **fields)
    return str(error.value).split("; ")


def sent_headers(prepared: Prepared) -> list[dict[str, str]]:
    """The headers of each part of the request."""
    body = prepared.new_body()
    entities = split(body.read(), body.boundary_value).entities
    return [{name: value.decode("ascii") for name, value in entity.headers} for entity in entities]


# --- the request ------------------------------------------------------------------------------------------------------


def test_the_sample_of_the_design_becomes_the_expected_request_byte_for_byte() -> None:
    bucket = ObjectBucket({("media", "outgoing/parrot.jpg"): (PARROT, "binary/octet-stream")})
    prepared = preparing(bucket, **SAMPLE)
    body = prepared.new_body()
    assert body.read().replace(body.boundary_value.encode(), b"mimeboundary") == sample("mt/every-field").body


def test_each_attempt_has_a_body_of_its_own() -> None:
    bucket = holding(a=(PARROT, "image/jpeg"))
    prepared = preparing(bucket, content=[an_object("a")])
    first, second = prepared.new_body(), prepared.new_body()
    assert first.boundary_value != second.boundary_value
    once = first.read()
    assert PARROT in once
    assert first.read() == b""
    assert second.read().replace(second.boundary_value.encode(), first.boundary_value.encode()) == once


def test_mt_config_falls_back_to_the_parameter() -> None:
    for fields, expected in (({}, "default"), ({"mtConfig": None}, "default"), ({"mtConfig": "config1"}, "config1")):
        assert f'"mtConfig":"{expected}"'.encode() in preparing(**fields).new_body().read()


def test_a_link_goes_out_as_such_whatever_type_the_message_gives_it() -> None:
    prepared = preparing(content=[{"contentId": "a.mp4", "url": LINK, "contentType": "video/mp4"}])
    assert sent_headers(prepared)[1] == {
        "content-type": "application/vnd.openmarket.remoteContent",
        "content-id": "a.mp4",
    }


@pytest.mark.parametrize(
    ("given", "of_the_object", "sent"),
    [
        (None, "image/jpeg", "image/jpeg"),
        (None, "text/html; charset=utf-16", "text/html; charset=utf-16"),
        ("image/png", "image/jpeg", "image/png"),
        ("image/png", "", "image/png"),
        ("image/png", "application/vnd.openmarket.remoteContent", "image/png"),
        (" Image/PNG ", "image/jpeg", "Image/PNG"),
    ],
)
def test_the_type_of_an_object_is_the_messages_else_its_own(given: str | None, of_the_object: str, sent: str) -> None:
    prepared = preparing(holding(a=(PARROT, of_the_object)), content=[an_object("a", contentType=given)])
    assert sent_headers(prepared)[1]["content-type"] == sent


def test_the_record_has_what_was_found() -> None:
    record = preparing(holding(a=(PARROT, "Image/JPEG")), content=[an_object("a")]).record
    assert record.parts is not None
    assert (record.parts[0].size, record.parts[0].content_type) == (len(PARROT), "image/jpeg")
    assert record.received_at == "2026-11-21T08:30:15.000Z"


# --- what can never be sent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [[{"contentId": "a", "text": "für " * 100}], [an_object("a"), an_object("b")]])
def test_a_request_of_just_the_size_allowed_is_sent_and_one_byte_more_is_refused(content: list[Any]) -> None:
    bucket = holding(a=(PARROT, "image/jpeg"), b=(PARROT * 100, "image/jpeg"))
    size = len(preparing(bucket, content=content).new_body().read())
    preparing(bucket, replace(RULES, max_message_bytes=size), content=content)
    (fault,) = faults(bucket, replace(RULES, max_message_bytes=size - 1), content=content)
    assert fault.startswith("content: ")
    assert re.findall("[0-9,]*[0-9]", fault) == [f"{size:,}", f"{size - 1:,}"]


def test_a_huge_object_is_refused_without_being_read() -> None:
    bucket = holding(a=(b"x" * 1_000_001, "image/jpeg"))
    (fault,) = faults(bucket, content=[an_object("a")])
    assert fault.startswith("content: ")
    assert all(stream.len == 1_000_001 for stream in bucket.streams)


def test_nothing_is_read_before_the_body_is() -> None:
    bucket = holding(a=(PARROT, "image/jpeg"))
    body = preparing(bucket, content=[an_object("a")]).new_body()
    assert {stream.len for stream in bucket.streams} == {len(PARROT)}
    body.read()
    assert 0 in {stream.len for stream in bucket.streams}


def test_an_object_that_is_not_there_is_named() -> None:
    (fault,) = faults(content=[{"contentId": "t", "text": "x"}, an_object("canary")])
    assert fault.startswith("content[1].s3: ")
    assert CANARY not in fault


def test_an_empty_object_is_named() -> None:
    (fault,) = faults(holding(a=(b"", "image/jpeg")), content=[an_object("a")])
    assert fault.startswith("content[0].s3: ")
    assert "empty" in fault


@pytest.mark.parametrize(
    "of_the_object",
    [
        pytest.param("application/vnd.openmarket.remoteContent", id="a link past the allow-list"),
        pytest.param("APPLICATION/vnd.openmarket.remotecontent; x=y", id="the same, loud"),
        pytest.param("multipart/mixed; boundary=x", id="a multipart"),
        pytest.param("text/vcard", id="a vCard that is not named vcf"),
        pytest.param("", id="none"),
        pytest.param("canary", id="no media type"),
        pytest.param("image/jpeg\r\nX-Injected: canary", id="CRLF"),
        pytest.param("image/jpeg;\tname=canary", id="a tab"),
        pytest.param("image/jpég", id="not ASCII"),
    ],
)
def test_an_object_whose_own_type_cannot_be_sent_is_named(of_the_object: str) -> None:
    (fault,) = faults(holding(a=(PARROT, of_the_object)), content=[an_object("a")])
    assert fault.startswith("content[0].contentType: ")
    assert CANARY not in fault


def test_a_vcard_in_s3_named_vcf_is_sent() -> None:
    preparing(holding(a=(b"BEGIN:VCARD", "text/x-vcard")), content=[an_object("a", "polly.vcf")])


def test_several_faults_are_told_at_once() -> None:
    bucket = holding(empty=(b"", "image/jpeg"), odd=(b"x", "odd"), both=(b"", ""), large=(b"x" * 2_000_000, "a/b"))
    content = [an_object(key) for key in ("empty", "gone", "odd", "both", "large", "also-gone")]
    assert [fault.partition(": ")[0] for fault in faults(bucket, content=content)] == [
        "content[0].s3",
        "content[1].s3",
        "content[2].contentType",
        "content[3].s3",
        "content[3].contentType",
        "content[5].s3",
    ]


def test_faults_of_the_message_itself_are_told_without_a_look_into_the_bucket() -> None:
    bucket = ObjectBucket(fault=AssertionError("nobody may look"))
    found = faults(bucket, source="", destination="", content=[an_object("a")])
    assert [fault.partition(": ")[0] for fault in found] == ["source", "destination"]


def test_a_bucket_that_does_not_tell_is_tried_later() -> None:
    bucket = ObjectBucket(fault=StorageUnavailable("the bucket media is away"))
    with pytest.raises(StorageUnavailable, match="the bucket media is away"):
        preparing(bucket, content=[{"contentId": "t", "text": "x"}, an_object("a")])


def test_a_message_without_objects_does_not_need_the_bucket() -> None:
    bucket = ObjectBucket(fault=StorageUnavailable("the bucket media is away"))
    assert preparing(bucket).new_body().len > 0


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain;charset",
        "text/plain; a=b; a=b",
        'text/plain; name="a \\" b"',
        "a" * 127 + "/" + "b" * 127,
        "!#$%&'*+.^_`|~-/x",
        "text/plain; " + "x" * 240,
        "  text/plain  ",
    ],
)
def test_whatever_type_the_reader_takes_can_be_encoded(content_type: str) -> None:
    prepared = preparing(content=[{"contentId": "a.txt", "text": "x", "contentType": content_type}])
    assert sent_headers(prepared)[1]["content-type"] == content_type.strip()
