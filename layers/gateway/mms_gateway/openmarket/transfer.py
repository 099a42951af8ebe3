"""Undo transfer encodings: the declared ones, and base64 that nobody declared where it proves itself."""

import binascii
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

import pybase64

from mms_gateway.openmarket.charset import is_printable_utf8

Encoding = Literal["none", "identity", "base64", "quoted-printable", "unknown"]
"""What a part declares; `none` also where it declares several or an empty one: then nothing is known of it."""

MIN_PROOF = 64  # decoded bytes: shorter text may be base64 by chance
MIN_UNPADDED = 16  # characters: a short word such as MENU is valid base64 too
_GLANCE = 64  # bytes that tell binary media from base64 text at once

_LINE_ENDS = b"\r\n"
_WHITE_SPACE = b"\r\n\t "
_SHORTEST_LINE = 16  # bytes; folded base64 has lines of 60 to 76, and cutting out the ends of very short ones is slow
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/=\r\n\t ]*")
_QUOTED_PIECE = 64 * 1024  # bytes: replacing what is broken needs memory for each place
_ESCAPE = re.compile(rb"=(?:[ \t]*+\r?\n|[0-9A-Fa-f]{2})?")
_BLANKS_AT_LINE_END = re.compile(rb"=[ \t]+\r?\n")
_BROKEN_ESCAPE = re.compile(rb"=(?==|\r(?!\n))")
_MAGIC = re.compile(
    rb"\xff\xd8\xff"  # JPEG
    rb"|\x89PNG\r\n\x1a\n"
    rb"|GIF8[79]a"
    rb"|RIFF....(?:WEBP|WAVE)"
    rb"|BM"
    rb"|II\*\0|MM\0\*"  # TIFF
    rb"|....(?:ftyp|moov|mdat|wide)"  # HEIC, MP4, 3GP, MOV
    rb"|ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"  # MP3, with a tag or from its first frame
    rb"|\xff[\xf0\xf1\xf8\xf9]|ADIF"  # AAC
    rb"|#!AMR"
    rb"|OggS"
    rb"|%PDF-",
    re.DOTALL,
)
_DECLARED: dict[bytes, Encoding] = {
    b"base64": "base64",
    b"quoted-printable": "quoted-printable",
    b"binary": "identity",
    b"8bit": "identity",
    b"7bit": "identity",
}


class Undeclared(NamedTuple):
    """A part without a transfer encoding, to be looked at beside the others of its message."""

    content_type: str
    content: memoryview


def declared_encoding(headers: Sequence[bytes]) -> tuple[Encoding, bool]:
    """What the Content-Transfer-Encoding headers of a part declare, and whether that can be understood."""
    if len(headers) != 1 or not headers[0]:
        return "none", not headers
    encoding = _DECLARED.get(headers[0].lower(), "unknown")
    return encoding, encoding != "unknown"


def decode_base64(content: bytes | memoryview) -> bytes | None:
    """The bytes behind base64 text, or None where it is broken.

    Forgives line ends, blanks, spare bits and missing padding; not foreign characters, a length of one over a
    multiple of four, or anything after the padding.
    """
    with suppress(binascii.Error):
        return pybase64.b64decode(content, validate=True)
    packed = _unfolded(content)
    with suppress(binascii.Error):
        return pybase64.b64decode(packed, validate=True)
    packed = packed.translate(None, _WHITE_SPACE)
    if packed.endswith(b"==="):  # never right; a long run of them is slow to count
        return None
    digits = len(packed.rstrip(b"="))
    padding, needed = len(packed) - digits, -digits % 4
    if needed == 3 or padding > needed:
        return None
    packed += b"=" * (needed - padding)
    with suppress(binascii.Error):
        return pybase64.b64decode(packed, validate=True)
    return None


def _unfolded(content: bytes | memoryview) -> bytearray:
    """`content` without the line ends that go quickly: all, where all lines but the last are equally long."""
    text = bytearray(content)
    for end in (b"\n", b"\r"):
        if text.endswith(end):
            del text[-1:]
        width = text.find(end)
        if width >= _SHORTEST_LINE:
            every = slice(width, None, width + 1)
            if text[every].count(end) == len(text[every]):
                del text[every]
    return text


