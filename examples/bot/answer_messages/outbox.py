"""Hands an answer to the gateway: the picture to where the sender reads it, the message into its queue."""

import json
from typing import TYPE_CHECKING, Any

from answers import NAMES, Answer
from messages import Message, Picture

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

OUTGOING = "outgoing/"  # all that the gateway's sender may read in its bucket


class Outbox:
    """The gateway, as those who send see it."""

    def __init__(self, sqs: "SQSClient", s3: "S3Client", *, queue_url: str, bucket: str) -> None:
        self._sqs, self._s3, self._queue_url, self._bucket = sqs, s3, queue_url, bucket

    def send(self, message: Message, answer: Answer) -> str:
        """Enqueue the answer to a message, which goes out once however often this is done; gives its requestId."""
        content: list[dict[str, Any]] = [{"contentId": "answer.txt", "contentType": "text/plain", "text": answer.text}]
        if answer.picture:
            content.append(self._picture(answer.picture, message))
        request_id = f"bot-{message.mo_id}"  # of the message, never of the moment: the same message, the same answer
        request = {
            "requestId": request_id,
            "source": message.service,
            "destination": message.handset,
            "content": content,
        }
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(request))
        return request_id

    def _picture(self, picture: Picture, message: Message) -> dict[str, Any]:
        key = picture.key if picture.key.startswith(OUTGOING) else self._bring_out(picture, message)
        # No versionId: a repeated copy has another one, and so would be another message.
        s3 = {"bucket": self._bucket, "key": key}
        return {"contentId": NAMES[picture.content_type], "contentType": picture.content_type, "s3": s3}

    def _bring_out(self, picture: Picture, message: Message) -> str:
        """Copy a handset's picture to where the sender reads: were mo/ open to it, all producers could send from it."""
        key = f"{OUTGOING}bot/{message.mo_id}/{NAMES[picture.content_type]}"
        self._s3.copy_object(
            Bucket=self._bucket,
            Key=key,
            CopySource={"Bucket": self._bucket, "Key": picture.key},
            MetadataDirective="REPLACE",
            ContentType=picture.content_type,
        )
        return key
