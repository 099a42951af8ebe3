"""A producer of messages: enqueues them as any client of AWS would, and waits for what becomes of them."""

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from local.readback import Item, ReadBack
from local.stack import Stack

SETTLED = {"ACCEPTED", "REJECTED", "IN_DOUBT", "CLOSED"}
NUMBERS = (f"44{n % 10**10:010}" for n in itertools.count(time.time_ns() // 10**6))


class Producer:
    """Sends through the stack's real queue."""

    def __init__(self, stack: Stack, stored: ReadBack) -> None:
        self._stack, self._stored = stack, stored
        self._sqs = stack.client("sqs")
        self.bucket = stack.media_bucket

    def message(self, **fields: Any) -> dict[str, Any]:
        """A message to a handset of its own; fields given as None are left out."""
        number = next(NUMBERS)
        whole: dict[str, Any] = {
            "requestId": str(uuid.uuid4()),
            "source": "88600",
            "destination": number,
            "subject": "Your parrot",
            "content": [{"contentId": "text.txt", "text": "Here it is"}],
        }
        return {name: value for name, value in {**whole, **fields}.items() if value is not None}

    def enqueue(self, message: dict[str, Any] | str, times: int = 1) -> None:
        body = message if isinstance(message, str) else json.dumps(message)
        for _ in range(times):
            self._sqs.send_message(QueueUrl=self._stack.send_queue_url, MessageBody=body)

    def upload(self, name: str, data: bytes, content_type: str = "image/jpeg") -> dict[str, str]:
        """Put an object under outgoing/; what to write as `s3`."""
        key = f"outgoing/{next(NUMBERS)}-{name}"
        self._stored.bucket.Object(key).put(Body=data, ContentType=content_type)
        return {"bucket": self.bucket, "key": key}

    def item(self, message: dict[str, Any]) -> Item:
        return self._stored.item(f"MT#{message['requestId']}")

    def send(self, message: dict[str, Any], patience: float = 60) -> Item:
        """Enqueue a message and wait until it has settled."""
        self.enqueue(message)
        return self.wait(message, lambda item: item.get("status") in SETTLED, patience)

    def wait(self, message: dict[str, Any], until: Callable[[Item], object], patience: float = 60) -> Item:
        end = time.monotonic() + patience
        while not until(item := self.item(message)):
            assert time.monotonic() < end, f"after {patience} s it stands like this: {item}"
            time.sleep(0.1)
        return item

    def wait_for_all(self, messages: Iterable[dict[str, Any]], patience: float) -> list[Item]:
        end = time.monotonic() + patience
        return [
            self.wait(one, lambda item: item.get("status") in SETTLED, max(end - time.monotonic(), 0.1))
            for one in messages
        ]

    def empties_the_queue(self, patience: float = 60) -> None:
        """Wait until no message is left in the queue, neither waiting nor being worked on."""
        end = time.monotonic() + patience
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while any(
            int(count)
            for count in self._sqs.get_queue_attributes(QueueUrl=self._stack.send_queue_url, AttributeNames=names)[
                "Attributes"
            ].values()
        ):
            assert time.monotonic() < end, "there are messages in the queue still"
            time.sleep(0.2)

    def set_aside(self, contains: str, patience: float = 30) -> list[dict[str, Any]]:
        """Messages of the dead-letter queue that contain a text, taken out of it; waits for the first."""
        end = time.monotonic() + patience
        found: list[dict[str, Any]] = []
        while not found and time.monotonic() < end:
            answer = self._sqs.receive_message(
                QueueUrl=self._stack.dead_letter_queue_url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                VisibilityTimeout=1,
                WaitTimeSeconds=1,
            )
            found = [one for one in answer.get("Messages", []) if contains in one["Body"]]
            for one in found:
                self._sqs.delete_message(QueueUrl=self._stack.dead_letter_queue_url, ReceiptHandle=one["ReceiptHandle"])
        return found
