"""A message on its way to OpenMarket: the memory it takes, and the processor's time for one send.

Over TLS to a server on this machine that answers as OpenMarket does, and is no judge of what it is sent.
"""

import base64
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import requests
from requests_toolbelt import MultipartEncoder

from mms_gateway.media_bucket import MediaBucket
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import MixedEncoder, OutboundPart, Stream, encode, main_fields
from mms_gateway.openmarket.endpoint import PATH, Endpoint
from mms_gateway.openmarket_client import OpenMarketClient, trusted
from tests.bench.measuring import medians_in_turn, peak_memory
from tests.bench.stores import ETAG
from tests.bench.storing import our_bucket
from tests.bench.table import Figure
from tests.bench.workbench import Workbench

ROUNDS = 25
PICTURE = bytes(300_000)
FIELDS = main_fields(
    source="88600", destination="447700900750", mt_config="default", subject="Your parrot", mobile_operator_id=None
)
BASIC = f"Basic {base64.b64encode(b'local:local').decode()}"
MOST_MEMORY = 256  # KB


def measure(bench: Workbench) -> Iterator[Figure]:
    """Memory first, then time."""
    if bench.wants("send-memory"):
        yield _memory(bench)
    if bench.wants("send-cpu"):
        yield _cpu(bench)


def _memory(bench: Workbench) -> Figure:
    client, bucket = _client(bench), our_bucket(bench)
    large, small = (peak_memory(partial(_send_object, client, bucket, size)) / 1024 for size in (3_000_000, 3_000))
    what = "memory of a send of 3 MB from S3 over that of one of 3 KB : 256 KB"
    return Figure(row="send-memory", what=what, ours=large - small, theirs=MOST_MEMORY, unit="KB", goal=1.0)


def _cpu(bench: Workbench) -> Figure:
    client = _client(bench)
    ours, theirs = medians_in_turn(
        [partial(_processor, partial(_send, client, PICTURE)), partial(_processor, partial(_post_by_requests, bench))],
        bench.rounds(ROUNDS),
    )
    what = "processor's time of a send of 300 KB, fresh connection : requests.post"
    return Figure(row="send-cpu", what=what, ours=ours * 1e3, theirs=theirs * 1e3, unit="ms", goal=0.25)


def _client(bench: Workbench) -> OpenMarketClient:
    trust = trusted()
    trust.load_verify_locations(bench.stores.certificate)
    where = urlsplit(bench.stores.url)
    endpoint = Endpoint(host=str(where.hostname), port=int(where.port or 0), tls=True)
    return OpenMarketClient([endpoint], trust, connect_seconds=5, call_seconds=30)


def _send(client: OpenMarketClient, data: bytes | Stream) -> None:
    def new_body() -> MixedEncoder:
        return encode(FIELDS, [OutboundPart(content_id="parrot.jpg", content_type="image/jpeg", data=data)])

    call = client.post(new_body, authorization=BASIC, deadline=time.monotonic() + 30)
    assert call.answer is not None, call.problem


def _send_object(client: OpenMarketClient, bucket: MediaBucket, size: int) -> None:
    source = SourceObject(
        bucket="media", key=f"outgoing/{size}", version_id=None, etag=ETAG, size=size, content_type="image/jpeg"
    )
    _send(client, bucket.open(source))


def _post_by_requests(bench: Workbench) -> None:
    encoder = MultipartEncoder({"main": ("main", "{}", "application/json"), "parrot.jpg": ("parrot.jpg", PICTURE)})
    answer = requests.post(
        f"{bench.stores.url}{PATH}",
        data=encoder,
        headers={"Content-Type": encoder.content_type},
        auth=("local", "local"),
        timeout=30,
        verify=str(bench.stores.ca_bundle),
    )
    answer.raise_for_status()


def _processor(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
