"""The list of conversations, newest first: read back day by day as far as somebody looks, and kept up to date."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import DENIED, Problem
from console.reading import Reader, identity
from mms_gateway.message_table.store import Item, deserialize

DAYS = 100  # that are looked back where the index is too large to be looked through: a query for each and short code
SURVEY_PAGES = 10  # of the index, 1 MB each, that are looked through for short codes and their days
PAGE = 200  # entries of one query
QUERIES = 40  # for one answer at most: a short code may have few conversations and very many messages
SHORTEST_NUMBER = 5  # characters of what may be a whole number: for less the table is not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A handset and a short code, and their newest message."""

    service: str
    """"" where a handset's message names none."""
    handset: str
    order: str
    """The newest message's `sentAt` and id: newer ones are larger."""
    key: tuple[str, str]
    """The newest message's pk and sk."""

    @property
    def at(self) -> str:
        """When the newest message was sent."""
        return self.order[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """Some conversations, newest first, and the `order` before which to go on; None where there are no more."""

    conversations: list[Conversation]
    before: str | None


@dataclass(slots=True)
class _History:
    """A short code's messages, read back by pages."""

    pages: Iterator[list[Conversation]]
    read_to: str | None = "~"
    """The `order` down to which it has been read; None at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    days: set[tuple[str, str]] = field(default_factory=set)
    """Short codes and days on which they have messages."""
    complete: bool
    """Whether these are all."""


class Inbox:
    """Conversations by (service, handset); may be used by several threads, and news never wait for a query."""

    def __init__(self, gateway: Gateway, services: Sequence[str] = ()) -> None:
        self._gateway = gateway
        self._reader = Reader(gateway)
        self._named = tuple(services)
        self._lock = threading.Lock()  # for what is known
        self._reading = threading.Lock()  # for the way back
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self._histories: dict[str, _History] | None = None

    @property
    def services(self) -> list[str]:
        """The short codes that are shown."""
        self._begun()
        with self._lock:
            return sorted({*self._named, *(service for service, _ in self._conversations)} | set(self._histories or ()))

    def restart(self) -> None:
        """Forget everything: changes may have been missed."""
        with self._lock:
            self._histories = None
            self._conversations = {}

    def newest(self, count: int, *, service: str | None = None, before: str | None = None) -> Some:
        """So many conversations or fewer, newest first; those older than an `order`."""
        with self._reading:
            every = self._begun()
            histories = every if service is None else {service: every[service]} if service in every else {}
            for _ in range(QUERIES + len(histories)):
                frontier = max((each.read_to for each in histories.values() if each.read_to is not None), default="")
                found = self._matching(service, before, frontier)
                if len(found) > count:
                    return Some(conversations=found[:count], before=found[count - 1].order)
                if not frontier:
                    return Some(conversations=found, before=None)
                self._read_on(next(each for each in histories.values() if each.read_to == frontier))
        return Some(conversations=found, before=frontier)

    def search(self, text: str, limit: int, service: str | None = None) -> list[Conversation]:
        """Conversations of a handset that is named whole, then those already read whose number holds the text."""
        if len(text) >= SHORTEST_NUMBER:
            for each in [service] if service is not None else self.services:
                self.look_up(each, text)
        found = [each for each in self._matching(service) if text in each.handset]
        return sorted(found, key=lambda each: each.handset != text)[:limit]

    def look_up(self, service: str, handset: str) -> Conversation | None:
        """One conversation as it stands in the table now; None where there is none."""
        items = self._reader.conversation(handset, service, limit=1).items
        if not items:
            self.remove(service, handset)
            return None
        self.note(items[0])
        with self._lock:
            return self._conversations.get((service, handset))

    def note(self, item: Item) -> None:
        """A message that has come or changed."""
        conversation = _of_item(item)
        if conversation is not None and (not self._named or conversation.service in self._named):
            self._put([conversation])

    def remove(self, service: str, handset: str) -> None:
        """A message of it is gone: what the newest one is has to be looked up again."""
        with self._lock:
            self._conversations.pop((service, handset), None)

    def _put(self, conversations: Iterable[Conversation]) -> None:
        with self._lock:
            for conversation in conversations:
                key = conversation.service, conversation.handset
                standing = self._conversations.get(key)
                if standing is None or standing.order <= conversation.order:
                    self._conversations[key] = conversation

    def _matching(self, service: str | None = None, before: str | None = None, since: str = "") -> list[Conversation]:
        with self._lock:
            found = [
                each
                for each in self._conversations.values()
                if service in {None, each.service} and (before is None or each.order < before) and each.order >= since
            ]
        return sorted(found, key=lambda each: each.order, reverse=True)

    def _read_on(self, history: _History) -> None:
        """Read one more page of the past."""
        page = next(history.pages, None)
        if page is None:
            history.read_to = None
        elif page:
            self._put(page)
            history.read_to = page[-1].order

    def _begun(self) -> dict[str, _History]:
        """The histories of the short codes, begun where they are not."""
        with self._lock:
            standing = self._histories
        if standing is not None:
            return standing
        survey = self._survey()
        services = set(self._named) or {service for service, _ in survey.days}
        fresh = {service: _History(self._read_back(service, survey)) for service in services}
        with self._lock:
            self._histories = self._histories if self._histories is not None else fresh
            return self._histories

    def _read_back(self, service: str, survey: _Survey) -> Iterator[list[Conversation]]:
        """A short code's messages, newest first, by pages."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)  # a handset's clock may be ahead
        days = {f"{tomorrow - timedelta(days=back):%Y-%m-%d}" for back in range(DAYS)}
        if survey.complete:
            days = {day for each, day in survey.days if each == service}
        for day in sorted(days, reverse=True):
            after: Item | None = None
            while True:
                page = self._reader.day(service, day, after=after, limit=PAGE)
                yield [_of_entry(service, entry) for entry in page.items if "handset" in entry]
                after = page.next
                if after is None:
                    break

    def _survey(self) -> _Survey:
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
                return _Survey(complete=False)
            raise Problem(
                "Which short codes there are could not be looked up (it takes dynamodb:Scan on the index by-service). "
                f"Name them: `{self._gateway.command('console', '--service', '88600')}`."
            ) from error
        return _Survey(days=days, complete=True)


def _of_entry(service: str, entry: Item) -> Conversation:
    """The conversation of an entry of the index by-service."""
    key = (entry["pk"], entry["sk"])
    return Conversation(service=service, handset=entry["handset"], order=entry["serviceOrder"], key=key)


def _of_item(item: Item) -> Conversation | None:
    """The conversation that a message belongs to; None where it belongs to none."""
    if not {"handset", "sentAt"} <= item.keys():
        return None
    return Conversation(
        service=item.get("service", ""),
        handset=item["handset"],
        order=item.get("serviceOrder") or f"{item['sentAt']}#{identity(item)}",
        key=(item["pk"], item["sk"]),
    )
