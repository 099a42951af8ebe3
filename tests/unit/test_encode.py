"""An MT request on the wire: byte for byte as the pages have it, streamed, of a length that is known before."""

import email
import email.policy
import io
import json
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st
from requests_toolbelt import MultipartEncoderMonitor

from mms_gateway.errors import StorageUnavailable
from mms_gateway.media_bucket import ObjectStream
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import (
    MixedEncoder,
    OutboundPart,
    Stream,
    encode,
    encoded_size,
    main_fields,
)
from mms_gateway.openmarket.multipart import split
from tests.wire.mt.requests import BOUNDARY, CONTENTS, FIELDS
from tests.wire.samples import HERE, sample

NAMES = tuple(FIELDS)
FEW = main_fields(
    source="88600", destination="447700900750", mt_config="default", subject=None, mobile_operator_id=None
)


class Made:
    """A stream of so many bytes that are made when they are read; `asked` says for how many, each time."""

    def __init__(self, size: int, *, per_read: int | None = None) -> None:
        self.len = size
        self.asked: list[int] = []
        self._per_read = per_read

    def read(self, size: int = -1) -> bytes:
        self.asked.append(size)
        given_ = self.len if size < 0 else min(size, self.len, self._per_read or size)
        self.len -= given_
        return b"\xd8" * given_


def media(data: bytes | Stream, content_id: str = "a.jpg", content_type: str = "image/jpeg") -> OutboundPart:
    return OutboundPart(content_id=content_id, content_type=content_type, data=data)


def encoder(name: str) -> MixedEncoder:
    return encode(main_fields(**FIELDS[name]), CONTENTS[name], boundary=BOUNDARY)


def in_reads(body: MixedEncoder, sizes: Sequence[int]) -> bytes:
    """All of the body, read in these sizes over and over."""
    pieces: list[bytes] = []
    while True:
        for size in sizes:
            piece = body.read(size)
            if not piece:
                return b"".join(pieces)
            assert len(piece) <= size
            pieces.append(piece)


# --- the bytes --------------------------------------------------------------------------------------------------------


