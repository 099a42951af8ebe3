"""Split a multipart body, strictly and under named limits.

Grammar: RFC 2046 section 5.1.1, with one rule added: the first delimiter's line end is the body's line end, and only
that sequence ends a delimiter or a header line. Content is never copied or altered.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from mms_gateway.errors import MalformedCallback, TruncatedCallback

MAX_MEDIA_PARTS = 64  # an MMS has a handful; bounds the work and the size of the item
MAX_HEADERS = 64  # a part has three
MAX_HEADER_BLOCK = 16 * 1024  # bytes of header lines; a part needs a few hundred
MAX_BOUNDARY = 70  # RFC 2046
MAX_PREAMBLE = 1024  # bytes before the first delimiter: room for a sentence to people, not for smuggling
MAX_EPILOGUE = 1024

_BLANKS = b" \t"
_FIRST_TAIL = re.compile(rb"[ \t]*+(\r\n|\n)")
_CLOSING_END = rb"[ \t]*+(?:\r\n|\r|\n|\Z)"  # any line end, or the end of the body
_CLOSING_TAIL = re.compile(rb"--" + _CLOSING_END)
# Each branch begins with a character, by which the engine tells at a glance that it need not try it: hostile content
# is made of lines that only begin like a delimiter.
_TAILS = {end: re.compile(rb"%b|[ \t][ \t]*+%b|%b" % (end, end, _CLOSING_TAIL.pattern)) for end in (b"\r\n", b"\n")}
_HEADER = re.compile(rb"([!-9;-~]+):([^\r\n]*)")  # the name is RFC 5322 ftext: printable ASCII without the colon
_CONTINUATION = re.compile(rb"[ \t][^\r\n]*")


class Entity(NamedTuple):
    """One part as it stands in the body."""

    headers: tuple[tuple[str, bytes], ...]
    """Names in lower case; values without the blanks around them, unfolded."""
    content: memoryview
    folded: bool
    """Whether a header went over several lines."""

    def values(self, name: str) -> list[bytes]:
        """Every value of the header `name` (lower case), in order."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class Split:
    """A body in its parts; the last one is a fragment where the body was not `closed`."""

    entities: tuple[Entity, ...]
    line_end: bytes
    closed: bool


def part_name(position: int) -> str:
    """What people call the part at `position` in the body."""
    return f"part {position - 1}" if position else "the JSON part"


def split(body: bytes, boundary: str) -> Split:
    """Split `body` at its delimiters.

    Raises MalformedCallback for a limit passed or a header block that can't be read, TruncatedCallback where no part
    begins. A body without a closing delimiter comes back with `closed` false: the caller decides what else to check.
    """
    dash_boundary = b"--" + boundary.encode("ascii")
    start, line_end = _first_delimiter(body, dash_boundary)
    view = memoryview(body)
    entities: list[Entity] = []
    while True:
        if len(entities) > MAX_MEDIA_PARTS:
            raise MalformedCallback(f"the body has more than {MAX_MEDIA_PARTS} media parts")
        block = _header_block(body, start, line_end, dash_boundary, part_name(len(entities)))
        if block is None:
            return Split(tuple(entities), line_end, closed=False)
        headers, folded, begin = block
        # Right after the blank line, that line's own end may begin the delimiter: an empty content.
        found = _next_delimiter(body, begin - len(line_end), line_end, dash_boundary)
        end = len(body) if found is None else max(begin, found.start)
        entities.append(Entity(headers, view[begin:end], folded))
        if found is None:
            return Split(tuple(entities), line_end, closed=False)
        if found.closing:
            if len(body) - found.end > MAX_EPILOGUE:
                raise MalformedCallback(f"more than {MAX_EPILOGUE} bytes follow the closing delimiter")
            return Split(tuple(entities), line_end, closed=True)
        start = found.end


class _Delimiter(NamedTuple):
    start: int
    end: int
    closing: bool


