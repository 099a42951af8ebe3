"""What the table holds, as a person asks for it; each question is a query of one key, never a scan."""

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from boto3.dynamodb.types import Binary

from console.connection import Gateway
from console.problems import Problem
from mms_gateway.message_table.store import Item, deserialize, serialize

Kind = Literal["IN_DOUBT", "REJECTED", "CONFLICT", "QUARANTINED"]
KINDS: tuple[Kind, ...] = ("IN_DOUBT", "REJECTED", "CONFLICT", "QUARANTINED")
"""Why something stands in the index `attention`."""

BATCH = 100  # keys that one BatchGetItem takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some items, and the key to go on from; None where there are no more."""

    items: list[Item]
    next: Item | None


class NothingThere(Problem):
    """Nothing stands under a name."""


class Reader:
    """Reads a gateway's table; numbers come as int or float."""

    def __init__(self, gateway: Gateway) -> None:
        self._client = gateway.dynamodb
        self._table = gateway.addresses.table_name

    def conversation(
        self, handset: str, service: str | None = None, *, after: Item | None = None, limit: int | None = None
    ) -> Page:
        """A handset's messages, newest first; with a service newest first, else by service and then newest first."""
        condition, values = "handset = :handset", {":handset": handset}
        if service is not None:
            condition += " AND begins_with(handsetOrder, :start)"
            values[":start"] = f"{service}#"
        return self._page("by-handset", condition, values, after=after, limit=limit)

    def newest(self, handset: str, limit: int, service: str | None = None) -> tuple[list[Item], bool]:
        """The newest of a handset's messages with one service or with all, newest first; and whether there are more."""
        found: list[Item] = []
        for each in [service] if service is not None else self._services(handset):
            found += islice(self.exchanged(handset, each, at_once=limit + 1), limit + 1)
        found.sort(key=lambda item: str(item["handsetOrder"]).partition("#")[2], reverse=True)
        return found[:limit], len(found) > limit

    def exchanged(self, handset: str, service: str, *, at_once: int) -> Iterator[Item]:
        """Everything between a handset and a service, newest first, read so many at a time."""
        return _every(lambda after: self.conversation(handset, service, after=after, limit=at_once))

    def newest_of_day(self, service: str, day: str, limit: int) -> tuple[list[Item], bool]:
        """The newest of a short code's day, newest first; and whether there are more."""
        found = list(islice(_every(lambda after: self.day(service, day, after=after, limit=limit + 1)), limit + 1))
        return found[:limit], len(found) > limit

    def _services(self, handset: str) -> Iterator[str]:
        """Those that it has messages with: the index has them one after the other, and each is one step."""
        condition, values = "handset = :handset", {":handset": handset}
        while items := self._page("by-handset", condition, values, limit=1).items:
            service = str(items[0]["handsetOrder"]).partition("#")[0]
            yield service
            condition = "handset = :handset AND handsetOrder < :before"
            values = {":handset": handset, ":before": f"{service}#"}

    def day(self, service: str, day: str, *, after: Item | None = None, limit: int | None = None) -> Page:
        """A short code's day (YYYY-MM-DD), newest first: keys, direction, handset, subject, status."""
        return self._page("by-service", "serviceDay = :day", {":day": f"{service}#{day}"}, after=after, limit=limit)

    def attention(self, kind: Kind, *, since: str = "", until: str = "~") -> Iterator[Item]:
        """Everything that a person must look at for one reason, oldest first; `since` and `until` are times."""
        values = {":kind": kind, ":since": since or " ", ":until": until}
        condition = "attention = :kind AND attentionSince BETWEEN :since AND :until"
        keys = _every(lambda after: self._page("attention", condition, values, after=after, limit=BATCH, forward=True))
        while some := list(islice(keys, BATCH)):
            whole = {(item["pk"], item["sk"]): item for item in self.items_of(some)}
            for key in some:
                item = whole.get((key["pk"], key["sk"]), {})
                if item.get("attention") == kind:  # the index may lag behind
                    yield item

    def item(self, pk: str, sk: str = "MESSAGE") -> Item | None:
        """One item as of now."""
        answer = self._client.get_item(TableName=self._table, Key=serialize({"pk": pk, "sk": sk}), ConsistentRead=True)
        return plain(deserialize(answer["Item"])) if "Item" in answer else None

    def items(self, pk: str, start: str = "") -> list[Item]:
        """All items under one partition key, as of now, by their sort keys; those that begin so."""
        condition, values = "pk = :pk", {":pk": pk}
        if start:
            condition, values = f"{condition} AND begins_with(sk, :start)", {**values, ":start": start}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=serialize(values),
            ConsistentRead=True,
        )
        return [plain(deserialize(item)) for page in pages for item in page["Items"]]

    def items_of(self, keys: Iterable[Item]) -> Iterator[Item]:
        """The items under these keys, in any order."""
        wanted = [serialize({"pk": key["pk"], "sk": key["sk"]}) for key in keys]
        for start in range(0, len(wanted), BATCH):
            asked: Any = {self._table: {"Keys": wanted[start : start + BATCH]}}
            while asked:
                answer = self._client.batch_get_item(RequestItems=asked)
                yield from (plain(deserialize(item)) for item in answer["Responses"].get(self._table, []))
                asked = answer.get("UnprocessedKeys")

    def reports(self, mt_id: str) -> list[Item]:
        """Every delivery report on a message, in the order of their dates."""
        return self.items(f"MTID#{mt_id}", "REPORT#")

    def messages(self, identity: str) -> list[Item]:
        """What stands under an id: a requestId, moId or mtId, a quarantined body's SHA-256, or a whole `pk`."""
        if "#" in identity:
            return self.items(identity)
        found = [*self.items(f"MT#{identity}"), *self.items(f"MO#{identity}"), *self.items(f"RAW#{identity}")]
        request = self.item(f"MTID#{identity}", "REQUEST")
        return found or (self.items(f"MT#{request['requestId']}") if request else [])

    def message(self, identity: str) -> Item:
        """The one message under an id; Problem where there is none, or several."""
        found = [item for item in self.messages(identity) if item["sk"] in {"MESSAGE", "CALLBACK"}]
        if not found:
            raise NothingThere(
                f"Nothing stands under {identity}. Give a requestId, a moId, an mtId, a quarantined body's SHA-256, or "
                "a `pk` such as MT#order-4711; one that waits in the queue has no item yet."
            )
        if len(found) > 1:
            names = " and ".join(item["pk"] for item in found)
            raise Problem(f"Several stand under {identity}: name one of {names}.")
        return found[0]

    def _page(  # noqa: PLR0913 - the parts of one query
        self,
        index: str,
        condition: str,
        values: Item,
        *,
        after: Item | None = None,
        limit: int | None = None,
        forward: bool = False,
    ) -> Page:
        more: Any = {"ExclusiveStartKey": serialize(after)} if after else {}
        if limit is not None:
            more["Limit"] = limit
        answer = self._client.query(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=serialize(values),
            ScanIndexForward=forward,
            **more,
        )
        last = answer.get("LastEvaluatedKey")
        return Page(
            items=[plain(deserialize(item)) for item in answer["Items"]], next=deserialize(last) if last else None
        )


def _every(ask: Callable[[Item | None], Page]) -> Iterator[Item]:
    """The items of one page after the other; a page is asked for when the one before is used up."""
    after: Item | None = None
    while True:
        page = ask(after)
        yield from page.items
        after = page.next
        if after is None:
            return


def plain(value: Any) -> Any:
    """The same as JSON may have it: DynamoDB's numbers as int or float, its sets as lists, its bytes as base64."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case set():
            return sorted(plain(each) for each in value)
        case Binary():
            return base64.b64encode(value.value).decode()  # type: ignore[attr-defined]
        case _:
            return value


def identity(item: Item) -> str:
    """The id of a message or callback: its `pk` without what kind it is."""
    return str(item["pk"]).partition("#")[2]
