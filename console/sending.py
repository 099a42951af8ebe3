"""Send a finished message: its files into the bucket, the message into the queue, and what becomes of it."""

import io
import time
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.drafts import Finished
from console.problems import DENIED, Problem
from console.reading import Reader
from mms_gateway.message_table.store import Item

POLL_SECONDS = 0.5
SETTLED = {"REJECTED", "IN_DOUBT", "CLOSED"}
"""States that a message leaves only by a person's hand."""


class IdTaken(Problem):
    """Another message stands under this one's id: give it another id, after a look at that one."""


def send(gateway: Gateway, message: Finished, uploaded: Callable[[int], None] = lambda _: None) -> None:
    """Upload a message's files, then enqueue it; `uploaded` hears of each further number of bytes.

    IdTaken, and nothing is uploaded, where its id was used before for another message.
    """
    if (standing := _look_up(gateway, message)) is not None:
        _refuse_another(gateway, message, standing)
    for upload in message.uploads:
        gateway.s3.upload_fileobj(
            io.BytesIO(upload.attachment.data),
            gateway.addresses.media_bucket,
            upload.key,
            ExtraArgs={"ContentType": upload.attachment.content_type},
            Callback=uploaded,
        )
    gateway.sqs.send_message(QueueUrl=gateway.addresses.send_queue_url, MessageBody=message.body)


def _look_up(gateway: Gateway, message: Finished) -> Item | None:
    """What stands under a message's id; nothing for those who may send but not read."""
    try:
        return Reader(gateway).item(f"MT#{message.request_id}")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in DENIED:
            return None
        raise


def _refuse_another(gateway: Gateway, message: Finished, standing: Item) -> None:
    if standing.get("requestSha256") != message.request_sha256:
        raise IdTaken(
            f"The id {message.request_id} was used before for another message, so this one is not sent; give it an id "
            f"of its own. `{gateway.command('show', message.request_id)}` shows what stands there."
        )


def is_settled(item: Item) -> bool:
    """Whether nothing more is to be waited for."""
    return item["status"] in SETTLED or bool(item.get("delivery", {}).get("final"))


def follow(gateway: Gateway, message: Finished, timeout: float) -> Iterator[Item]:
    """The message's item each time that it has changed, until it is settled or so many seconds are over.

    IdTaken where its id was used before, for another message.
    """
    reader = Reader(gateway)
    end = time.monotonic() + timeout
    last: list[object] = []
    while time.monotonic() < end:
        item = reader.item(f"MT#{message.request_id}")
        if item is not None:
            _refuse_another(gateway, message, item)
            state = [item.get(name) for name in ("status", "attempts", "delivery", "error", "retryAt")]
            if state != last:
                last = state
                yield item
            if is_settled(item):
                return
        time.sleep(POLL_SECONDS)