def _first_delimiter(body: bytes, dash_boundary: bytes) -> tuple[int, bytes]:
    """Where the first part begins, and the line end of this body."""
    at_once = _FIRST_TAIL.match(body, len(dash_boundary)) if body.startswith(dash_boundary) else None
    if at_once is not None:
        return at_once.end(), at_once[1]
    found = re.search(_at_line_start(dash_boundary) + _FIRST_TAIL.pattern, body)
    if found is None:
        closing = dash_boundary + b"--"
        first = body.find(closing)
        if first >= 0 and re.compile(_at_line_start(closing) + _CLOSING_END).search(body, first):
            raise MalformedCallback("the body has a closing delimiter but no part before it")
        raise TruncatedCallback("no delimiter line of the boundary stands in the body")
    preamble = found.start() - (2 if body.endswith(b"\r\n", 0, found.start()) else 1)
    if preamble > MAX_PREAMBLE:
        raise MalformedCallback(f"more than {MAX_PREAMBLE} bytes stand before the first delimiter")
    return found.end(), found[1]


def _at_line_start(literal: bytes) -> bytes:
    """A pattern; its look-behind stands after the literal, so that the search for the literal runs at full speed."""
    return rb"%b(?<![^\r\n]%b)" % (re.escape(literal), re.escape(literal))


def _next_delimiter(body: bytes, start: int, line_end: bytes, dash_boundary: bytes) -> _Delimiter | None:
    """The next delimiter from `start`: nearly always the first place `find` jumps to, at memory speed."""
    opening = line_end + dash_boundary
    begin = body.find(opening, start)
    if begin < 0:
        return None
    tail = _TAILS[line_end].match(body, begin + len(opening))
    if tail is None:
        # A line that only begins like a delimiter: content made of such lines must not cost a loop of ours.
        tail = re.compile(re.escape(opening) + rb"(?:%b)" % _TAILS[line_end].pattern).search(body, begin)
        if tail is None:
            return None
        begin = tail.start()
    return _Delimiter(begin, tail.end(), closing=body.startswith(b"--", begin + len(opening)))


def _header_block(
    body: bytes, start: int, line_end: bytes, dash_boundary: bytes, part: str
) -> tuple[tuple[tuple[str, bytes], ...], bool, int] | None:
    """The headers from `start`, whether one was folded, and where the content begins; None where the body is cut."""
    limit = start + MAX_HEADER_BLOCK
    headers: list[tuple[str, bytes]] = []
    folded = False
    position = start
    while (end := body.find(line_end, position, limit + len(line_end))) >= 0:
        line = body[position:end]
        position = end + len(line_end)
        if not line.strip(_BLANKS):
            return tuple(headers), folded, position
        if position > limit:
            raise _too_long(part)
        if line.startswith(dash_boundary) and not line[len(dash_boundary) :].removeprefix(b"--").strip(_BLANKS):
            raise MalformedCallback(f"a delimiter stands within the headers of {part}")
        header = _HEADER.fullmatch(line)
        if header is not None:
            name, value = header.groups()
            headers.append((name.decode("ascii").lower(), value.strip(_BLANKS)))
            if len(headers) > MAX_HEADERS:
                raise MalformedCallback(f"{part} has more than {MAX_HEADERS} headers")
        elif headers and _CONTINUATION.fullmatch(line):
            name, value = headers[-1]
            headers[-1] = (name, (value + b" " + line.strip(_BLANKS)).strip(_BLANKS))
            folded = True
        else:
            raise _unreadable(line, part)
    if len(body) >= limit + len(line_end):
        raise _too_long(part)
    if body.startswith(dash_boundary, position) and _CLOSING_TAIL.match(body, position + len(dash_boundary)):
        raise MalformedCallback(f"a delimiter stands within the headers of {part}")
    return None


def _too_long(part: str) -> MalformedCallback:
    return MalformedCallback(f"the headers of {part} are longer than {MAX_HEADER_BLOCK} bytes")


def _unreadable(line: bytes, part: str) -> MalformedCallback:
    if b"\r" in line or b"\n" in line:
        return MalformedCallback(f"the headers of {part} mix line ends")
    if line.startswith((b" ", b"\t")):
        return MalformedCallback(f"the headers of {part} begin with a continuation line")
    if b":" not in line:
        return MalformedCallback(f"a header line of {part} has no colon")
    return MalformedCallback(f"a header name of {part} is empty or has a blank or control character")
