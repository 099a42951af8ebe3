"""Media into the bucket, and a whole callback: against stores that answer over TLS after 20 ms.

A first call makes its connections, and loads the authorities; a warm one finds them. Whole callbacks run under AWS's
Runtime Interface Emulator, whose own word on their duration counts, a cold one's start included. The toolbelt peer
keeps no raw copy of the body; in the rows ending in `same` neither does the gateway.
"""

import hashlib
import json
import os
import re
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import botocore.auth
import botocore.httpchecksum
import botocore.httpsession
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from botocore.config import Config

import receive_callback
from mms_gateway import aws
from mms_gateway.aws import client_config, share_trust
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.messages import Blob
from tests.bench.artifacts import environment
from tests.bench.bodies import api_event, media_message
from tests.bench.measuring import in_turn, medians_in_turn
from tests.bench.table import Figure
from tests.bench.workbench import Workbench
from tests.runtime.emulator import Artifact, running_emulator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEDIA = [b"\xff\xd8\xff" + bytes(375_000 - 3)] * 8
BLOBS = [Blob(f"mo/1/{n}", data, hashlib.sha256(data).hexdigest(), "image/jpeg") for n, data in enumerate(MEDIA)]
ROUNDS = 15
COLD_ROUNDS = 7
DURATION = re.compile(r"^REPORT .*?\tDuration: ([0-9.]+) ms", re.MULTILINE)


def measure(bench: Workbench) -> Iterator[Figure]:
    """Media warm and first, the whole callback warm and cold, and what is hashed for it."""
    if bench.wants("media-warm"):
        mine, stock = our_bucket(bench), stock_client(bench)
        ours, theirs = in_turn([lambda: mine.put_all(BLOBS), lambda: one_by_one(stock)], bench.rounds(ROUNDS))
        yield _media("media-warm", "warm", ours, theirs, 0.25)
    if bench.wants("media-first"):
        ours, theirs = medians_in_turn([lambda: _our_first(bench), lambda: _stock_first(bench)], bench.rounds(ROUNDS))
        yield _media("media-first", "first call", ours, theirs, 0.40)
    yield from _whole_callbacks(bench)
    if bench.wants("callback-hashed"):
        yield _hashed(bench)


# --- media ------------------------------------------------------------------------------------------------------------


def our_bucket(bench: Workbench) -> MediaBucket:
    """The bucket as the callback function has it, with connections and trust still to be made."""
    aws._one_context.cache_clear()
    share_trust()
    config = client_config(connections=receive_callback.MEDIA_AT_A_TIME, sign_uploads=False)
    return MediaBucket(_client(bench, config), "media", bench.executor)


def stock_client(bench: Workbench) -> "S3Client":
    """A client as the SDK makes it, but for the times that it waits."""
    vars(botocore.httpsession)["SSLContext"] = ssl.SSLContext
    return _client(bench, client_config(connections=10))


def _client(bench: Workbench, config: Config) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=bench.stores.url,
        verify=str(bench.stores.ca_bundle),
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=config,
    )


def one_by_one(client: "S3Client") -> None:
    """Write all media, one after another."""
    for blob in BLOBS:
        client.put_object(Bucket="media", Key=blob.key, Body=bytes(blob.data), ContentType=blob.content_type)


def _our_first(bench: Workbench) -> float:
    bucket = our_bucket(bench)
    return _seconds(lambda: bucket.put_all(BLOBS))


def _stock_first(bench: Workbench) -> float:
    client = stock_client(bench)
    return _seconds(lambda: one_by_one(client))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _media(row: str, when: str, ours: float, theirs: float, goal: float) -> Figure:
    what = f"8 parts of 375 KB, {when} : one after another"
    return Figure(row=row, what=what, ours=ours * 1e3, theirs=theirs * 1e3, unit="ms", goal=goal)


# --- whole callbacks --------------------------------------------------------------------------------------------------


def _whole_callbacks(bench: Workbench) -> Iterator[Figure]:
    names = ("callback-warm", "callback-warm-same", "callback-cold", "callback-cold-same")
    if not any(bench.wants(name) for name in names):
        return
    event = json.dumps(api_event(media_message(3_000_000, 8, "binary")))
    ours, peer = bench.artifacts.ours("ReceiveCallback"), bench.artifacts.peer("toolbelt_callback")
    artifacts = (ours, ours.with_environment(RAW_DAYS="0"), peer)
    cold: tuple[list[float], ...] = ([], [], [])
    warm: tuple[list[float], ...] = ([], [], [])
    for _ in range(bench.rounds(COLD_ROUNDS)):
        for artifact, first, others in zip(artifacts, cold, warm, strict=True):
            taken = durations(bench, artifact, event, calls=5)
            first.append(taken[0])
            others.extend(taken[1:])
    for when, of_all, goal in (("warm", warm, 0.35), ("cold", cold, None)):
        with_raw, without, theirs = map(statistics.median, of_all)
        for row, kept, mine in (
            (f"callback-{when}", "", with_raw),
            (f"callback-{when}-same", ", no raw copy", without),
        ):
            what = f"a {when} callback of 3 MB in 8 parts{kept} : toolbelt peer"
            if bench.wants(row):
                yield Figure(row=row, what=what, ours=mine, theirs=theirs, unit="ms", goal=goal)


def durations(bench: Workbench, artifact: Artifact, event: str, *, calls: int) -> list[float]:
    """What the emulator says that each of so many calls took, in ms; the first includes the start."""
    with running_emulator(artifact, bench.new_folder()) as emulator:
        for _ in range(calls):
            answer = emulator.invoke(event)
            assert answer.result["statusCode"] == 200, answer.result
    return [float(told) for told in DURATION.findall(emulator.output())]


def _hashed(bench: Workbench) -> Figure:
    """All that goes through SHA-256 while a callback is taken in, the SDK's share included."""
    body = media_message(3_000_000, 8, "binary")
    hashed: list[int] = []

    class Counting:
        """A hash that tells how much it was given."""

        def __init__(self, data: bytes = b"", **_: object) -> None:
            self._hash = sha256()
            self.update(data)

        def update(self, data: bytes) -> None:
            hashed.append(len(data))
            self._hash.update(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._hash, name)

    sha256 = hashlib.sha256
    receive_callback.gateway.cache_clear()
    receive_callback.credentials.cache_clear()
    with (
        mock.patch.dict(os.environ, environment(bench.stores)),
        mock.patch.object(hashlib, "sha256", Counting),
        mock.patch.object(botocore.auth, "sha256", Counting),
        mock.patch.object(botocore.httpchecksum, "sha256", Counting),
    ):
        _, outcome = receive_callback.gateway().take_in(APIGatewayProxyEvent(api_event(body)))
    assert outcome.name == "stored"
    what = "what is hashed for a callback of 3 MB in 8 parts, by whomever : its body and its parts"
    theirs = (len(body) + 3_000_000) / 1e6
    return Figure(row="callback-hashed", what=what, ours=sum(hashed) / 1e6, theirs=theirs, unit="MB", goal=1.1)
