"""A multipart/mixed body, split strictly: CRLF everywhere, nothing before the first delimiter or behind the last."""

import re
from dataclasses import dataclass, field

MAX_SECTIONS = 101  # the JSON and a hundred contents; bounds what a record holds
NAMES = ("content-type", "content-id", "content-transfer-encoding")  # in this order
FIELD = re.compile(rb"([A-Za-z-]+): ([!-~](?:[ -~]*[!-~])?)")


class Malformed(ValueError):
    """The body can't be split; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part as it stands in the body: headers by their names in lower case, and what is wrong with them."""

    headers: dict[str, str]
    data: bytes
    violations: list[str] = field(default_factory=list)


def split_body(body: bytes, boundary: str) -> list[Section]:
    """Split a body at its delimiters, or raise `Malformed`."""
    delimiter = b"\r\n--" + boundary.encode()
    before, *pieces = (b"\r\n" + body).split(delimiter)
    if before or not pieces:
        raise Malformed("body: expected to begin with the delimiter, no preamble before it")
    *pieces, end = pieces
    # The line break behind the closing delimiter is part of no epilogue yet: many writers end all lines alike.
    if end not in {b"--", b"--\r\n"}:
        closed = end.startswith(b"--")
        raise Malformed(
            "body: expected nothing behind the closing delimiter" if closed else "body: expected a closing delimiter"
        )
    if len(pieces) > MAX_SECTIONS:
        raise Malformed(f"body: expected at most {MAX_SECTIONS} parts")
    return [_read_section(piece, number) for number, piece in enumerate(pieces)]


def _read_section(piece: bytes, number: int) -> Section:
    if not piece.startswith(b"\r\n"):
        raise Malformed(f"part {number}: expected CRLF right behind the delimiter")
    # The first line break ends the delimiter's line; a part without headers goes on with an empty line.
    head, blank, data = piece.partition(b"\r\n\r\n")
    if not blank:
        raise Malformed(f"part {number}: expected an empty line (CRLF) behind the headers")
    headers: dict[str, str] = {}
    violations: list[str] = []
    for line in head.split(b"\r\n")[1:]:
        match = FIELD.fullmatch(line)
        name = match[1].decode().lower() if match else ""
        if match is None:
            violations.append("expected header lines `Name: value` in printable ASCII without blanks at their ends")
        elif name not in NAMES:
            violations.append("expected no headers but Content-Type, Content-Id, Content-Transfer-Encoding")
        elif name in headers:
            violations.append(f"{name.title()}: expected at most once")
        else:
            headers[name] = match[2].decode()
    if list(headers) != [name for name in NAMES if name in headers]:
        violations.append("expected the headers in the order Content-Type, Content-Id, Content-Transfer-Encoding")
    return Section(headers=headers, data=data, violations=violations)
