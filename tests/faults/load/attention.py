"""What a person is shown: an item that lacks one of the index's two keys is in no index, whatever it says itself."""

from collections.abc import Container

from boto3.dynamodb.conditions import Key

from local.readback import Item, ReadBack

Listed = frozenset[tuple[str, str, str]]
"""`attention` and both keys of an item."""


def listed(stored: ReadBack, *kinds: str) -> Listed:
    """All that the index `attention` holds under these words, page by page."""
    return frozenset((kind, item["pk"], item["sk"]) for kind in kinds for item in _query(stored, kind))


def is_listed(item: Item, found: Container[tuple[str, str, str]]) -> bool:
    """Whether it is where a person finds it, if it asks for one at all."""
    return "attention" not in item or (item["attention"], item["pk"], item["sk"]) in found


def _query(stored: ReadBack, kind: str) -> list[Item]:
    asked = Key("attention").eq(kind)
    page = stored.table.query(IndexName="attention", KeyConditionExpression=asked)
    items = page["Items"]
    while "LastEvaluatedKey" in page:
        page = stored.table.query(
            IndexName="attention", KeyConditionExpression=asked, ExclusiveStartKey=page["LastEvaluatedKey"]
        )
        items += page["Items"]
    return items
