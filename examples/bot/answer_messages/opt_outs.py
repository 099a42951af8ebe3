"""Who wants nothing more: one item for each handset and short code, in a table of the bot's own."""

from contextlib import suppress
from typing import TYPE_CHECKING

from messages import Message

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class OptOuts:
    """The last word of each handset on whether it wants messages."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client, self._table = client, table_name

    def note(self, message: Message, *, opted_out: bool) -> None:
        """Note a STOP or a START, unless a later one stands already: the stream keeps no order between messages."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item={
                    "service": {"S": message.service},
                    "handset": {"S": message.handset},
                    "optedOut": {"BOOL": opted_out},
                    "sentAt": {"S": message.sent_at},
                    "moId": {"S": message.mo_id},  # what it was said with
                },
                ConditionExpression="attribute_not_exists(sentAt) OR sentAt <= :sentAt",
                ExpressionAttributeValues={":sentAt": {"S": message.sent_at}},
            )

    def has(self, message: Message) -> bool:
        """Whether the handset of this message wants nothing more from its short code."""
        key = {"service": {"S": message.service}, "handset": {"S": message.handset}}
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        return item.get("optedOut", {}).get("BOOL", False)
