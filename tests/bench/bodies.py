"""Callbacks to measure with: pictures of random bytes, as pictures are, in every way that a part may be encoded."""

import base64
import json
import random
from typing import Any, Literal

from local.places import ROOT
from tests.bench.stores import TOKEN
from tests.wire.bodies import BOUNDARY, main, message, multipart_type, part

Encoding = Literal["binary", "base64", "folded"]
"""As it is; declared base64 in one line; declared base64 in lines of 76 characters."""


def media_message(size: int, parts: int, encoding: Encoding, *, mo_id: int = 1, boundary: str = BOUNDARY) -> bytes:
    """A message whose media have `size` bytes in all, before they are encoded."""
    pictures = [b"\xff\xd8\xff" + random.Random(n).randbytes(size // parts - 3) for n in range(parts)]  # noqa: S311
    declared = "binary" if encoding == "binary" else "base64"
    return message(
        main(moId=mo_id),
        *[
            part(_encoded(picture, encoding), "image/jpeg", f"{n}.jpg", encoding=declared)
            for n, picture in enumerate(pictures)
        ],
        boundary=boundary,
    )


def _encoded(data: bytes, encoding: Encoding) -> bytes:
    if encoding == "folded":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    return base64.b64encode(data) if encoding == "base64" else data


def api_event(body: bytes, boundary: str = BOUNDARY) -> dict[str, Any]:
    """The event for a callback, after the sample that people use."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "message.json").read_text())
    headers = {**event["headers"], "Content-Type": multipart_type(boundary)}
    return {
        **event,
        "path": f"/callbacks/{TOKEN}",
        "pathParameters": {"token": TOKEN},
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
