"""Which objects a queue message can have sent: those under outgoing/ in the gateway's own bucket, and no other."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.readback import ReadBack
from local.stack import Stack
from tests.faults.security.connections import connections
from tests.faults.security.functions import NUMBERS, Functions
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer

KIND = "security: links, headers, keys"
SECRET = b"canary: nobody may have this sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where objects lie that the gateway may not send, and one that it may."""

    bucket: str
    foreign: str
    name: str
    version: str


@pytest.fixture
def places(stack: Stack, stored: ReadBack) -> Iterator[Places]:
    """One object in every folder of the bucket, and one in a bucket that the template does not name."""
    name, foreign = f"canary-{next(NUMBERS)}", f"foreign-{next(NUMBERS)}"
    put: dict[str, Any] = {"Body": SECRET, "ContentType": "image/jpeg"}
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=foreign)
    keys = [f"{folder}/{name}" for folder in ("raw", "quarantine", "mo", "mt")]
    versions = [s3.put_object(Bucket=stack.media_bucket, Key=key, **put)["VersionId"] for key in keys]
    s3.put_object(Bucket=foreign, Key=f"outgoing/{name}", **put)
    s3.put_object(Bucket=stack.media_bucket, Key=f"outgoing/{name}", **put)
    try:
        yield Places(bucket=stack.media_bucket, foreign=foreign, name=name, version=versions[0])
    finally:
        s3.delete_object(Bucket=foreign, Key=f"outgoing/{name}")
        s3.delete_bucket(Bucket=foreign)
        for key in [*keys, f"outgoing/{name}"]:
            stored.bucket.object_versions.filter(Prefix=key).delete()


def sources(at: Places) -> Iterator[dict[str, str]]:
    """What a producer might name to have something else sent."""
    own, name = at.bucket, at.name
    for folder in ("raw", "quarantine", "mo", "mt"):
        for way in (
            f"{folder}/{name}",
            f"outgoing/../{folder}/{name}",
            f"outgoing/x/../../{folder}/{name}",
            f"outgoing/..%2f{folder}/{name}",
            f"outgoing/%2e%2e/{folder}/{name}",
            f"outgoing\\..\\{folder}\\{name}",
            f"./{folder}/{name}",
            f"/{folder}/{name}",
            f"//{own}/{folder}/{name}",
            f"../{own}/{folder}/{name}",
            f"{folder}//{name}",
            f"{folder}/{name}?x=/outgoing/",
            f"{folder}/{name}#/outgoing/",
            f"outgoing/\0/../../{folder}/{name}",
            f"outgoing/\r\n/../{folder}/{name}",
        ):
            yield {"bucket": own, "key": way}
    yield {"bucket": own, "key": f"raw/{name}", "versionId": at.version}
    for version in (at.version, "null", "../raw", f"{at.version}&x=y", "\r\nX-Injected: canary", "\0", "x" * 1024):
        yield {"bucket": own, "key": f"outgoing/{name}", "versionId": version}
    for key in (
        "outgoing",
        "outgoing/",
        "Outgoing/" + name,
        f"outgoing//{name}",
        f" outgoing/{name}",
        "*",
        "",
        "outgoing/*",
    ):
        yield {"bucket": own, "key": key}
    for key in (f"outgoing/{name}", f"../{own}/outgoing/{name}"):
        for bucket in (
            at.foreign,
            own.upper(),
            f"{own}.",
            f"{own}/outgoing",
            f"{own}\n",
            f"{own}/../{at.foreign}",
            f"arn:aws:s3:::{at.foreign}",
            f"arn:aws:s3:us-east-1:000000000000:accesspoint/{at.foreign}",
            "127.0.0.1",
            "127.0.0.1:80",
            "169.254.169.254",
            "localhost",
            "user@evil.example",
            "evil.example",
            "evil.example#",
            "a..b",
            "..",
            "foreign--use1-az4--x-s3",
            "foreign-abcdefghijklmnopqrstuvwxyz0123-s3alias",
            "foreign--ol-s3",
            "foreign.mrap",
            "no-such-bucket-anywhere",
        ):
            yield {"bucket": bucket, "key": key}


def is_denied(source: dict[str, str], at: Places) -> bool:
    """Whether AWS answers 403, which a better policy may mend, so that it is tried again; all others are refused.

    The embedded AWS denies two keys that the role may read: one with a line feed, and `outgoing/` itself.
    """
    bucket, key = source["bucket"], source["key"]
    outside = bool(key) and (not key.startswith("outgoing/") or key == "outgoing/" or "\n" in key)
    return bucket == at.foreign or (bucket == at.bucket and outside)


def test_no_object_goes_out_but_those_under_outgoing(
    functions: Functions, producer: Producer, places: Places, tallies: Tallies, scale: Scale
) -> None:
    aws = {("127.0.0.1", urlsplit(functions.stack.aws_endpoint_url).port)}
    sound = producer.message(content=_of({"bucket": places.bucket, "key": f"outgoing/{places.name}"}))
    with tallies.of(KIND) as tally:
        assert functions.send(sound)
        assert producer.item(sound)["status"] == "ACCEPTED"
        begun = len(functions.calls)
        with connections() as heard:
            for source in itertools.islice(sources(places), 0, None, scale(short=2, long=1)):
                tally.cases += 1
                sent = producer.message(content=_of(source))
                done = functions.send(sent)
                item = producer.item(sent)
                expected = ("RETRY", False) if is_denied(source, places) else ("REJECTED", True)
                told = item["status"], done
                tally.expect(told == expected, "wrong", f"{source} is {told}, expected {expected}")
                tally.expect(item["error"]["description"].isprintable(), "wrong", f"{source}: {item['error']}")
                tally.expect("canary" not in functions.log, "wrong", f"{source} is quoted in the log")
                if not done:
                    functions.close(sent)
        tally.expect(set(heard) <= aws, "wrong", f"connected to {set(heard) - aws}")
        reads = [call.parameters for call in functions.calls[begun:] if call.operation == "GetObject"]
        tally.expect(not reads, "wrong", f"read {reads}")


def _of(source: dict[str, str]) -> list[dict[str, Any]]:
    return [{"contentId": "a.jpg", "contentType": "image/jpeg", "s3": source}]
