"""Objects read straight from S3: the real SDK against a raw S3 that answers by a script."""

import gc
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from local.simulator.certificate import make_certificate
from mms_gateway.aws import client_config
from mms_gateway.errors import MissingObject, StorageUnavailable
from mms_gateway.media_bucket import WHERE_IT_MAY, MediaBucket
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import OutboundPart, encode
from mms_gateway.send_request import S3Object
from tests.unit.peers import Peer, Script, Wire, free_port, running_peer
from tests.unit.posts import FIELDS, at, client, lasting, post

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT = bytes(range(256)) * 1000
ETAG = '"0123456789abcdef"'


def s3_client(url: str, *, verify: Path | None = None) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        verify=str(verify) if verify else None,
        config=client_config(connections=2).merge(Config(s3={"addressing_style": "path"}, proxies={})),
    )


def bucket_at(peer: Peer) -> MediaBucket:
    return MediaBucket(s3_client(f"http://127.0.0.1:{peer.port}"), "media", ThreadPoolExecutor(1))


def source(size: int = len(CONTENT), version_id: str | None = None) -> SourceObject:
    return SourceObject(
        bucket="media",
        key="outgoing/parrot.jpg",
        version_id=version_id,
        etag=ETAG,
        size=size,
        content_type="image/jpeg",
    )


def found(body: bytes, *, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: %b\r\n\r\n%b" % (length, ETAG.encode(), body)


def refused(status: int, code: str) -> bytes:
    body = b"<Error><Code>%b</Code><Message>secret words</Message></Error>" % code.encode()
    return b"HTTP/1.1 %d No\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def answering(*answers: bytes, then: Script = Wire.wait) -> Script:
    """Answer the requests of one connection in turn."""

    def script(wire: Wire) -> None:
        for answer in answers:
            wire.read_head()
            wire.send(answer)
        then(wire)

    return script


def read_all(stream: object, size: int) -> bytes:
    read: Callable[[int], bytes] = stream.read  # type: ignore[attr-defined]
    pieces = []
    while piece := read(size):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1000, 65_536, 1_000_000])
def test_an_object_comes_byte_for_byte_and_its_length_counts_down(size: int) -> None:
    with running_peer(answering(found(CONTENT))) as peer:
        stream = bucket_at(peer).open(source())
        assert stream.len == len(CONTENT)
        first = stream.read(10)
        assert (first, stream.len) == (CONTENT[:10], len(CONTENT) - 10)
        assert first + read_all(stream, size) == CONTENT
        assert (stream.len, stream.read(), stream.read(5)) == (0, b"", b"")


def test_all_of_an_object_comes_at_once_where_no_size_is_given() -> None:
    with running_peer(answering(found(CONTENT))) as peer:
        assert bucket_at(peer).open(source()).read() == CONTENT


def test_nothing_is_asked_before_the_first_read() -> None:
    with running_peer(answering(found(CONTENT))) as peer:
        stream = bucket_at(peer).open(source())
        encoder = encode(FIELDS, [OutboundPart(content_id="parrot.jpg", content_type="image/jpeg", data=stream)])
        assert (encoder.len > len(CONTENT), stream.len) == (True, len(CONTENT))
        assert stream.read(0) == b""
        time.sleep(0.05)
        assert peer.wires == []


@pytest.mark.parametrize("version_id", [None, "v1.x_-"])
def test_the_object_is_asked_for_as_it_was_described(version_id: str | None) -> None:
    heads = []

    def script(wire: Wire) -> None:
        heads.append(wire.read_head())
        wire.send(found(CONTENT))

    with running_peer(script) as peer:
        bucket_at(peer).open(source(version_id=version_id)).read()

    assert len(heads) == 1
    target = heads[0].split(b" ")[1]
    assert target.startswith(b"/media/outgoing/parrot.jpg")
    assert (b"versionId=v1.x_-" in target) == (version_id is not None)
    assert b"\r\nIf-Match: %b\r\n" % ETAG.encode() in heads[0]


@pytest.mark.parametrize(
    ("status", "code"),
    [(412, "PreconditionFailed"), (403, "AccessDenied"), (404, "NoSuchKey"), (500, "InternalError"), (503, "SlowDown")],
)
def test_an_object_that_is_refused_is_tried_later_and_nothing_is_quoted(status: int, code: str) -> None:
    with (
        running_peer(answering(*[refused(status, code)] * 4)) as peer,
        pytest.raises(StorageUnavailable) as caught,
    ):
        bucket_at(peer).open(source()).read(10)

    assert str(caught.value) == f"the bucket media answered {code}"


def cut(wire: Wire) -> None:
    wire.sock.close()


SHORT: dict[str, tuple[bytes, Script, str]] = {
    "a shorter object": (found(CONTENT[:100_000]), Wire.wait, "the bucket media gave fewer bytes than it had told"),
    "an empty one": (found(b""), Wire.wait, "the bucket media gave fewer bytes than it had told"),
    "closed in mid-body": (found(CONTENT[:100_000], length=256_000), cut, "the bucket media could not be reached: "),
    "reset in mid-body": (
        found(CONTENT[:100_000], length=256_000),
        Wire.reset,
        "the bucket media could not be reached: ",
    ),
    "closed before the body": (found(b"", length=256_000), cut, "the bucket media could not be reached: "),
}


@pytest.mark.parametrize(("answer", "then", "reason"), SHORT.values(), ids=SHORT)
def test_a_body_that_ends_early_is_tried_later(answer: bytes, then: Script, reason: str) -> None:
    with running_peer(answering(answer, then=then)) as peer:
        stream = bucket_at(peer).open(source())
        with pytest.raises(StorageUnavailable) as caught, lasting(0, 1):
            read_all(stream, 65_536)
        assert str(caught.value).startswith(reason)
        with pytest.raises(StorageUnavailable):  # nor does it go on as if nothing had been
            read_all(stream, 65_536)
        assert stream.len > 0


