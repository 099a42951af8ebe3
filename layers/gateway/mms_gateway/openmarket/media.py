"""A multipart callback's parts: its JSON, and its media with their transfer encodings undone."""

from collections.abc import Sequence
from typing import NamedTuple

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import CallbackEncoding, Flag
from mms_gateway.openmarket.callback_json import check_limits
from mms_gateway.openmarket.content_type import ContentType, read_content_type
from mms_gateway.openmarket.multipart import Entity, part_name, split
from mms_gateway.openmarket.transfer import (
    Encoding,
    Undeclared,
    declared_encoding,
    decode_base64,
    decode_quoted_printable,
    decode_undeclared,
)

JSON_TYPE = "application/json"
DEFAULT_TYPE = "application/octet-stream"
MAX_CONTENT_ID = 255  # characters; the provider allows fewer than 20 on the way out


class Media(NamedTuple):
    """A media part with its transfer encoding undone, not yet hashed."""

    content_type: str
    charset: str | None
    content_id: str | None
    data: bytes | memoryview
    flags: tuple[Flag, ...]


def read_multipart(body: bytes, boundary: str, encoding: CallbackEncoding) -> tuple[bytes, list[Media], list[Flag]]:
    """The JSON part's bytes, the media parts, and the message's flags of a multipart body."""
    pieces = split(body, boundary)
    heads = [_head(entity) for entity in pieces.entities]
    main, main_flags = _declared_content(heads[0], pieces.entities[0]) if heads else (b"", ())
    if heads and heads[0].content_type == JSON_TYPE:
        check_limits(bytes(main))  # before the complaint that the body is cut
    if not pieces.closed:
        raise TruncatedCallback("the closing delimiter is missing")
    for position, head in enumerate(heads):
        if position == 0 and head.content_type != JSON_TYPE:
            raise MalformedCallback("the first part is not application/json")
        if position > 0 and head.content_id == "main":
            raise MalformedCallback(f"Content-Id: {part_name(position)} is called main, as only the first part may be")
    flags: list[Flag] = ["lf-lines"] if pieces.line_end == b"\n" else []
    flags += [*heads[0].flags, *main_flags]
    return bytes(main), _media(heads[1:], pieces.entities[1:], encoding), flags


class _Head(NamedTuple):
    """What a part's headers say."""

    content_type: str
    charset: str | None
    content_id: str | None
    encoding: Encoding
    flags: tuple[Flag, ...]


def _head(entity: Entity) -> _Head:
    flags: list[Flag] = []
    if not entity.headers:
        flags.append("no-headers")
    if entity.folded:
        flags.append("folded-header")
    media_type = _part_type(entity.values("content-type"), flags)
    content_id = _content_id(entity.values("content-id"), flags)
    encoding, understood = declared_encoding(entity.values("content-transfer-encoding"))
    if not understood:
        flags.append("encoding-unknown")
    if media_type.essence.startswith("multipart/"):
        flags.append("nested-multipart")
    charset = next(iter(media_type.values("charset")), None)
    return _Head(media_type.essence, charset, content_id, encoding, tuple(flags))


def _part_type(headers: Sequence[bytes], flags: list[Flag]) -> ContentType:
    default = ContentType(DEFAULT_TYPE, ())
    if not headers:
        return default
    media_type = read_content_type(headers[0].decode("latin-1")) if len(headers) == 1 else None
    if media_type is None:
        flags.append("content-type-unusable")
    return media_type or default


def _content_id(headers: Sequence[bytes], flags: list[Flag]) -> str | None:
    if not headers:
        return None
    try:
        name = headers[0].decode("utf-8").strip(" \t").removeprefix("<").removesuffix(">").strip(" \t")
    except UnicodeDecodeError:
        name = ""
    fits = 0 < len(name) <= MAX_CONTENT_ID and name.isprintable()
    if len(headers) == 1 and fits and not ("/" in name or "\\" in name or ".." in name):
        return name
    flags.append("content-id-unusable")
    return None


def _media(heads: Sequence[_Head], entities: Sequence[Entity], encoding: CallbackEncoding) -> list[Media]:
    undeclared = [n for n, head in enumerate(heads) if head.encoding == "none"]
    proven: dict[int, bytes | None] = {}
    if encoding == "auto":
        candidates = [Undeclared(heads[n].content_type, entities[n].content) for n in undeclared]
        proven = dict(zip(undeclared, decode_undeclared(candidates), strict=True))
    elif encoding == "base64":
        proven = {n: decode_base64(entities[n].content) for n in undeclared}
    media = []
    for n, (head, entity) in enumerate(zip(heads, entities, strict=True)):
        data, flags = _declared_content(head, entity)
        if (decoded := proven.get(n)) is not None:
            data, flags = decoded, (("base64-undeclared",) if entity.content else ())
        elif encoding == "base64" and head.encoding == "none":
            flags = ("base64-broken",)
        media.append(Media(head.content_type, head.charset, head.content_id, data, head.flags + flags))
    return media


def _declared_content(head: _Head, entity: Entity) -> tuple[bytes | memoryview, tuple[Flag, ...]]:
    """A part's content with its declared transfer encoding undone, and what was odd about that."""
    if head.encoding == "base64":
        decoded = decode_base64(entity.content)
        return (entity.content, ("base64-broken",)) if decoded is None else (decoded, ())
    if head.encoding == "quoted-printable":
        return decode_quoted_printable(entity.content), ()
    return entity.content, ()
