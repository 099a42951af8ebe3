"""Undo transfer encodings: the declared ones, and base64 that nobody declared where it proves itself."""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pybase64

from mms_gateway.openmarket.charset import is_printable_utf8

Encoding = Literal["none", "identity", "base64", "quoted-printable", "unknown"]
"""What a part declares; `none` also where it declares several or an empty one: then nothing is known of it."""

MIN_PROOF = 64  # decoded bytes: shorter text may be base64 by chance
MIN_UNPADDED = 16  # characters: a short word such as MENU is valid base64 too
_GLANCE = 64  # bytes that tell binary media from base64 text at once

_LINE_ENDS = b"\r\n"
_WHITE_SPACE = b"\r\n\t "
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/=\r\n\t ]*")
_UNUSUAL_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
# Runs of a bounded length: the engine needs memory for each escape of a run.
_ESCAPES = re.compile(rb"(?:=[0-9A-Fa-f]{2}){1,1024}|=[ \t]*\r?\n")
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


@dataclass(frozen=True, slots=True)
class Undeclared:
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
    try:
        return pybase64.b64decode(content, validate=True)
    except binascii.Error:
        packed = bytes(content).translate(None, _WHITE_SPACE)
    digits = len(packed.rstrip(b"="))
    padding, needed = len(packed) - digits, -digits % 4
    if needed == 3 or padding > needed:
        return None
    try:
        return pybase64.b64decode(packed + b"=" * (needed - padding), validate=True)
    except binascii.Error:
        return None


def decode_quoted_printable(content: bytes | memoryview) -> bytes:
    """The bytes behind quoted-printable text; a broken escape stays as it is.

    The standard library is fast but drops a broken escape at the end and swallows text after a lone carriage return.
    """
    text = bytes(content)
    if not _UNUSUAL_ESCAPE.search(text):
        return binascii.a2b_qp(text)
    decoded = bytearray()
    position = 0
    for escape in _ESCAPES.finditer(text):
        decoded += text[position : escape.start()]
        position = escape.end()
        if text[position - 1] != 0x0A:
            decoded += bytes.fromhex(escape[0].translate(None, b"=").decode("ascii"))
    return bytes(decoded + text[position:])


def decode_undeclared(parts: Sequence[Undeclared]) -> list[bytes | None]:
    """What undeclared base64 proves to be, part by part; None for a part that stays as it is.

    The proof is a picture, sound, film or PDF that is base64 through and through. After a proof the other parts are
    decoded only if each of them is canonical base64 and the texts among them then read as text: a text MENU beside
    a binary picture must stay MENU.
    """
    decoded = [_decode_if_base64(part.content) for part in parts]
    proofs = [_is_proof(part, data) for part, data in zip(parts, decoded, strict=True)]
    if not any(proofs):
        return [None] * len(parts)
    others = all(_may_follow(part, data) for part, data in zip(parts, decoded, strict=True))
    return [
        data if proof or (others and data is not None and not _may_be_a_word(data)) else None
        for data, proof in zip(decoded, proofs, strict=True)
    ]


def _decode_if_base64(content: memoryview) -> bytes | None:
    if not content or not _BASE64_TEXT.fullmatch(content[:_GLANCE]):
        return None
    return decode_base64(content)


def _is_proof(part: Undeclared, data: bytes | None) -> bool:
    kind = part.content_type
    media = kind.startswith(("image/", "audio/", "video/")) or kind == "application/octet-stream"
    return media and data is not None and len(data) >= MIN_PROOF and _MAGIC.match(data) is not None


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
    packed = bytes(content).translate(None, _LINE_ENDS)
    last_group = data[-(len(data) % 3 or 3) :]
    return len(packed) == (len(data) + 2) // 3 * 4 and packed.endswith(pybase64.b64encode(last_group))
