"""Everything of a handset removed, in an order that can be interrupted at any point and begun again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.connection import Gateway
from console.forgetting.belongings import Belongings
from console.forgetting.handset_letters import HandsetLetters
from console.forgetting.versions import Versions
from console.problems import Problem
from console.selection import Choice, Selection, in_parallel
from console.watching import Watcher
from mms_gateway.message_table.store import Item, serialize

BATCH = 25  # items that one BatchWriteItem takes
TRIES = 8
PATIENCE = 30.0  # seconds that an index may lag behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was found when it was looked again."""

    messages: int = 0
    versions: int = 0
    letters: int = 0

    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.messages or self.versions or self.letters)


class Removal:
    """Removes a handset's belongings from a gateway."""

    def __init__(self, gateway: Gateway, watcher: Watcher) -> None:
        self._gateway = gateway
        self._client = gateway.dynamodb
        self._table = gateway.addresses.table_name
        self._versions = Versions(gateway)
        self._watcher = watcher

    def remove(self, belongings: Belongings) -> None:
        """Remove what was found; Problem, and nothing is, where a message has not settled."""
        belongings.check_settled(self._gateway)
        # A body that could not be read is found by what is in it, its item only by the body: the item goes first.
        self._remove_items("Removing what could not be read", belongings.quarantined)
        versions = list(belongings.versions)
        self._watcher.begin("Removing objects", len(versions))
        self._versions.remove(versions, self._watcher)
        if belongings.letters:
            HandsetLetters(self._gateway, belongings.handset, self._watcher).look(remove=True)
        # Last what all else was found by: reports by their messages, messages by the handset.
        self._remove_items("Removing delivery reports", belongings.reports)
        self._remove_items("Removing messages", belongings.messages)

    def look_again(self, belongings: Belongings, *, patience: float = PATIENCE) -> Left:
        """What is still there of what was removed, and of what came meanwhile."""
        end = time.monotonic() + patience
        selection = Selection(self._gateway, self._watcher)
        choice = Choice(handset=belongings.handset)
        while (partitions := selection.partitions(choice)) and time.monotonic() < end:
            time.sleep(0.5)
        removed = {version.key for version in belongings.versions}
        self._watcher.begin("Looking for objects again", len(removed))
        versions = 0
        for found in in_parallel(self._versions.of, sorted(removed)):
            versions += len(found)
            self._watcher.advance()
        letters = HandsetLetters(self._gateway, belongings.handset, self._watcher).look()
        return Left(messages=len(partitions), versions=versions, letters=letters.found)

    def _remove_items(self, what: str, items: list[Item]) -> None:
        keys = list({(item["pk"], item["sk"]): None for item in items})
        self._watcher.begin(what, len(keys))
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            self._remove_batch(serialize({"pk": pk, "sk": sk}) for pk, sk in batch)
            self._watcher.advance(len(batch))

    def _remove_batch(self, keys: Iterable[Item]) -> None:
        asked: Any = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        for number in range(TRIES):
            asked = self._client.batch_write_item(RequestItems=asked).get("UnprocessedItems")
            if not asked:
                return
            time.sleep(0.1 * 2**number)
        raise Problem("DynamoDB is too busy to remove all items. Order it again in a while: it goes on where it was.")
