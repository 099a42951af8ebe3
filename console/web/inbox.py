"""The list of conversations, newest first: read back day by day as far as somebody looks, and kept up to date."""

import heapq
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import DENIED, Problem
from console.reading import Reader, identity
from mms_gateway.message_table.store import Item, deserialize

DAYS = 100  # that are looked back where the index is too large to be looked through: a query for each and short code
SURVEY_PAGES = 10  # of the index, 1 MB each, that are looked through for short codes and their days
PAGE = 200  # entries of one query
SHORTEST_NUMBER = 5  # characters of what may be a whole number: for less the table is not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A handset and a short code, and their newest message."""

    service: str
    handset: str
    order: str
    """The newest message's `sentAt` and id: newer ones are larger."""
    key: tuple[str, str]
    """The newest message's pk and sk."""

    @property
    def at(self) -> str:
        """When the newest message was sent."""
        return self.order[:24]


class Inbox:
    """Conversations by (service, handset); may be used by several threads."""

    def __init__(self, gateway: Gateway, services: Sequence[str] = ()) -> None:
        self._gateway = gateway
        self._reader = Reader(gateway)
        self._named = tuple(services)
        self._lock = threading.RLock()
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self._services: set[str] = set()
        self._history: Iterator[Conversation] | None = None
        self._read_to = ""
        """The `order` down to which the past has been read: what is older may have gaps."""

    @property
    def services(self) -> list[str]:
        """The short codes that are shown."""
        with self._lock:
            self._begin()
            return sorted(self._services)

    def restart(self) -> None:
        """Forget everything: changes may have been missed."""
        with self._lock:
            self._history = None
            self._conversations = {}

    def newest(self, count: int, *, service: str | None = None, before: str | None = None) -> list[Conversation]:
        """So many conversations, newest first; those older than an `order`."""
        with self._lock:
            self._begin()
            more = True
            while len(found := self._matching(service, before, self._read_to)) < count and more:
                more = self._read_on()
            return found[:count]

    def search(self, text: str, limit: int) -> list[Conversation]:
        """Conversations of a handset that is named whole, then those already read whose number holds the text."""
        with self._lock:
            self._begin()
            known = {each.service for each in self._conversations.values() if each.handset == text}
            for service in self._services - known if len(text) >= SHORTEST_NUMBER else ():
                self.look_up(service, text)
            found = self._matching()
        matching = [each for each in found if text in each.handset]
        return sorted(matching, key=lambda each: each.handset != text)[:limit]

    def look_up(self, service: str, handset: str) -> Conversation | None:
        """One conversation as it stands in the table now; None where there is none."""
        items = self._reader.conversation(handset, service, limit=1).items
        with self._lock:
            if not items:
                self._conversations.pop((service, handset), None)
                return None
            self.note(items[0])
            return self._conversations.get((service, handset))

    def note(self, item: Item) -> None:
        """A message that has come or changed."""
        conversation = _of_item(item)
        if conversation is None or (self._named and conversation.service not in self._named):
            return
        with self._lock:
            self._services.add(conversation.service)
            self._put(conversation)

    def remove(self, service: str, handset: str) -> None:
        """A message of it is gone: what the newest one is has to be looked up again."""
        with self._lock:
            self._conversations.pop((service, handset), None)

    def _put(self, conversation: Conversation) -> None:
        key = conversation.service, conversation.handset
        standing = self._conversations.get(key)
        if standing is None or standing.order <= conversation.order:
            self._conversations[key] = conversation

    def _matching(self, service: str | None = None, before: str | None = None, since: str = "") -> list[Conversation]:
        found = [
            each
            for each in self._conversations.values()
            if service in {None, each.service} and (before is None or each.order < before) and each.order >= since
        ]
        return sorted(found, key=lambda each: each.order, reverse=True)

    def _begin(self) -> None:
        if self._history is None:
            survey = self._survey()
            self._services |= set(self._named) or {service for service, _ in survey.days}
            self._history, self._read_to = self._read_back(survey), "~"

    def _read_on(self) -> bool:
        """Read some more of the past; false at its end."""
        for _ in range(PAGE):
            entry = next(self._history, None) if self._history is not None else None
            if entry is None:
                self._read_to = ""
                return False
            self._put(entry)
            self._read_to = entry.order
        return True

    def _read_back(self, survey: "_Survey") -> Iterator[Conversation]:
        """Every message of the short codes, newest first; a day's are read by pages, as they are asked for."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)  # a handset's clock may be ahead
        days = {f"{tomorrow - timedelta(days=back):%Y-%m-%d}" for back in range(DAYS)}
        if survey.complete:
            days = {day for _, day in survey.days}
        for day in sorted(days, reverse=True):
            there = [each for each in sorted(self._services) if not survey.complete or (each, day) in survey.days]
            yield from heapq.merge(
                *(self._day(service, day) for service in there), key=lambda each: each.order, reverse=True
            )

    def _day(self, service: str, day: str) -> Iterator[Conversation]:
        after: Item | None = None
        while True:
            page = self._reader.day(service, day, after=after, limit=PAGE)
            for entry in page.items:
                if "handset" in entry:
                    yield Conversation(
                        service=service,
                        handset=entry["handset"],
                        order=entry["serviceOrder"],
                        key=(entry["pk"], entry["sk"]),
                    )
            after = page.next
            if after is None:
                return

    def _survey(self) -> "_Survey":
        """Which short codes have messages on which days, out of the index or a part of it.

        Problem where it may not be looked through, and no short code is named.
        """
        pages = self._gateway.dynamodb.get_paginator("scan").paginate(
            TableName=self._gateway.addresses.table_name, IndexName="by-service", ProjectionExpression="serviceDay"
        )
        days: set[tuple[str, str]] = set()
        try:
            for number, page in enumerate(pages):
                if number == SURVEY_PAGES:
                    return _Survey(days=days, complete=False)
                for item in page["Items"]:
                    service, _, day = str(deserialize(item)["serviceDay"]).rpartition("#")
                    days.add((service, day))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in DENIED:
                raise
            if self._named:
                return _Survey(days=set(), complete=False)
            raise Problem(
                "Which short codes there are could not be looked up (it takes dynamodb:Scan on the index by-service). "
                "Name them: mms console --service 88600."
            ) from error
        return _Survey(days=days, complete=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    days: set[tuple[str, str]]
    """Short codes and days on which they have messages."""
    complete: bool
    """Whether these are all."""


def _of_item(item: Item) -> Conversation | None:
    """The conversation that a message belongs to; None where it belongs to none."""
    if not {"handset", "service", "sentAt"} <= item.keys():
        return None
    return Conversation(
        service=item["service"],
        handset=item["handset"],
        order=item.get("serviceOrder") or f"{item['sentAt']}#{identity(item)}",
        key=(item["pk"], item["sk"]),
    )
