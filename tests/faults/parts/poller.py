"""A queue of a test's own, and what Lambda does with one: hand over, delete what is acknowledged, leave the rest."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from local.stack import Stack
from tests.faults.parts.environments import Environments
from tests.runtime.events import queue_event

VISIBILITY = 6  # seconds: how long a message stays away when the function says nothing of it
MOST_RECEIVES = 200


class Queue:
    """A queue with a dead-letter queue, from which pollers take."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.client("sqs")
        self.visibility = VISIBILITY
        self.deliveries = 0
        self._left: dict[str, str] = {}
        """The latest receipts of what was received and not acknowledged, by message."""
        self.dead_letter_url = self._create({})
        arn = self._sqs.get_queue_attributes(QueueUrl=self.dead_letter_url, AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": MOST_RECEIVES}
        self.url = self._create({"RedrivePolicy": json.dumps(redrive)})

    def _create(self, attributes: Mapping[str, str]) -> str:
        url: str = self._sqs.create_queue(QueueName=f"faults-{time.time_ns()}", Attributes=attributes)["QueueUrl"]
        return url

    def enqueue(self, message: Mapping[str, Any]) -> None:
        """Put a message into the queue."""
        self._sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(message))

    def size(self, url: str) -> int:
        """The messages in a queue, those that are being worked on too."""
        told = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(told[name]) for name in told if name.startswith("ApproximateNumberOfMessages"))

    def hand_over(self, environments: Environments) -> None:
        """Receive a message, if there is one, and have it handled."""
        received = self._sqs.receive_message(
            QueueUrl=self.url, VisibilityTimeout=self.visibility, AttributeNames=["All"], MaxNumberOfMessages=1
        )
        for message in received.get("Messages", []):
            self.deliveries += 1
            self._left[message["MessageId"]] = message["ReceiptHandle"]
            answer = environments.invoke(queue_event(message))
            # Who died, or outlived its time, has said nothing: the message comes again by itself.
            if answer is not None and answer.status == 200 and answer.result == {"batchItemFailures": []}:
                with suppress(self._sqs.exceptions.ReceiptHandleIsInvalid):  # it has come again meanwhile
                    self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                    self._left.pop(message["MessageId"], None)

    def bring_again(self) -> None:
        """Bring what is put off at once, as a queue may that brings things more often than it was asked to."""
        while self._left:
            _, receipt = self._left.popitem()
            with suppress(self._sqs.exceptions.ReceiptHandleIsInvalid):  # deleted, or received again meanwhile
                self._sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=0)

    def close(self) -> None:
        """Delete both queues."""
        for url in (self.url, self.dead_letter_url):
            self._sqs.delete_queue(QueueUrl=url)


@contextmanager
def polling(queue: Queue, environments: Environments) -> Iterator[None]:
    """Poll the queue with as many threads as there are environments."""
    over = threading.Event()

    def poll() -> None:
        while not over.is_set():
            before = queue.deliveries
            queue.hand_over(environments)
            if queue.deliveries == before:
                over.wait(0.05)

    threads = [threading.Thread(target=poll, daemon=True) for _ in environments.emulators]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
