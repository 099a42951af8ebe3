"""Texts that would like to become a header, a part or another request, for every text that a queue message has."""

import base64
from collections.abc import Iterator
from typing import Any

from tests.faults.security.links import parameters_of
from tests.unit import test_queue_contents as contents

CANARY = "X-Injected"

TAILS = {
    "CRLF and a header": f"\r\n{CANARY}: canary",
    "LF and a header": f"\n{CANARY}: canary",
    "CR and a header": f"\r{CANARY}: canary",
    "a part's end": f"\r\n\r\n{CANARY}: canary\r\n--boundary--\r\n",
    "another request": f"\r\n\r\nPOST /mms/v2/send HTTP/1.1\r\n{CANARY}: canary\r\n\r\n",
    "a folded header": f"\r\n {CANARY}: canary",
    "CRLF alone": "\r\n",
    "LF alone": "\n",
    "CR alone": "\r",
    "NUL": "\0",
    "NUL and a header": f"\0{CANARY}: canary",
    "a tab": "\t",
    "a vertical tab": "\x0b",
    "a form feed": "\x0c",
    "DEL": "\x7f",
    "escape": "\x1b[31m",
    "NEL": f"\x85{CANARY}: canary",
    "a line separator": f"\u2028{CANARY}: canary",
    "a paragraph separator": f"\u2029{CANARY}: canary",
    "what Latin-1 would make CRLF of": f"\u010d\u010a{CANARY}: canary",
    "escaped CRLF": f"%0d%0a{CANARY}: canary",
    "CRLF as JSON writes it, twice escaped": f"\\r\\n{CANARY}: canary",
    "a quote": '"',
    "a quote and a parameter": f'"; {CANARY}="canary',
    "a semicolon and a parameter": f"; {CANARY}=canary",
    "an angle bracket": ">",
    "a backslash": "\\",
    "a comma and another": ", image/canary",
    "not ASCII": "é",
    "an emoji": "\U0001f99c",
    "writing turned round": "\u202e",
    "half a surrogate pair": "\ud83e",
    "an encoded word": "=?utf-8?b?DQpYLUluamVjdGVkOiBjYW5hcnk=?=",
    "10,000 characters": "x" * 10_000,
}
FIELDS = ("source", "destination", "subject", "mtConfig", "notAfter", "mobileOperatorId", "requestId")
SOUND = {"notAfter": "2099-01-01T00:00:00Z", "mtConfig": "default", "subject": "Polly", "mobileOperatorId": 77}
CONTENT: dict[str, Any] = {"contentId": "a.txt", "contentType": "text/plain", "text": "Here it is"}
GIF = base64.b64encode(b"GIF89a").decode()


def injections(message: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The message with one of its texts changed, each way, in front and behind."""
    for name, tail in TAILS.items():
        for field in FIELDS:
            sound = str(message.get(field, SOUND.get(field)))
            for where, value in {"behind": sound + tail, "in front of": tail + sound}.items():
                yield f"{name} {where} the {field}", {**message, field: value}
        for field in ("contentId", "contentType", "text"):
            for where, value in {"behind": CONTENT[field] + tail, "in front of": tail + CONTENT[field]}.items():
                yield f"{name} {where} the {field}", {**message, "content": [{**CONTENT, field: value}]}
        yield f"{name} behind base64", {**message, "content": [_gif(base64=GIF + tail)]}
        yield f"{name} behind a type beside base64", {**message, "content": [_gif(contentType=f"image/gif{tail}")]}
        yield f"{name} as a field", {**message, f"subject{tail}": "x"}
        yield f"{name} as a content's field", {**message, "content": [{**CONTENT, f"text{tail}": "x"}]}
    for (content_id,) in parameters_of(contents.test_a_content_id_that_the_provider_does_not_take_is_a_fault):
        yield f"the contentId {content_id!r}", {**message, "content": [{**CONTENT, "contentId": content_id}]}
    for (kind,) in parameters_of(contents.test_a_media_type_that_must_not_get_into_a_header_is_a_fault):
        yield f"the type {kind!r}", {**message, "content": [_gif(contentType=kind)]}


def _gif(**fields: Any) -> dict[str, Any]:
    return {"contentId": "a.gif", "contentType": "image/gif", "base64": GIF, **fields}
