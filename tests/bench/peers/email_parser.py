"""The email peer: the standard library's parser, which reads any MIME there is."""

import base64
from email import policy
from email.parser import BytesParser
from typing import Any


def read_parts(event: dict[str, Any]) -> list[Any]:
    """The parts of the event's body, their transfer encodings undone."""
    head = f"Content-Type: {event['headers']['Content-Type']}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + base64.b64decode(event["body"]))
    return [part.get_payload(decode=True) for part in message.iter_parts()]
