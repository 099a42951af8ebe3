"""Whether the bytes of a request to OpenMarket have only the headers that they may; read without the gateway's code."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

REQUEST_LINE = b"POST /mms/v2/send HTTP/1.1"
HEAD = [b"Host", b"Authorization", b"Content-Type", b"Content-Length", b"Connection"]
BOUNDARY = re.compile(rb"multipart/mixed; boundary=([0-9a-f]{32})")
LINE = re.compile(rb"([A-Za-z-]+): ([\x20-\x7e]+)")
MAIN = [b"Content-Type", b"Content-Id"]
PART = [*MAIN, b"Content-Transfer-Encoding"]


def departures(head: bytes, body: bytes, message: Mapping[str, Any], contents: Sequence[bytes]) -> Iterator[str]:
    """What in a request is not just what the message asks for, in words."""
    line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    headers = [LINE.fullmatch(each) for each in lines]
    names = [each and each[1] for each in headers]
    if line != REQUEST_LINE or names != HEAD:
        yield f"the head is {head!r}"
        return
    boundary = BOUNDARY.fullmatch(headers[2][2] if headers[2] else b"")
    if boundary is None:
        yield f"the Content-Type is {headers[2]!r}"
        return
    first, *parts, last = (b"\r\n" + body).split(b"\r\n--" + boundary[1])
    if (first, last) != (b"", b"--\r\n") or len(parts) != len(contents) + 1:
        yield f"{len(parts)} parts, from {first!r} to {last!r}"
        return
    yield from _part(parts[0], MAIN, {b"Content-Type": b"application/json", b"Content-Id": b"main"}, None)
    yield from _fields(parts[0], message)
    for part, content, data in zip(parts[1:], message["content"], contents, strict=True):
        wanted = {b"Content-Id": content["contentId"].encode(), b"Content-Transfer-Encoding": b"binary"}
        if "contentType" in content:
            wanted[b"Content-Type"] = content["contentType"].encode()
        yield from _part(part, PART, wanted, data)


def _part(part: bytes, names: Sequence[bytes], wanted: Mapping[bytes, bytes], data: bytes | None) -> Iterator[str]:
    head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    lines = [LINE.fullmatch(each) for each in head.split(b"\r\n")]
    if [each and each[1] for each in lines] != list(names):
        yield f"a part's headers are {head!r}"
    for each in lines:
        if each and each[2] != wanted.get(each[1], each[2]):
            yield f"{each[1]!r} is {each[2]!r}, not {wanted[each[1]]!r}"
    if data is not None and content != data:
        yield f"a content is {content[:80]!r}, not {data[:80]!r}"


def _fields(part: bytes, message: Mapping[str, Any]) -> Iterator[str]:
    content = part.partition(b"\r\n\r\n")[2]
    named = {
        name: message[name]
        for name in ("source", "destination", "subject", "mtConfig", "mobileOperatorId")
        if name in message
    }
    if json.loads(content) != {"type": "MT", "subject": "", "mtConfig": "default", **named}:
        yield f"the JSON is {content!r}"
    if any(byte < 0x20 for byte in content):
        yield f"the JSON has controls in it: {content!r}"