def decode_quoted_printable(content: bytes | memoryview) -> bytes:
    """The bytes behind quoted-printable text; a broken escape stays as it is."""
    return b"".join(map(_decode_quoted_piece, _quoted_pieces(bytes(content))))


def _quoted_pieces(text: bytes) -> Iterator[bytes]:
    """`text` in pieces, never cut within an escape."""
    start = 0
    while start < len(text):
        end = min(start + _QUOTED_PIECE, len(text))
        last = text.rfind(b"=", start, end)
        if last >= 0 and (escape := _ESCAPE.match(text, last)) is not None:
            end = max(end, escape.end())
        yield text[start:end]
        start = end


def _decode_quoted_piece(piece: bytes) -> bytes:
    """The bytes behind a piece.

    The standard library leaves most broken escapes as they are, but it takes two equals signs for one, drops one at
    the end, swallows text after one before a lone carriage return, and keeps a line end behind an equals sign and
    blanks. Such places are made good first.
    """
    text = piece.rstrip(b"=")
    if b"=" not in text:
        return piece
    literal = piece[len(text) :]
    lone_return = b"\r" in text and text.count(b"=\r") > text.count(b"=\r\n")
    if lone_return or any(sign in text and b"=" + sign in text for sign in (b"=", b" ", b"\t")):
        text = _BROKEN_ESCAPE.sub(b"=3D", _BLANKS_AT_LINE_END.sub(b"=\n", text))
    return binascii.a2b_qp(text) + literal


def decode_undeclared(parts: Sequence[Undeclared]) -> list[bytes | None]:
    """What undeclared base64 proves to be, part by part; None for a part that stays as it is.

    The proof is a picture, sound, film or PDF that is base64 through and through. After a proof the other parts are
    decoded only if each of them is canonical base64 and the texts among them then read as text: a text MENU beside
    a binary picture must stay MENU.
    """
    decoded = [_decode_if_base64(part.content) if _is_media(part) else None for part in parts]
    proofs = [data is not None and _is_proof(data) for data in decoded]
    if not any(proofs):
        return [None] * len(parts)
    decoded = [
        data if _is_media(part) else _decode_if_base64(part.content) for part, data in zip(parts, decoded, strict=True)
    ]
    others = all(_may_follow(part, data) for part, data in zip(parts, decoded, strict=True))
    return [
        data if proof or (others and data is not None and not _may_be_a_word(data)) else None
        for data, proof in zip(decoded, proofs, strict=True)
    ]


def _is_media(part: Undeclared) -> bool:
    kind = part.content_type
    return kind.startswith(("image/", "audio/", "video/")) or kind == "application/octet-stream"


def _decode_if_base64(content: memoryview) -> bytes | None:
    if not content or not _BASE64_TEXT.fullmatch(content[:_GLANCE]):
        return None
    return decode_base64(content)


def _is_proof(data: bytes) -> bool:
    return len(data) >= MIN_PROOF and _MAGIC.match(data) is not None


def _may_follow(part: Undeclared, data: bytes | None) -> bool:
    """Whether this part does not speak against the whole message being base64."""
    if not part.content:
        return True
    if data is None or not _is_canonical(part.content, data):
        return False
    return not part.content_type.startswith(("text/", "application/smil")) or is_printable_utf8(data)


def _may_be_a_word(data: bytes) -> bool:
    """Whether the base64 of `data` has no padding and few characters, so that it could be plain text by chance."""
    return len(data) % 3 == 0 and len(data) // 3 * 4 < MIN_UNPADDED


def _is_canonical(content: memoryview, data: bytes) -> bool:
    """Whether encoding `data` again gives `content` but for its line ends; only the last group can differ."""
    packed = _unfolded(content)
    if len(packed) > (len(data) + 2) // 3 * 4:
        packed = packed.translate(None, _LINE_ENDS)
    last_group = data[-(len(data) % 3 or 3) :]
    return len(packed) == (len(data) + 2) // 3 * 4 and packed.endswith(pybase64.b64encode(last_group))
