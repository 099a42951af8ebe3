"""What a person decides: a doubtful message is sent again, was accepted, or is left at that; all else is dismissed.

Each function takes the item as the person saw it, and changes nothing where it has changed since.
"""

import re
from typing import Any, Literal

from console.attention import handle_of, is_ordered_again
from console.connection import Gateway
from console.media import Media
from console.problems import Problem
from console.reading import Reader, identity
from mms_gateway.message_table.store import Item, deserialize, serialize, with_expiry

_MT_ID = re.compile("[0-9]{1,40}")
_INSTEAD = {
    "REJECTED": "Send another one, with a new requestId; closing takes this one off the list",
    "CONFLICT": "Its id was taken, so it is not sent under it: send it with a new requestId; closing takes this off "
    "the list",
    "QUARANTINED": "It is a callback that could not be read: replay it after a fix, or close it",
}
"""What to do with something that is no doubt, instead of settling it."""


def is_doubt(item: Item) -> bool:
    """Whether it is a message to send that is, or was, in doubt, and not something else that needs attention."""
    is_message = item["sk"] == "MESSAGE" and str(item["pk"]).startswith("MT#")
    return is_message and str(item.get("attention", "IN_DOUBT")) == "IN_DOUBT" and item.get("status") != "REJECTED"


def resend(gateway: Gateway, item: Item) -> None:
    """Send a doubtful message again; may be repeated. It arrives twice if OpenMarket took it before."""
    _check(item, "RETRY")
    details = _details(gateway, item)
    _settle(gateway, item, "RETRY", "SET #status = :status")  # its attention tells the sender that a person wants it
    _enqueue(gateway, details)


def accept(gateway: Gateway, item: Item, mt_id: str) -> None:
    """Note the mtId under which OpenMarket took a doubtful message, and have its reports joined; may be repeated."""
    if _MT_ID.fullmatch(mt_id) is None:
        raise Problem(f"{mt_id} is no mtId: give the digits that OpenMarket tells.")
    _check(item, "ACCEPTED", mt_id)
    request = Reader(gateway).item(f"MTID#{mt_id}", "REQUEST")
    if request is not None and request["requestId"] != identity(item):
        raise Problem(
            f"{mt_id} is the mtId of {request['requestId']}, so {identity(item)} can't have it. Ask OpenMarket again, "
            "or close the doubt."
        )
    details = _details(gateway, item)
    _settle(
        gateway,
        item,
        "ACCEPTED",
        "SET #status = :status, mtId = :mtId REMOVE attention, attentionSince, #error",
        condition="(attribute_not_exists(mtId) OR mtId = :mtId)",  # the sender, or somebody else, may know another
        names={"#error": "error"},
        values={":mtId": mt_id},
    )
    _enqueue(gateway, details)  # the sender joins it with its reports


def close(gateway: Gateway, item: Item) -> None:
    """Leave a doubt at that, or take anything else off the list; may be repeated."""
    if is_doubt(item):
        _check(item, "CLOSED")
        _settle(gateway, item, "CLOSED", "SET #status = :status REMOVE attention, attentionSince")
    elif "attention" in item:
        _dismiss(gateway, item)


def _check(item: Item, status: str, mt_id: str | None = None) -> None:
    """Problem where there is no doubt that could be settled so."""
    if not is_doubt(item):
        kind = str(item.get("attention", item.get("status", "no message")))
        instead = _INSTEAD.get(kind, "It came from a handset, and was not sent")
        raise Problem(f"{handle_of(item)} is {kind}, not IN_DOUBT. {instead}.")
    now = str(item["status"])
    if now in {"IN_DOUBT", status} and "attempts" in item and item.get("mtId", mt_id) == mt_id:
        return
    aside = ""
    if is_ordered_again(item):
        aside = ": it was ordered again, and is tried as soon as its turn comes"
    elif "mtId" in item:
        aside = f": OpenMarket took it as {item['mtId']}"
    elif now == "SENDING" and "leaseUntil" in item:
        aside = f": a function is at it, until {item['leaseUntil']} at the latest; wait until then, and look again"
    elif now == "RETRY" and "retryAt" in item:
        aside = f": it is tried again by itself, at {item['retryAt']}"
    raise Problem(f"{identity(item)} is {now}, not IN_DOUBT{aside}.")


def _settle(  # noqa: PLR0913 - the parts of one write
    gateway: Gateway,
    item: Item,
    status: Literal["RETRY", "ACCEPTED", "CLOSED"],
    change: str,
    *,
    condition: str = "",
    names: dict[str, str] | None = None,
    values: Item | None = None,
) -> None:
    """Write the decision, unless somebody has claimed or settled the message since it was read."""
    update, kept = with_expiry(change, gateway.retention)
    standing = _change(
        gateway,
        item,
        update,
        " AND ".join(["#status IN (:doubt, :status)", "attempts = :attempts", *([condition] if condition else [])]),
        names={"#status": "status", **(names or {})},
        values={
            ":status": status,
            ":doubt": "IN_DOUBT",
            ":attempts": item["attempts"],
            **kept,
            **(values or {}),
        },
    )
    if standing is not None:
        known = standing.get("mtId")
        raise Problem(
            f"{identity(item)} has changed since it was read: it is {standing.get('status', 'gone')} now"
            f"{f', as {known}' if known else ''}, after {standing.get('attempts', 0)} tries. Nothing was changed; look "
            "at it again."
        )


def _dismiss(gateway: Gateway, item: Item) -> None:
    """Take an item off the list, unless it stands there for another reason by now, which nobody has seen."""
    standing = _change(
        gateway,
        item,
        "REMOVE attention, attentionSince",
        "attention = :kind AND attentionSince = :since",
        names={},
        values={":kind": item["attention"], ":since": item["attentionSince"]},
    )
    if standing is not None and "attention" in standing:
        raise Problem(
            f"{handle_of(item)} has changed since it was read: it is {standing['attention']} since "
            f"{standing.get('attentionSince')}. Nothing was changed; look at it again."
        )


def _change(  # noqa: PLR0913 - the parts of one write
    gateway: Gateway, item: Item, change: str, condition: str, *, names: dict[str, str], values: Item
) -> Item | None:
    """Write where the condition holds; the item that stood in the way, None where it did."""
    client = gateway.dynamodb
    more: Any = {"ExpressionAttributeNames": names} if names else {}
    try:
        client.update_item(
            TableName=gateway.addresses.table_name,
            Key=serialize({"pk": item["pk"], "sk": item["sk"]}),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeValues=serialize(values),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **more,
        )
    except client.exceptions.ConditionalCheckFailedException as refusal:
        standing: Any = refusal.response.get("Item", {})
        return deserialize(standing)
    return None


def _details(gateway: Gateway, item: Item) -> str:
    """The queue message as it came; read before anything is written, so that no decision is left half done."""
    if "details" in item:
        return str(item["details"])
    if "detailsKey" not in item:
        raise Problem(f"{identity(item)} has lost its queue message (`details`), so it can't be enqueued; close it.")
    return Media(gateway).open_object(item["detailsKey"]).read().decode()


def _enqueue(gateway: Gateway, details: str) -> None:
    gateway.sqs.send_message(QueueUrl=gateway.addresses.send_queue_url, MessageBody=details)