def test_a_body_that_stalls_is_given_up_after_two_seconds() -> None:
    with running_peer(answering(found(CONTENT[:100_000], length=256_000))) as peer:
        stream = bucket_at(peer).open(source())
        with pytest.raises(StorageUnavailable, match=r"could not be reached: ReadTimeoutError$"), lasting(2, 2.5):
            read_all(stream, 65_536)


def test_a_longer_body_than_was_told_is_not_read_to_its_end() -> None:
    with running_peer(answering(found(CONTENT + b"more"))) as peer:
        assert read_all(bucket_at(peer).open(source()), 65_536) == CONTENT


def test_a_bucket_that_can_not_be_reached_is_tried_later() -> None:
    bucket = MediaBucket(s3_client(f"http://127.0.0.1:{free_port()}"), "media", ThreadPoolExecutor(1))
    with pytest.raises(StorageUnavailable, match=r"could not be reached: EndpointConnectionError$"):
        bucket.open(source()).read(10)


def test_tls_that_breaks_in_mid_body_is_tried_later(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(*certificate)

    def script(wire: Wire) -> None:
        wire.read_head()
        wire.send(found(CONTENT[:100_000], length=256_000))
        assert isinstance(wire.sock, ssl.SSLSocket)
        with socket.socket(fileno=wire.sock.detach()) as plain:
            plain.sendall(b"\x17\3\3\0\x20" + b"no record of ours" * 3)
            wire.wait()

    with running_peer(script, tls=theirs) as peer:
        s3 = s3_client(f"https://127.0.0.1:{peer.port}", verify=certificate[0])
        stream = MediaBucket(s3, "media", ThreadPoolExecutor(1)).open(source())
        with pytest.raises(StorageUnavailable, match="could not be reached: SSLError"):
            read_all(stream, 65_536)


# --- its connection ---------------------------------------------------------------------------------------------------


@contextmanager
def no_collection() -> Iterator[None]:
    """What is freed within is freed at once, or not at all."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_connection_is_used_again_after_a_whole_object() -> None:
    with running_peer(answering(found(CONTENT), found(CONTENT))) as peer:
        bucket = bucket_at(peer)
        assert [bucket.open(source()).read() for _ in range(2)] == [CONTENT] * 2
        assert len(peer.wires) == 1


def test_the_connection_of_an_object_that_was_not_read_to_its_end_is_closed() -> None:
    ends = []

    def script(wire: Wire) -> None:
        wire.read_head()
        wire.send(found(CONTENT))
        try:
            wire.read(1)
        finally:
            ends.append("closed")

    with running_peer(script) as peer:
        bucket = bucket_at(peer)
        with no_collection():
            for _ in range(3):
                stream = bucket.open(source())
                stream.read(1000)
                del stream
            peer.join(1)
            assert ends == ["closed"] * 3


def test_a_call_that_ends_in_mid_body_closes_the_objects_connection_too() -> None:
    ends = []

    def s3(wire: Wire) -> None:
        wire.read_head()
        try:
            wire.send(found(CONTENT * 20))
            wire.read(1)
        finally:
            ends.append("closed")

    def early(wire: Wire) -> None:
        wire.read_head()
        wire.skip(200_000)
        wire.send(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        wire.wait()

    with running_peer(s3) as storage, running_peer(early, receive_buffer=65_536) as peer:
        bucket, sender = bucket_at(storage), client(at(peer))

        class Streamed:
            def new_body(self) -> object:
                stream = bucket.open(source(len(CONTENT) * 20))
                return encode(FIELDS, [OutboundPart(content_id="parrot.jpg", content_type="image/jpeg", data=stream)])

        with no_collection():
            called = post(sender, Streamed())  # type: ignore[arg-type]
            assert called.answer is not None
            storage.join(1)
            assert ends == ["closed"]


# --- describe ---------------------------------------------------------------------------------------------------------


def described(answer: bytes, version_id: str | None = None) -> tuple[SourceObject, bytes]:
    heads = []

    def script(wire: Wire) -> None:
        heads.append(wire.read_head())
        wire.send(answer)
        wire.sock.close()

    with running_peer(script) as peer:
        told = S3Object(bucket="media", key="outgoing/parrot.jpg", version_id=version_id)
        return bucket_at(peer).describe(told), heads[0]


def test_an_object_is_described_without_being_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 256000\r\nContent-Type: image/jpeg\r\nETag: %b\r\n\r\n" % ETAG.encode()
    what, asked = described(head)

    assert what == source()
    assert asked.startswith(b"HEAD /media/outgoing/parrot.jpg HTTP/1.1\r\n")


def test_a_version_is_described_where_one_is_named() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 256000\r\nContent-Type: image/jpeg\r\nETag: %b\r\n\r\n" % ETAG.encode()
    what, asked = described(head, "v1")

    assert what == source(version_id="v1")
    assert asked.startswith(b"HEAD /media/outgoing/parrot.jpg?versionId=v1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (404, MissingObject, "there is no such object"),
        (405, MissingObject, "there is no such object"),
        (400, StorageUnavailable, "the bucket media answered 400"),
        (403, StorageUnavailable, f"the bucket media answered 403: {WHERE_IT_MAY}"),
        (412, StorageUnavailable, "the bucket media answered 412"),
        (500, StorageUnavailable, "the bucket media answered 500"),
        (503, StorageUnavailable, "the bucket media answered 503"),
    ],
)
def test_what_s3_says_of_an_object_decides_whether_to_come_again(
    status: int, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error) as caught:
        described(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)

    assert str(caught.value) == reason
