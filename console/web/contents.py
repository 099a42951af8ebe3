"""How a message's contents are shown: what a browser may show itself, and what it may only save."""

import logging
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import vobject
from vobject.base import ParseError

from console.media import Media, file_name
from console.problems import Problem

# What a browser shows without running anything. HTML, SVG and all that is not named here are only ever saved.
IMAGES = {"image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif"}
VIDEOS = {"video/mp4", "video/webm", "video/3gpp", "video/3gpp2", "video/quicktime", "video/ogg"}
SOUNDS = {"audio/mpeg", "audio/mp3", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/x-wav", "audio/webm"}
CARDS = {"text/vcard", "text/x-vcard", "text/directory"}
LAYOUTS = {"application/smil", "application/smil+xml"}
MAX_CARD = 256 * 1024  # bytes of a vCard that is read to be shown, its picture included

Kind = Literal["image", "video", "sound", "text", "card", "layout", "link", "file"]

logging.getLogger("vobject").setLevel(logging.CRITICAL)  # it would log what strangers write


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a vCard says, as far as it is shown."""

    name: str
    lines: tuple[str, ...]
    """Organisation, numbers, addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One content as the page shows it."""

    kind: Kind
    name: str
    content_type: str
    size: int | None
    url: str
    """Where the console serves it; for a link where it leads to."""
    text: str | None = None
    card: Card | None = None


def served_type(content_type: str) -> str:
    """The type under which a content is served: its own where a browser shows it, else one that is only saved."""
    if content_type in IMAGES | VIDEOS | SOUNDS:
        return content_type
    return "text/plain; charset=utf-8" if content_type == "text/plain" else "application/octet-stream"


def show(part: dict[str, Any], url: str, media: Media | None = None) -> Shown:
    """A content for the page; vCards are read out of `media`."""
    content_type = str(part["contentType"])
    kind = _kind(part, content_type)
    text = part.get("text")
    card = None
    if kind == "card":
        card = _read_card(text if text is not None else _fetch(part, media))
        kind = "card" if card else "file"
    return Shown(
        kind=kind,
        name=str(part.get("contentId") or file_name(part)),
        content_type=content_type,
        size=part.get("size"),
        url=str(part["url"]) if kind == "link" else url,
        text=text if kind in {"text", "layout"} else None,
        card=card,
    )


def media_url(item: dict[str, Any], part: dict[str, Any]) -> str:
    """Where the console serves a message's content."""
    return "/media?" + urlencode({"pk": item["pk"], "sk": item["sk"], "index": part["index"]})


def _kind(part: dict[str, Any], content_type: str) -> Kind:  # noqa: PLR0911 - one for each kind
    if "url" in part:
        return "link"
    if content_type in IMAGES:
        return "image"
    if content_type in VIDEOS:
        return "video"
    if content_type in SOUNDS:
        return "sound"
    if content_type in CARDS:
        return "card"
    if content_type in LAYOUTS:
        return "layout"
    return "text" if content_type == "text/plain" and "text" in part else "file"


def _fetch(part: dict[str, Any], media: Media | None) -> str:
    if media is None or part.get("size", MAX_CARD + 1) > MAX_CARD:
        return ""
    try:
        return media.open(part).read().decode("utf-8", "replace")
    except Problem:
        return ""


def _read_card(text: str) -> Card | None:
    try:
        card = vobject.readOne(text, ignoreUnreadable=True)
    except (ParseError, ValueError, LookupError, AttributeError, TypeError, StopIteration):  # strangers' writing
        return None
    found = {
        name: [_plain(each.value) for each in card.contents.get(name, [])] for name in ("fn", "org", "tel", "email")
    }
    name = next(iter(found["fn"]), "")
    lines = tuple(line for lines in (found["org"], found["tel"], found["email"]) for line in lines if line)
    return Card(name=name or "A contact", lines=lines) if name or lines else None


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