def test_every_expected_request_is_known_here() -> None:
    assert {path.stem for path in (HERE / "mt").glob("*.http")} == set(FIELDS) == set(CONTENTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_request_is_byte_for_byte_as_expected(name: str) -> None:
    expected = sample(f"mt/{name}")
    body = encoder(name)
    assert body.content_type == expected.content_type
    assert body.len == int(expected.headers["content-length"])
    assert body.read() == expected.body


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_come_however_they_are_read(name: str) -> None:
    expected = sample(f"mt/{name}").body
    for size in [*range(1, 200), 4096, 64 * 1024]:
        assert in_reads(encoder(name), [size]) == expected


@given(
    contents=st.lists(st.binary(max_size=200) | st.integers(0, 3000).map(Made), max_size=4),
    sizes=st.lists(st.integers(1, 500), min_size=1, max_size=5),
)
def test_the_length_told_before_is_the_number_of_bytes_read_in_any_sizes(
    contents: list[bytes | Made], sizes: list[int]
) -> None:
    flat = [each if isinstance(each, bytes) else b"\xd8" * each.len for each in contents]
    fresh = [each if isinstance(each, bytes) else Made(each.len, per_read=7) for each in contents]
    whole = encode(FEW, [media(each) for each in flat], boundary=BOUNDARY).read()
    body = encode(FEW, [media(each) for each in fresh], boundary=BOUNDARY)
    told = body.len
    read = in_reads(body, sizes)
    assert read == whole
    assert told == body.len == len(read)


def test_the_size_is_told_without_reading_anything() -> None:
    stream = Made(1_000_000)
    size = encoded_size(FEW, [media(stream), media(b"x", "b.jpg")])
    assert stream.asked == []
    assert size == encode(FEW, [media(stream), media(b"x", "b.jpg")]).len


def test_each_request_has_a_boundary_of_its_own_that_no_content_can_know() -> None:
    boundaries = {encode(FEW, []).boundary_value for _ in range(50)}
    assert len(boundaries) == 50
    assert all(len(each) >= 32 and each.isalnum() for each in boundaries)


def test_fields_that_are_not_given_do_not_stand_in_the_json() -> None:
    assert FEW == {"type": "MT", "source": "88600", "destination": "447700900750", "mtConfig": "default"}
    every = main_fields(**FIELDS["every-field"])
    assert list(every) == ["type", "source", "destination", "mtConfig", "subject", "mobileOperatorId"]


def test_operator_0_and_an_empty_subject_are_given() -> None:
    fields = main_fields(source="1", destination="2", mt_config="c", subject="", mobile_operator_id=0)
    assert (fields["subject"], fields["mobileOperatorId"]) == ("", 0)


# --- read back by others ----------------------------------------------------------------------------------------------


def expected_parts(fields: dict[str, Any], contents: Sequence[OutboundPart]) -> list[tuple[dict[str, str], bytes]]:
    main = json.dumps(main_fields(**fields), ensure_ascii=False, separators=(",", ":")).encode()
    parts = [({"content-type": "application/json", "content-id": "main"}, main)]
    for content in contents:
        assert isinstance(content.data, bytes)
        kind = "application/vnd.openmarket.remoteContent" if content.is_link else content.content_type
        headers = {"content-type": kind, "content-id": content.content_id}
        parts.append((headers if content.is_link else {**headers, "content-transfer-encoding": "binary"}, content.data))
    return parts


@pytest.mark.parametrize("name", NAMES)
def test_the_receivers_splitter_finds_the_parts_again(name: str) -> None:
    found = split(encoder(name).read(), BOUNDARY)
    assert (found.closed, found.line_end) == (True, b"\r\n")
    assert [
        ({key: value.decode("ascii") for key, value in entity.headers}, bytes(entity.content))
        for entity in found.entities
    ] == expected_parts(FIELDS[name], CONTENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_standard_librarys_parser_finds_the_parts_again(name: str) -> None:
    body = encoder(name)
    head = f"MIME-Version: 1.0\r\nContent-Type: {body.content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body.read(), policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/mixed"
    assert message.defects == []
    found = [
        ({key.lower(): str(value) for key, value in part.items()}, part.get_payload(decode=True))
        for part in message.iter_parts()
    ]
    # That parser is made for mail: it takes a lone CR or LF for a line end, so contents with one are not compared.
    for (headers, content), (expected_headers, expected_content) in zip(
        found, expected_parts(FIELDS[name], CONTENTS[name]), strict=True
    ):
        assert {key: value.replace('"', "") for key, value in headers.items()} == expected_headers
        if name != "every-byte" or headers["content-id"] == "main":
            assert content == expected_content


# --- headers ----------------------------------------------------------------------------------------------------------

BAD = ["\r\nX-Injected: 1", "\n", "\r", "\x00", "\t", "\x7f", "é", "\u2028", "\ud800"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", ["{}a.jpg", "a{}.jpg", "a.jpg{}"])
@pytest.mark.parametrize("is_link", [False, True])
def test_nothing_but_printable_ascii_gets_into_a_content_id(bad: str, place: str, is_link: bool) -> None:
    part = OutboundPart(content_id=place.format(bad), content_type="image/jpeg", data=b"x", is_link=is_link)
    with pytest.raises(ValueError, match="Content-Id"):
        encode(FEW, [part])


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", ["{}image/jpeg", "image/{}jpeg", "image/jpeg{}"])
def test_nothing_but_printable_ascii_gets_into_a_content_type(bad: str, place: str) -> None:
    with pytest.raises(ValueError, match="Content-Type"):
        encode(FEW, [media(b"x", content_type=place.format(bad))])


# --- streaming --------------------------------------------------------------------------------------------------------

HEADS = 512  # bytes: boundaries and a part's headers, which the encoder may read ahead


def test_a_stream_is_read_as_the_body_is_and_never_ahead() -> None:
    for size in [*range(1, 400), 8192]:
        streams = [Made(700), Made(700)]
        body = encode(FEW, [media(each) for each in streams], boundary="b")
        handed_over = 0
        while piece := body.read(size):
            handed_over += len(piece)
            assert sum(700 - each.len for each in streams) <= handed_over + HEADS
        assert all(0 <= asked <= size for each in streams for asked in each.asked), size


def test_memory_does_not_grow_with_media() -> None:
    size, piece = 50 * 1024 * 1024, 64 * 1024
    body = encode(FEW, [media(Made(size // 2)), media(Made(size // 2), "b.jpg")])
    told, count = body.len, 0
    tracemalloc.start()
    try:
        while got := body.read(piece):
            count += len(got)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == told > size
    assert peak < 10 * piece


def test_what_was_handed_over_is_counted_by_the_monitor() -> None:
    monitor = MultipartEncoderMonitor(encode(FEW, [media(Made(5000))]))
    assert monitor.bytes_read == 0
    monitor.read(100)
    assert monitor.bytes_read == 100
    while monitor.read(64 * 1024):
        pass
    assert monitor.bytes_read == monitor.len
    assert monitor.content_type.startswith("multipart/mixed; boundary=")


def test_an_encoder_is_for_one_attempt_and_gives_nothing_the_second_time() -> None:
    body = encode(FEW, [media(Made(10))])
    assert len(body.read()) == body.len
    assert body.read() == b""
    assert body.read(10) == b""


# --- a stream from S3, the real one over a small client ---------------------------------------------------------------


class Store:
    """Answers as the SDK's client does; gives `there` bytes of the `told` ones, then `fault`."""

    def __init__(self, there: int, *, told: int, refusal: str | None = None) -> None:
        self._there, self._told, self._refusal = there, told, refusal
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if self._refusal is not None:
            raise ClientError({"Error": {"Code": self._refusal, "Message": "no"}}, "GetObject")
        return {"Body": StreamingBody(io.BytesIO(b"\xd8" * self._there), self._told)}


SOURCE = SourceObject(
    bucket="media", key="outgoing/a.jpg", version_id=None, etag='"e"', size=200_000, content_type="image/jpeg"
)


def from_s3(store: Store) -> MixedEncoder:
    return encode(FEW, [media(ObjectStream(store, SOURCE)), media(b"x", "b.jpg")])  # type: ignore[arg-type]


def test_an_object_in_s3_is_asked_for_when_its_bytes_are_due_and_streamed() -> None:
    store = Store(200_000, told=200_000)
    body = from_s3(store)
    assert body.len > 200_000
    assert store.asked == []
    assert len(in_reads(body, [64 * 1024])) == body.len
    assert store.asked == [{"Bucket": "media", "Key": "outgoing/a.jpg", "IfMatch": '"e"'}]


@pytest.mark.parametrize("there", [0, 1, 100_000, 199_999])
def test_an_object_that_ends_early_fails_the_body_instead_of_hanging(there: int) -> None:
    body = from_s3(Store(there, told=200_000))
    with pytest.raises(StorageUnavailable):
        in_reads(body, [8192])


@pytest.mark.parametrize("code", ["PreconditionFailed", "NoSuchKey", "AccessDenied", "InternalError", "SlowDown"])
def test_an_object_that_s3_does_not_give_fails_the_body(code: str) -> None:
    body = from_s3(Store(0, told=0, refusal=code))
    with pytest.raises(StorageUnavailable):
        in_reads(body, [8192])


def test_a_failure_of_a_stream_comes_through_as_it_is() -> None:
    class Broken(Made):
        def read(self, size: int = -1) -> bytes:
            if self.len < 100:
                raise StorageUnavailable("the bucket is away")
            return super().read(size)

    body = encode(FEW, [media(Broken(1000, per_read=50))])
    with pytest.raises(StorageUnavailable, match="the bucket is away"):
        in_reads(body, [64])
