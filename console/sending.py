"""Send a finished message: its files into the bucket, the message into the queue, and what becomes of it."""

import io
import time
from collections.abc import Callable, Iterator

from console.connection import Gateway
from console.drafts import Finished
from console.problems import Problem
from console.reading import Reader
from mms_gateway.message_table.store import Item

POLL_SECONDS = 0.5
SETTLED = {"REJECTED", "IN_DOUBT", "CLOSED"}
"""States that a message leaves only by a person's hand."""


def send(gateway: Gateway, message: Finished, uploaded: Callable[[int], None] = lambda _: None) -> None:
    """Upload a message's files, then enqueue it; `uploaded` hears of each further number of bytes."""
    for upload in message.uploads:
        gateway.s3.upload_fileobj(
            io.BytesIO(upload.attachment.data),
            gateway.addresses.media_bucket,
            upload.key,
            ExtraArgs={"ContentType": upload.attachment.content_type},
            Callback=uploaded,
        )
    gateway.sqs.send_message(QueueUrl=gateway.addresses.send_queue_url, MessageBody=message.body)


def is_settled(item: Item) -> bool:
    """Whether nothing more is to be waited for."""
    return item["status"] in SETTLED or bool(item.get("delivery", {}).get("final"))


def follow(reader: Reader, message: Finished, timeout: float) -> Iterator[Item]:
    """The message's item each time that it has changed, until it is settled or so many seconds are over.

    Problem where its id was used before, for another message.
    """
    end = time.monotonic() + timeout
    last: tuple[object, ...] = ()
    while time.monotonic() < end:
        item = reader.item(f"MT#{message.request_id}")
        if item is not None:
            if item.get("requestSha256") != message.request_sha256:
                raise Problem(
                    f"{message.request_id} was used before for another message, so this one is not sent; give another "
                    f"--id. `mms show {message.request_id}` shows both."
                )
            state = (item["status"], item.get("attempts"), item.get("delivery"), item.get("error"))
            if state != last:
                last = state
                yield item
            if is_settled(item):
                return
        time.sleep(POLL_SECONDS)
