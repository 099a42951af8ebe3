"""How a message's contents are shown: what a browser may show itself, and what it may only save."""

import logging
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import vobject
from botocore.exceptions import BotoCoreError, ClientError

from console.media import Media, file_name
from console.problems import Problem

# What a browser shows without running anything. HTML, SVG and all that is not named here are only ever saved.
IMAGES = {"image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif"}
VIDEOS = {"video/mp4", "video/webm", "video/3gpp", "video/3gpp2", "video/quicktime", "video/ogg"}
SOUNDS = {"audio/mpeg", "audio/mp3", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/x-wav", "audio/webm"}
CARDS = {"text/vcard", "text/x-vcard", "text/directory"}
LAYOUTS = {"application/smil", "application/smil+xml"}
MAX_FETCHED = 256 * 1024  # bytes of a text or a vCard, its picture included, that is read out of the bucket to be shown
MOST_LINES = 20  # of a vCard

_LINK = re.compile(r"https?://", re.IGNORECASE)

Kind = Literal["image", "video", "sound", "text", "card", "layout", "link", "file"]

logging.getLogger("vobject.base").disabled = True  # it would write what strangers wrote to the terminal


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


def show(part: dict[str, Any], url: str, media: Media | None = None, text: str | None = None) -> Shown:
    """A content for the page; what is to be read and does not stand in the item comes out of `media`.

    `text` is the message's own, where this is its only text. Whatever a stranger wrote, something is shown.
    """
    content_type = str(part["contentType"])
    kind = _kind(part, content_type)
    said = part.get("text", text if kind == "text" else None)
    if said is None and kind in {"text", "card"}:
        said = _fetch(part, media)
    card = _read_card(said) if kind == "card" and said is not None else None
    if (kind == "card" and card is None) or (kind == "text" and said is None):
        kind = "file"
    return Shown(
        kind=kind,
        name=str(part.get("contentId") or file_name(part)),
        content_type=content_type,
        size=part.get("size"),
        url=str(part["url"]) if kind == "link" else url,
        text=said if kind in {"text", "layout"} else None,
        card=card,
    )


def media_url(item: dict[str, Any], part: dict[str, Any]) -> str:
    """Where the console serves a message's content."""
    return "/media?" + urlencode({"pk": item["pk"], "sk": item["sk"], "index": part["index"]})


def _kind(part: dict[str, Any], content_type: str) -> Kind:  # noqa: PLR0911 - one for each kind
    if "url" in part:
        return "link" if _LINK.match(str(part["url"])) else "file"
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
    return "text" if content_type == "text/plain" else "file"


def _fetch(part: dict[str, Any], media: Media | None) -> str | None:
    if media is None or part.get("size", MAX_FETCHED + 1) > MAX_FETCHED:
        return None
    try:
        return media.open(part).read().decode("utf-8", "replace")
    except (Problem, ClientError, BotoCoreError):  # gone, or not for this person: the rest of the message is shown
        return None


def _read_card(text: str) -> Card | None:
    try:
        card = vobject.readOne(text, ignoreUnreadable=True)
        values = {
            name: [_plain(getattr(each, "value", "")) for each in card.contents.get(name, [])]
            for name in ("fn", "org", "tel", "email")
        }
    except Exception:  # noqa: BLE001 - vobject's many, at what strangers write
        return None
    name = next(iter(values["fn"]), "")
    lines = tuple(line for lines in (values["org"], values["tel"], values["email"]) for line in lines if line)
    return Card(name=name or "A contact", lines=lines[:MOST_LINES]) if name or lines else None


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
