"""The API's events for callbacks and the queue's for messages to send, as Lambda hands them over."""

import base64
import itertools
import json
import time
from collections.abc import Mapping
from typing import Any

from local.places import ROOT
from local.simulator.media import png
from tests.wire.bodies import main, message, multipart_type, part, text

IDS = (str(number) for number in itertools.count(time.time_ns()))


class EventMaker:
    """Makes events out of requests, after the sample event that people use."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._sample: dict[str, Any] = json.loads((ROOT / "events" / "message.json").read_text())

    def __call__(
        self,
        body: bytes,
        content_type: str = multipart_type(),
        *,
        request: str = "015-3DD6C366",
        token: str | None = None,
        size: int | None = None,
    ) -> str:
        """The event as JSON, of exactly `size` bytes if that is told."""
        headers = {**self._sample["headers"], "Content-Type": content_type, "X-Request-Id": request}
        event = {
            **self._sample,
            "path": f"/callbacks/{token or self.token}",
            "pathParameters": {"token": token or self.token},
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "body": base64.b64encode(body).decode(),
            "stageVariables": {"padding": ""},
        }
        padding = "x" * (size - len(json.dumps(event))) if size else ""
        return json.dumps({**event, "stageVariables": {"padding": padding}})


def picture_message(mo_id: str) -> bytes:
    """The body of a message with a picture and a text."""
    return message(main(moId=int(mo_id)), part(png(), "image/png", "parrot.png"), text("Norwegian Blue"))


def queue_event(*messages: Mapping[str, Any]) -> str:
    """The event for a batch, made after the sample that people use; a message is as SQS's ReceiveMessage gives it."""
    (sample,) = json.loads((ROOT / "events" / "send.json").read_text())["Records"]
    records = [
        {
            **sample,
            "messageId": message.get("MessageId", f"message-{number}"),
            "receiptHandle": message.get("ReceiptHandle", sample["receiptHandle"]),
            "body": message["Body"],
            "attributes": {**sample["attributes"], **message.get("Attributes", {})},
        }
        for number, message in enumerate(messages)
    ]
    return json.dumps({"Records": records})
