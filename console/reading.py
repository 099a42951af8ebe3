"""What the table holds, as a person asks for it; each question is a query of one key, never a scan."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

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

    def day(self, service: str, day: str, *, after: Item | None = None, limit: int | None = None) -> Page:
        """A short code's day (YYYY-MM-DD), newest first: keys, direction, handset, subject, status."""
        return self._page("by-service", "serviceDay = :day", {":day": f"{service}#{day}"}, after=after, limit=limit)

    def attention(self, kind: Kind, *, since: str = "", until: str = "~") -> Iterator[Item]:
        """Everything that a person must look at for one reason, oldest first; `since` and `until` are times."""
        values = {":kind": kind, ":since": since or " ", ":until": until}
        condition = "attention = :kind AND attentionSince BETWEEN :since AND :until"
        keys: list[Item] = []
        after: Item | None = None
        while True:
            page = self._page("attention", condition, values, after=after, forward=True)
            keys += page.items
            after = page.next
            if after is None:
                break
        whole = {(item["pk"], item["sk"]): item for item in self.items_of(keys)}
        for key in keys:
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
            raise Problem(
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


def plain(value: Any) -> Any:
    """The same with DynamoDB's numbers as int or float."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case _:
            return value


def identity(item: Item) -> str:
    """The id of a message or callback: its `pk` without what kind it is."""
    return str(item["pk"]).partition("#")[2]
