"""What there is of a handset in a gateway, wherever it lies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from console.connection import Gateway
from console.forgetting.bodies import search_bodies
from console.forgetting.handset_letters import HandsetLetters
from console.forgetting.needle import Needle
from console.forgetting.versions import Version, Versions
from console.objects import objects_of
from console.problems import Problem
from console.reading import Reader
from console.selection import Choice, Selection, in_parallel
from console.watching import Watcher
from mms_gateway.message_table.store import Item

KEPT = ("pk", "sk", "direction", "status", "requestId", "mtId", "bodySha256")
"""What is remembered of an item."""
NAMED = 5  # messages that a refusal names


@dataclass(slots=True, kw_only=True)
class Belongings:
    """Keys of items and versions of objects."""

    handset: str
    messages: list[Item] = field(default_factory=list)
    """Messages and their conflicts."""
    reports: list[Item] = field(default_factory=list)
    """Reports on them, and whose their mtIds are."""
    media: set[Version] = field(default_factory=set)
    raw: set[Version] = field(default_factory=set)
    """Callbacks as they came."""
    outgoing: set[Version] = field(default_factory=set)
    """What producers uploaded: other messages may name it too."""
    elsewhere: set[str] = field(default_factory=set)
    """Objects in other buckets, which are not the gateway's."""
    bodies: set[Version] = field(default_factory=set)
    """Further bodies with the number in them; empty where they were not searched."""
    quarantined: list[Item] = field(default_factory=list)
    """The items of those that could not be read."""
    letters: int = 0
    """Messages in the dead-letter queue."""
    letters_unseen: bool = False
    """Whether that queue is longer than what was looked through."""

    @property
    def versions(self) -> Iterator[Version]:
        """All versions of all objects."""
        for some in (self.media, self.raw, self.outgoing, self.bodies):
            yield from some

    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.messages or self.reports or self.quarantined or self.letters or any(self.versions))

    def check_settled(self, gateway: Gateway) -> None:
        """Problem where a message is not done with: without its item, a copy in the queue would go out as a new one."""
        advice = {
            "SENDING": "wait until it has settled (if it stays SENDING past its leaseUntil, enqueue it again)",
            "RETRY": "it waits in the queue; wait until it has settled",
            "IN_DOUBT": f"settle it with `{gateway.command('resolve', 'ID')}`, lest it be sent a second time",
        }
        found = [item for item in self.messages if item["sk"] == "MESSAGE" and item.get("status") in advice]
        if not found:
            return
        told = [f"{item['requestId']} is {item['status']}: {advice[item['status']]}." for item in found[:NAMED]]
        more = [f"So are {len(found) - NAMED} more."] if len(found) > NAMED else []
        raise Problem("\n".join(["Nothing was removed, for not all is settled.", *told, *more]))


class Stock:
    """Takes stock of what there is of a handset."""

    def __init__(self, gateway: Gateway, watcher: Watcher) -> None:
        self._gateway = gateway
        self._watcher = watcher
        self._reader = Reader(gateway)
        self._selection = Selection(gateway, watcher)
        self._versions = Versions(gateway)
        self._bucket = gateway.addresses.media_bucket

    def take(self, handset: str, *, thorough: bool = False) -> Belongings:
        """All that can be found by its number; `thorough` searches what can't, which reads everything there is."""
        found = Belongings(handset=handset)
        partitions = self._selection.partitions(Choice(handset=handset))
        if thorough:
            self._watcher.begin("Searching the table")
            for items in self._selection.scan("handset = :handset", {":handset": handset}):
                partitions |= {item["pk"] for item in items}
                self._watcher.advance(len(items))
        self._watcher.begin("Looking at messages", len(partitions))
        for part in in_parallel(lambda pk: self._of_partition(pk, handset), sorted(partitions)):
            _add(found, part)
            self._watcher.advance()
        letters = HandsetLetters(self._gateway, handset, self._watcher).look()
        found.letters, found.letters_unseen = letters.found, not letters.whole
        if thorough:
            self._search(found)
        return found

    def _of_partition(self, pk: str, handset: str) -> Belongings:
        """What there is under one id; another handset's message may stand there too, and keeps what it names."""
        part = Belongings(handset=handset)
        items = self._reader.items(pk)
        mine = [item for item in items if item.get("handset") == handset]
        spared = {each.key for item in items if item not in mine for each in objects_of(item)}
        part.messages = [_keep(item) for item in mine]
        reports = [report for item in mine for report in self._selection.reports_on(item)]
        part.reports = [_keep(item) for item in reports]
        kind, _, identity = pk.partition("#")
        if mine:
            prefix = f"{kind.lower()}/{identity}/"
            part.media = {version for version in self._versions.under(prefix) if version.key not in spared}
        raw = {f"raw/{item['bodySha256']}" for item in mine if "bodySha256" in item}
        part.raw = self._of_keys(raw)
        named = [each for item in mine for each in objects_of(item)]
        part.elsewhere = {each.name for each in named if each.bucket not in {None, self._bucket}}
        uploads = {each.key for each in named if each.bucket in {None, self._bucket}}
        part.outgoing = self._of_keys({key for key in uploads - spared if key.startswith("outgoing/")})
        return part

    def _search(self, found: Belongings) -> None:
        """Add the bodies with the number in them, and the items of those that could not be read."""
        known = {version.key for version in found.raw}
        for key in search_bodies(self._gateway, Needle(found.handset), self._watcher):
            if key in known:
                continue
            found.bodies |= self._of_keys({key})
            folder, _, sha256 = key.partition("/")
            if folder == "quarantine":
                found.quarantined += [_keep(item) for item in self._reader.items(f"RAW#{sha256}")]

    def _of_keys(self, keys: Iterable[str]) -> set[Version]:
        return {version for key in keys for version in self._versions.of(key)}


def _keep(item: Item) -> Item:
    return {name: item[name] for name in KEPT if name in item}


def _add(whole: Belongings, part: Belongings) -> None:
    whole.messages += part.messages
    whole.reports += part.reports
    whole.media |= part.media
    whole.raw |= part.raw
    whole.outgoing |= part.outgoing
    whole.elsewhere |= part.elsewhere
