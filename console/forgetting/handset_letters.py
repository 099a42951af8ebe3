"""A handset's messages in the dead-letter queue, which can only be looked through from its beginning to its end."""

import json
import time
from dataclasses import dataclass
from typing import Any

from console.connection import Gateway
from console.dead_letters import receive, show_again
from console.forgetting.needle import Needle
from console.watching import Watcher
from mms_gateway.openmarket.notation import normal_address

MOST = 10_000  # messages that are looked through at most: more are not hidden at once
HIDDEN = 120  # seconds that a message is hidden from others while the rest is looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of looking through the queue."""

    found: int
    whole: bool
    """Whether the queue was looked through to its end."""


class HandsetLetters:
    """Finds and removes the messages to one handset; all others are back in the queue afterwards."""

    def __init__(self, gateway: Gateway, handset: str, watcher: Watcher) -> None:
        self._sqs = gateway.sqs
        self._url = gateway.addresses.dead_letter_queue_url
        self._handset = handset
        self._needle = Needle(handset)
        self._watcher = watcher

    def look(self, *, remove: bool = False) -> Looked:
        """How many there are; with `remove`, how many there were."""
        self._watcher.begin("Looking through the dead-letter queue")
        found = 0
        others: dict[str, str] = {}
        end = time.monotonic() + HIDDEN - 20
        whole = False
        try:
            while len(others) < MOST and time.monotonic() < end:
                letters = receive(self._sqs, self._url, hidden=HIDDEN)
                whole = not letters
                if whole:
                    break
                for letter in letters:
                    is_new = letter["MessageId"] not in others
                    is_ours = self._is_ours(letter["Body"])
                    if is_ours and remove:
                        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter["ReceiptHandle"])
                    else:
                        others[letter["MessageId"]] = letter["ReceiptHandle"]
                    found += is_ours and is_new
                self._watcher.advance(len(letters))
        finally:
            show_again(self._sqs, self._url, list(others.values()))
        return Looked(found=found, whole=whole)

    def _is_ours(self, body: str) -> bool:
        """Whether it is to the handset; what is no message of ours at all, whether it has the number in it."""
        try:
            message: Any = json.loads(body)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict) and isinstance(message.get("destination"), str):
            return normal_address(message["destination"]) == self._handset
        return self._needle.is_in([body.encode("utf-8", "surrogatepass")])
