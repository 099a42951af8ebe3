"""Split a multipart body, strictly and under named limits.

Grammar: RFC 2046 section 5.1.1, with one rule added: the first delimiter's line end is the body's line end, and only
that sequence ends a delimiter or a header line. Content is never copied or altered.
"""

import re
from dataclasses import dataclass

from mms_gateway.errors import MalformedCallback, TruncatedCallback

MAX_MEDIA_PARTS = 64  # an MMS has a handful; bounds the work and the size of the item
MAX_HEADERS = 64  # a part has three
MAX_HEADER_BLOCK = 16 * 1024  # bytes of header lines; a part needs a few hundred
MAX_BOUNDARY = 70  # RFC 2046
MAX_PREAMBLE = 1024  # bytes before the first delimiter: room for a sentence to people, not for smuggling
MAX_EPILOGUE = 1024

_BLANKS = b" \t"
_FIRST_TAIL = re.compile(rb"[ \t]*(\r\n|\n)")
_CLOSING_TAIL = rb"(?P<closing>--)[ \t]*(?:\r\n|\r|\n|\Z)"  # any line end, or the end of the body
_CLOSING = re.compile(_CLOSING_TAIL)
_TAILS = {end: re.compile(rb"[ \t]*%b|%b" % (end, _CLOSING_TAIL)) for end in (b"\r\n", b"\n")}
_HEADER_NAME = re.compile(rb"[!-9;-~]+")  # RFC 5322 ftext: printable ASCII without the colon


@dataclass(frozen=True, slots=True)
class Entity:
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


@dataclass(frozen=True, slots=True)
class _Delimiter:
    start: int
    end: int
    closing: bool


def _first_delimiter(body: bytes, dash_boundary: bytes) -> tuple[int, bytes]:
    """Where the first part begins, and the line end of this body."""
    at_once = _FIRST_TAIL.match(body, len(dash_boundary)) if body.startswith(dash_boundary) else None
    if at_once is not None:
        return at_once.end(), at_once[1]
    # The look-behind stands after the literal, so that the search for the literal runs at full speed.
    line_start = rb"%b(?<![^\r\n]%b)" % (re.escape(dash_boundary), re.escape(dash_boundary))
    found = re.search(line_start + _FIRST_TAIL.pattern, body)
    if found is None:
        if re.search(line_start + _CLOSING_TAIL, body):
            raise MalformedCallback("the body has a closing delimiter but no part before it")
        raise TruncatedCallback("no delimiter line of the boundary stands in the body")
    before = body[: found.start()]
    preamble = before.removesuffix(b"\n").removesuffix(b"\r") if before.endswith(b"\n") else before[:-1]
    if len(preamble) > MAX_PREAMBLE:
        raise MalformedCallback(f"more than {MAX_PREAMBLE} bytes stand before the first delimiter")
    return found.end(), found[1]


def _next_delimiter(body: bytes, start: int, line_end: bytes, dash_boundary: bytes) -> _Delimiter | None:
    """The next delimiter from `start`: nearly always the first place `find` jumps to, at memory speed."""
    opening = line_end + dash_boundary
    candidate = body.find(opening, start)
    if candidate < 0:
        return None
    tail = _TAILS[line_end].match(body, candidate + len(opening))
    if tail is not None:
        return _Delimiter(candidate, tail.end(), closing=tail["closing"] is not None)
    # A line that only begins like a delimiter: content made of such lines must not cost a loop of ours.
    found = re.compile(re.escape(opening) + rb"(?:%b)" % _TAILS[line_end].pattern).search(body, candidate)
    return None if found is None else _Delimiter(found.start(), found.end(), closing=found["closing"] is not None)


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
        if _is_delimiter(line, dash_boundary):
            raise MalformedCallback(f"a delimiter stands within the headers of {part}")
        if b"\r" in line or b"\n" in line:
            raise MalformedCallback(f"the headers of {part} mix line ends")
        if line.startswith((b" ", b"\t")):
            if not headers:
                raise MalformedCallback(f"the headers of {part} begin with a continuation line")
            name, value = headers[-1]
            headers[-1] = (name, (value + b" " + line.strip(_BLANKS)).strip(_BLANKS))
            folded = True
            continue
        headers.append(_header(line, part))
        if len(headers) > MAX_HEADERS:
            raise MalformedCallback(f"{part} has more than {MAX_HEADERS} headers")
    if len(body) >= limit + len(line_end):
        raise _too_long(part)
    if body.startswith(dash_boundary, position) and _CLOSING.match(body, position + len(dash_boundary)):
        raise MalformedCallback(f"a delimiter stands within the headers of {part}")
    return None


def _too_long(part: str) -> MalformedCallback:
    return MalformedCallback(f"the headers of {part} are longer than {MAX_HEADER_BLOCK} bytes")


def _is_delimiter(line: bytes, dash_boundary: bytes) -> bool:
    rest = line.removeprefix(dash_boundary)
    return rest != line and not rest.removeprefix(b"--").strip(_BLANKS)


def _header(line: bytes, part: str) -> tuple[str, bytes]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise MalformedCallback(f"a header line of {part} has no colon")
    if not _HEADER_NAME.fullmatch(name):
        raise MalformedCallback(f"a header name of {part} is empty or has a blank or control character")
    return name.decode("ascii").lower(), value.strip(_BLANKS)
