"""Read a Content-Type: the type, lower-case, and its parameters."""

import re
from dataclasses import dataclass
from functools import lru_cache

from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.multipart import MAX_BOUNDARY

MAX_TYPE = 255  # characters; RFC 6838 allows 127 for each half
MAX_HEADER = 998  # characters of the whole header: RFC 5322's longest line

_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# No two neighbours of this pattern can match the same blanks, or a run of them would cost its cube.
_PARAMETER = re.compile(r""";[ \t]*([^=;"\s]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"[ \t]*(?=;|\Z)|([^;]*))""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type such as multipart/mixed, with its parameters in order."""

    essence: str
    parameters: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of the parameter `name` (lower case)."""
        return [value for key, value in self.parameters if key == name]


@lru_cache(maxsize=64)  # parts repeat a few types; as no header block is over 16 KB, this holds 1 MB at most
def read_content_type(header: str) -> ContentType | None:
    """The type a header names, or None where it is no usable one."""
    if len(header) > MAX_HEADER or not header.isascii() or not header.replace("\t", " ").isprintable():
        return None
    essence = header.partition(";")[0].strip(" \t").lower()
    if len(essence) > MAX_TYPE or not _TYPE.fullmatch(essence):
        return None
    parameters = []
    for name, quoted, bare in _PARAMETER.findall(header):
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare.strip(" \t")
        parameters.append((name.lower(), value))
    return ContentType(essence, tuple(parameters))


def boundary_of(content_type: ContentType) -> str:
    """The one boundary of a multipart type: 1 to 70 printable ASCII characters."""
    values = content_type.values("boundary")
    if len(values) != 1:
        raise MalformedCallback(f"Content-Type: expected one boundary, got {len(values) or 'none'}")
    boundary = values[0].rstrip(" ")  # a delimiter line may end in blanks, so they can't be the boundary's own
    if not boundary:
        raise MalformedCallback("Content-Type: the boundary is empty")
    if len(boundary) > MAX_BOUNDARY:
        raise MalformedCallback(f"Content-Type: the boundary is longer than {MAX_BOUNDARY} characters")
    if boundary.startswith('"'):
        raise MalformedCallback("Content-Type: the boundary's quotation marks are broken")
    return boundary
