"""Multipart callbacks built by hand: every byte of the framing is within the caller's reach.

    body = message(main(subject="Polly"), part(jpeg, "image/jpeg", "polly.jpg"))
    decode_callback(multipart_type(), body)

Nothing is checked and nothing is escaped, so a wrong message is as easy to write as a right one.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

CRLF = b"\r\n"
LF = b"\n"
BOUNDARY = "mimeboundary"

MO: dict[str, object] = {
    "type": "MO",
    "moId": 123456789012345,
    "source": "447800000001",
    "destinations": ["88600"],
    "ccs": [],
    "bccs": [],
    "date": "2014-07-16T19:20:30+00:00",
    "mobileOperatorId": 77,
    "subject": "Test MMS",
    "userAgent": "HTC One",
}
REPORT: dict[str, object] = {
    "type": "REPORT",
    "mtId": 123456789012345,
    "date": "2016-05-16T19:20:30+00:00",
    "status": "Retrieved",
    "outcomeId": 1,
    "outcomeDescription": "Success.",
    "userAgent": "HTC One",
}


@dataclass(frozen=True, slots=True)
class WirePart:
    """One body part: its header lines without their line ends (a folded header is two lines), its content."""

    headers: tuple[bytes, ...]
    content: bytes


def part(
    content: bytes,
    content_type: str | None = "image/jpeg",
    content_id: str | None = "image.jpg",
    *,
    encoding: str | None = None,
    extra: Sequence[bytes] = (),
    headers: Sequence[bytes] | None = None,
) -> WirePart:
    """A media part with the usual headers and `extra` ones, or with exactly `headers`."""
    named = {"Content-Type": content_type, "Content-Id": content_id, "Content-Transfer-Encoding": encoding}
    usual = [f"{name}: {value}".encode() for name, value in named.items() if value is not None]
    return WirePart(tuple(headers) if headers is not None else (*usual, *extra), content)


def text(words: str, content_type: str = "text/plain", content_id: str = "text.txt") -> WirePart:
    """A UTF-8 text part."""
    return part(words.encode(), content_type, content_id)


def main(
    json_bytes: bytes | None = None,
    *,
    headers: Sequence[bytes] | None = None,
    encoding: str | None = None,
    **fields: Any,
) -> WirePart:
    """The JSON part: `json_bytes` as they are, or those of an MO with `fields` changed."""
    content = mo_json(**fields) if json_bytes is None else json_bytes
    return part(content, "application/json", "main", encoding=encoding, headers=headers)


def mo_json(*members: str, absent: Collection[str] = (), **fields: Any) -> bytes:
    """The JSON of an MO: `fields` replace the usual ones, `members` are raw JSON added at the end."""
    return _json(MO, members, absent, fields)


def report_json(*members: str, absent: Collection[str] = (), **fields: Any) -> bytes:
    """The JSON of a delivery report, made like that of an MO."""
    return _json(REPORT, members, absent, fields)


def message(
    *parts: WirePart,
    boundary: str = BOUNDARY,
    line_end: bytes = CRLF,
    before: bytes = b"",
    after: bytes = b"",
    blanks: bytes = b"",
    closed: bool = True,
) -> bytes:
    """The body: `before`, the parts, the closing delimiter, `after`; `blanks` stand behind every delimiter.

    A body that is not `closed` ends with the line end that would stand before the closing delimiter.
    """
    delimiter = b"--" + boundary.encode()
    pieces = [before]
    for each in parts:
        head = b"".join(header + line_end for header in each.headers)
        pieces += [delimiter, blanks, line_end, head, line_end, each.content, line_end]
    if closed:
        pieces += [delimiter, b"--", blanks, line_end, after]
    return b"".join(pieces)


def multipart_type(boundary: str = BOUNDARY) -> str:
    """The Content-Type that goes with the boundary, quoted where it has to be."""
    plain = boundary.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return f"multipart/mixed; boundary={boundary}" if plain else f'multipart/mixed; boundary="{boundary}"'


def _json(
    usual: dict[str, object], members: Sequence[str], absent: Collection[str], fields: dict[str, object]
) -> bytes:
    chosen = {name: value for name, value in {**usual, **fields}.items() if name not in absent}
    raw = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in chosen.items()]
    return ("{" + ", ".join([*raw, *members]) + "}").encode(errors="surrogatepass")
