"""What a file's name tells: its media type, and a content id like it."""

import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path

from console.problems import Problem

MAX_CONTENT_ID = 19  # characters
MAX_SUFFIX = 5  # characters of it that a content id keeps
TYPES = {  # what handsets send, and Python's own table may not know
    ".3g2": "video/3gpp2",
    ".3gp": "video/3gpp",
    ".aac": "audio/aac",
    ".amr": "audio/amr",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".mid": "audio/midi",
    ".smil": "application/smil",
    ".vcf": "text/x-vcard",
    ".webp": "image/webp",
}


def media_type(name: str) -> str:
    """The type of what a file of this name holds; Problem where it does not tell."""
    suffix = Path(name).suffix.lower()
    # Python's table alone, not the machine's: the same draft is the same message wherever it is sent from.
    content_type, packing = mimetypes.MimeTypes().guess_type(f"file{suffix}")
    known = TYPES.get(suffix) or content_type
    if known is None or packing is not None:
        raise Problem(
            f"{shown(name)}: its name does not tell what it is; let it end in .jpg, .gif, .mp4, .vcf or the like."
        )
    return known


def content_ids(names: Iterable[str], taken: set[str] | None = None) -> list[str]:
    """For each file's name a content id as like it as OpenMarket allows, each another one."""
    used = {"main", *(taken or ())}
    found = []
    for name in names:
        stem, suffix = _plain(Path(name).stem), _plain(Path(name).suffix.lstrip("."))[:MAX_SUFFIX]
        ending = f".{suffix}" if suffix else ""
        number = 1
        chosen = f"{(stem or 'file')[: MAX_CONTENT_ID - len(ending)]}{ending}"
        while chosen in used:
            number += 1
            counted = f"-{number}{ending}"
            chosen = f"{(stem or 'file')[: MAX_CONTENT_ID - len(counted)]}{counted}"
        used.add(chosen)
        found.append(chosen)
    return found


def shown(name: str) -> str:
    """A name as it may be printed: it may hold what a terminal obeys."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def _plain(name: str) -> str:
    return re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9._-]+", "-", name))
