"""The queue of messages to send, and its dead-letter queue; the only module that knows SQS."""

import math
from typing import TYPE_CHECKING

from mms_gateway.aws import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

MAX_MESSAGE = 1024 * 1024  # bytes, attributes included: SQS takes no more
MAX_VISIBILITY = 11 * 3600  # seconds; SQS counts at most 12 hours from the receive, and the function has had some
MAX_REASON = 250  # characters


class SendQueue:
    """Puts messages off, and sets aside what can't even be recorded."""

    def __init__(self, client: "SQSClient", *, url: str, dead_letter_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letter_url = dead_letter_url

    def put_off(self, receipt_handle: str, seconds: float) -> None:
        """Let a received message come again after so many seconds, rounded up, 1 to 11 hours' worth."""
        with storage_errors("the queue"):
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=math.ceil(min(max(seconds, 1), MAX_VISIBILITY)),
            )

    def set_aside(self, body: str, reason: str) -> None:
        """Put a message into the dead-letter queue, with the reason as an attribute."""
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            "reason": {"DataType": "String", "StringValue": reason[:MAX_REASON]}
        }
        fits = len(body.encode("utf-8", "surrogatepass")) + MAX_REASON + 20 <= MAX_MESSAGE
        with storage_errors("the dead-letter queue"):
            self._client.send_message(
                QueueUrl=self._dead_letter_url,
                MessageBody=body,
                MessageAttributes=attributes if fits else {},
            )
