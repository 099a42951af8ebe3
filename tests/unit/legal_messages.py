"""Hypothesis strategies: legal multipart messages, and what must come out of them."""

import re
from base64 import b64encode
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.wire.bodies import CRLF, LF, WirePart, mo_json, part

BOUNDARY_LETTERS = "0123456789abcXYZ'()+_,-./:=? "
TYPES = ["image/jpeg", "audio/amr", "video/3gpp", "application/octet-stream", "text/html", "application/smil"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Legal:
    """A legal body and the parts it was made of."""

    content_type: str
    body: bytes
    closing: int  # where the closing delimiter is complete
    contents: list[bytes]
    types: list[str]
    part_flags: list[set[str]]
    flags: set[str]
    details: bytes


boundaries = st.text(BOUNDARY_LETTERS, min_size=1, max_size=70).filter(lambda b: b == b.strip() and "--" not in b)


def delimiter_lookalikes(boundary: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that tempt a splitter: the boundary with one thing too few or too many, line ends, and noise."""
    pieces = [
        b"\r",
        b"\n",
        CRLF,
        b"--",
        b"--" + boundary,
        boundary,
        b"--" + boundary + b"--",
        b" ",
        b"\t",
        b"x",
        b":",
        b"=",
    ]
    tempting = st.lists(st.sampled_from(pieces), max_size=10).map(b"".join)
    return st.one_of(tempting, st.binary(max_size=40), st.tuples(st.binary(max_size=20), tempting).map(b"".join))


def is_content(data: bytes, boundary: bytes, line_end: bytes) -> bool:
    """Whether nothing in the data is a delimiter of the body, by the rule's own words."""
    delimiter = re.escape(line_end + b"--" + boundary) + rb"[ \t]*" + re.escape(line_end)
    closing = re.escape(line_end + b"--" + boundary) + rb"--[ \t]*(\r|\n|$)"
    around = line_end + data + line_end
    return not re.search(delimiter, around) and not re.search(closing, around)


def is_preamble(data: bytes, boundary: bytes) -> bool:
    """Whether no line of the data is a delimiter line, whatever its line end."""
    return not re.search(rb"(^|[\r\n])--" + re.escape(boundary) + rb"(--)?[ \t]*([\r\n]|$)", data)


@st.composite
def legal_messages(draw: st.DrawFn, *, cut_shows: bool = False) -> Legal:
    """A message; where `cut_shows`, nothing before the end looks like the closing delimiter when it is cut."""
    boundary = draw(boundaries)
    wire_boundary, line_end = boundary.encode(), draw(st.sampled_from([CRLF, LF]))
    tempting = delimiter_lookalikes(wire_boundary).filter(lambda data: is_content(data, wire_boundary, line_end))
    if cut_shows:
        tempting = tempting.filter(lambda data: line_end + b"--" + wire_boundary + b"--" not in line_end + data)
    contents: list[bytes] = []
    types: list[str] = []
    flags: list[set[str]] = []
    parts: list[WirePart] = []
    for _ in range(draw(st.integers(0, 3))):
        data = draw(tempting)
        wire, content_type, part_flags = draw(wire_parts(data, line_end))
        if wire.content != data and not is_content(wire.content, wire_boundary, line_end):
            wire, content_type, part_flags = part(data), "image/jpeg", set()
        contents, types, flags = [*contents, data], [*types, content_type], [*flags, part_flags]
        parts.append(wire)
    details = mo_json(subject=draw(st.text(st.characters(codec="utf-8"), max_size=20)))
    json_part = part(details, "application/json", "main")
    ahead = delimiter_lookalikes(wire_boundary).filter(lambda data: is_preamble(data, wire_boundary))
    before = draw(ahead.filter(lambda data: not cut_shows or b"--" + wire_boundary + b"--" not in data))
    before = before + draw(st.sampled_from([CRLF, LF])) if before else b""
    pieces, blanks = [before], st.sampled_from([b"", b"", b" ", b"\t "])
    for each in [json_part, *parts]:
        head = b"".join(header + draw(blanks) + line_end for header in each.headers)
        pieces += [b"--", wire_boundary, draw(blanks), line_end, head, line_end, each.content, line_end]
    pieces += [b"--", wire_boundary, b"--"]
    closing = sum(map(len, pieces))
    after = draw(st.one_of(st.just(b""), st.binary(max_size=40).map(lambda data: b"\r\n" + data)))
    return Legal(
        content_type=f'multipart/mixed; boundary="{boundary}"',
        body=b"".join([*pieces, draw(blanks), after]),
        closing=closing,
        contents=contents,
        types=types,
        part_flags=flags,
        flags={"lf-lines"} if line_end == LF else set(),
        details=details,
    )


@st.composite
def wire_parts(draw: st.DrawFn, data: bytes, line_end: bytes) -> tuple[WirePart, str, set[str]]:
    """The data as a part of some kind, encoding and layout, with the type and the flags that it then has."""
    content_type = draw(st.sampled_from(TYPES))
    layout = draw(st.sampled_from(["plain", "plain", "folded", "no headers", "no type"]))
    if layout == "no headers":
        return part(data, headers=()), "application/octet-stream", {"no-headers"}
    encoding = draw(st.sampled_from([None, "binary", "8bit", "base64", "BASE64", "quoted-printable"]))
    headers = [b"Content-Id: a.jpg"] if draw(st.booleans()) else [b"X-Other: 1"]
    if layout != "no type":
        fold = [b";", b" name=a"] if layout == "folded" else [b""]
        headers += [b"Content-Type: " + content_type.encode() + fold[0], *fold[1:]]
    if encoding:
        headers.append(b"Content-Transfer-Encoding: " + encoding.encode())
    wire = encoded(data, encoding, draw(st.sampled_from([4, 60, 76, 1000])), line_end)
    kind = "application/octet-stream" if layout == "no type" else content_type
    return part(wire, headers=headers), kind, {"folded-header"} if layout == "folded" else set()


def encoded(data: bytes, encoding: str | None, columns: int, line_end: bytes) -> bytes:
    """The data in its declared encoding."""
    match (encoding or "").lower():
        case "base64":
            whole = b64encode(data)
            return line_end.join(whole[at : at + columns] for at in range(0, len(whole), columns))
        case "quoted-printable":
            return b"".join(b"=%02X" % byte if byte == 61 or not 33 <= byte <= 126 else bytes([byte]) for byte in data)
    return data
