"""Legal callbacks by the thousand, each from its own seed, with what must come out of them.

Where the standard library's parser is known to read a legal body otherwise than hostile-callbacks.md has it, the
generator keeps away from it, and a comment says why. test_decode_properties tries those bodies without it.
"""

import json
import random
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from mms_gateway.openmarket.multipart import MAX_PREAMBLE
from tests.unit.legal_messages import is_preamble
from tests.wire.bodies import CRLF, LF, mo_json

MEDIA_TYPES = ["image/jpeg", "IMAGE/PNG", "audio/amr", "video/3gpp", "application/octet-stream", "application/smil"]
CHARSETS = ["us-ascii", "utf-8", "UTF-8", "iso-8859-1", "ISO-8859-15", "windows-1252", "utf-16", "shift_jis"]
CHARSETS += ["euc-jp", "gb18030", "big5", "euc-kr"]
ENCODINGS = ["base64", "BASE64", "quoted-printable", "Quoted-Printable", "binary", "8bit", "7bit"]
WORDS = [
    "parrot",
    "Norwegian Blue",
    "voilà",
    "ünbelievable",
    "€ 3",
    "日本語",
    "🦜",
    "dead",
    " ",
    "\r\n",
    "\n",
    "\t",
    "=",
    "=3D",
    "--",
    ".",
]
TOKENS = "0123456789abcXYZ_-.+=:/?'"  # of a boundary that needs no quotation marks
BCHARS = TOKENS + "(), "
OTHER_HEADERS = [
    b"X-Operator: Norwegian Blue",
    b'Content-Disposition: attachment; filename="a;b.jpg"',
    b"Content-Location: parrot.jpg",
    b"content-description:",
    b"MIME-Version:1.0",
]


@dataclass(frozen=True)
class Sent:
    """A media part as it was meant."""

    content_type: str
    content_id: str | None
    data: bytes
    text: str | None
    folded: bool


@dataclass(frozen=True)
class Legal:
    """A legal callback, and what it was made of."""

    content_type: str
    body: bytes
    line_end: bytes
    details: str
    json_folded: bool
    parts: tuple[Sent, ...]


class LegalBodies:
    """Makes bodies with one source of chance; the same seed makes the same body."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # to be played again, not to be secret

    def body(self) -> Legal:
        chance = self._chance
        self._line_end = CRLF if chance.random() < 0.7 else LF
        self._boundary, content_type = self._new_boundary()
        details = mo_json(subject=self._words(4), other=json.loads(f"[{chance.randrange(10**18)}]"))
        main, folded = self._json_part(details)
        wires, parts = [main], []
        for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 4, 7])):
            wire, sent = self._media_part()
            wires.append(wire)
            parts.append(sent)
        return Legal(content_type, self._framed(wires), self._line_end, details.decode(), folded, tuple(parts))

    # --- framing ------------------------------------------------------------------------------------------------------
    def _new_boundary(self) -> tuple[bytes, str]:
        """A boundary, and a Content-Type that names it."""
        chance = self._chance
        length = chance.choice([1, 2, 3, 10, 28, 69, 70])
        quoted = chance.random() < 0.6
        boundary = "".join(chance.choices(BCHARS if quoted else TOKENS, k=length))
        if boundary.endswith(" "):
            boundary = boundary[:-1] + "x"
        if chance.random() < 0.3:
            boundary = ("----=_Part_" + boundary)[:70].rstrip(" ")
            quoted = True
        value = f'"{boundary}"' if quoted else boundary
        name = chance.choice(["boundary", "Boundary", "BOUNDARY"])
        kind = chance.choice(["multipart/mixed", "multipart/related", "Multipart/Mixed", "multipart/form-data"])
        before = chance.choice(["", "", "; charset=utf-8", '; type="application/smil"', '; start="<a;b>"'])
        behind = chance.choice(["", "", " ", "; charset=utf-8"])
        return boundary.encode(), f"{kind}{before}{chance.choice([';', '; ', ' ; '])}{name}={value}{behind}"

    def _framed(self, wires: list[bytes]) -> bytes:
        chance, end, delimiter = self._chance, self._line_end, b"--" + self._boundary
        pieces = []
        if chance.random() < 0.3:
            preamble = self._tempting(lambda data: is_preamble(data, self._boundary) and len(data) < MAX_PREAMBLE)
            pieces = [preamble, chance.choice([CRLF, LF])]
        for wire in wires:
            pieces += [delimiter, self._blanks(), end, wire, end]
        epilogue = chance.choice([CRLF, CRLF, LF, b"", CRLF + b"The end.", CRLF + delimiter + CRLF + CRLF + b"x"])
        return b"".join([*pieces, delimiter, b"--", self._blanks(), epilogue])

    def _blanks(self) -> bytes:
        return self._chance.choice([b"", b"", b"", b" ", b"\t "])

    # --- parts --------------------------------------------------------------------------------------------------------
    def _json_part(self, details: bytes) -> tuple[bytes, bool]:
        encoding = self._chance.choice([None, None, None, "base64", "quoted-printable", "8bit"])
        kind = self._chance.choice(["application/json", "Application/JSON", 'application/json; charset="utf-8"'])
        head, folded = self._head(kind, "main", encoding)
        return head + self._encoded(details, encoding), folded

    def _media_part(self) -> tuple[bytes, Sent]:
        chance = self._chance
        content_id = chance.choice([None, "a.jpg", "<b.png>", "< c >", "parrot@example.com", "x" * 255])
        encoding = chance.choice([None, None, *ENCODINGS])
        text, charset = None, None
        if chance.random() < 0.4:
            text, charset, data = self._text()
            kind = chance.choice(["text/plain", "text/html", "Text/Plain"])
            parameter = chance.choice([f"; charset={charset}", f'; Charset="{charset}"', f";charset={charset}; x=y"])
        else:
            data = self._tempting(self._is_sound)
            kind, parameter = chance.choice(MEDIA_TYPES), chance.choice(["", "; name=a.jpg", '; name="a;b"'])
        wire = self._encoded(data, encoding)
        if not self._is_sound(wire):  # its encoding has made a delimiter, or a line end that the other parser drops
            encoding, wire = "base64", b64encode(data)
        head, folded = self._head(kind + parameter, content_id, encoding)
        trimmed = content_id.strip("<> ") if content_id else None
        return head + wire, Sent(kind.lower(), trimmed, data, text, folded)

    def _head(self, content_type: str, content_id: str | None, encoding: str | None) -> tuple[bytes, bool]:
        """A header block with its blank line, and whether a header in it is folded."""
        chance = self._chance
        # The other parser takes a missing type for text/plain, as RFC 2046 has it, so every part has one.
        named = {"Content-Type": content_type, "Content-Id": content_id}
        headers = [self._header(name, value) for name, value in named.items() if value is not None]
        # The other parser does not know an encoding behind which blanks stand, or which is folded.
        headers += [self._cased(b"Content-Transfer-Encoding") + b": " + encoding.encode()] if encoding else []
        headers += chance.sample(OTHER_HEADERS, chance.choice([0, 0, 1, 3]))
        chance.shuffle(headers)
        block = b"".join(header + self._line_end for header in headers) + self._line_end
        return block, self._line_end + b" " in block or self._line_end + b"\t" in block

    def _header(self, name: str, value: str) -> bytes:
        chance = self._chance
        words = value.encode()
        if chance.random() < 0.15:
            place = words.find(b";") + 1  # 0: behind the colon
            words = words[:place] + self._line_end + chance.choice([b" ", b"\t", b"   "]) + words[place:].lstrip(b" ")
        return self._cased(name.encode()) + b":" + chance.choice([b"", b" ", b" ", b" \t"]) + words + self._blanks()

    def _cased(self, name: bytes) -> bytes:
        return self._chance.choice([name, name, name.upper(), name.lower()])

    # --- contents -----------------------------------------------------------------------------------------------------
    def _is_sound(self, data: bytes) -> bool:
        # A delimiter line behind any line end is one to the other parser; and in a body of LF it takes a CR at a
        # content's end for half of the delimiter's line end.
        return is_preamble(data, self._boundary) and not (self._line_end == LF and data.endswith(b"\r"))

    def _words(self, most: int) -> str:
        return "".join(self._chance.choices(WORDS, k=self._chance.randint(0, most)))

    def _text(self) -> tuple[str, str, bytes]:
        """Text, a charset that has it, its bytes."""
        while True:
            text, charset = self._words(12), self._chance.choice(CHARSETS)
            try:
                # Without a mark the other parser takes UTF-16 for the machine's, so it has one here.
                data = text.encode(charset)
            except UnicodeEncodeError:
                continue
            if self._is_sound(data):
                return text, charset, data

    def _tempting(self, is_fit: Callable[[bytes], bool]) -> bytes:
        """Bytes that tempt a splitter: the boundary with one thing too few or too many, line ends, and noise."""
        chance, dashed = self._chance, b"--" + self._boundary
        pieces = [b"\r", b"\n", CRLF, b"--", dashed, self._boundary, dashed + b"--", dashed[:-1], b" ", b"\t", b"x"]
        pieces += [dashed + b"-", dashed + b"x", b" " + dashed, b":", b"=", b"\0", b"\xff\xd8\xff", b"\x0c", b"\x85"]
        while True:
            data = b"".join(chance.choices(pieces, k=chance.choice([0, 1, 3, 8])))
            data += chance.randbytes(chance.choice([0, 0, 1, 3, 57, 300, 2000]))
            data = data if chance.random() < 0.5 else data[::-1]
            if is_fit(data):
                return data

    def _encoded(self, data: bytes, encoding: str | None) -> bytes:
        match (encoding or "").lower():
            case "base64":
                return self._base64(data)
            case "quoted-printable":
                return self._quoted_printable(data)
        return data

    def _base64(self, data: bytes) -> bytes:
        """In lines of any length, with blanks, blank lines, or without its padding."""
        chance, whole = self._chance, b64encode(data)
        if chance.random() < 0.2:
            whole = whole.rstrip(b"=")
        columns = chance.choice([1, 4, 60, 76, 77, 10_000]) if len(whole) < 400 else chance.choice([60, 76, 77, 10_000])
        between = chance.choice([self._line_end, self._line_end, LF, CRLF, self._line_end * 2, b" " + self._line_end])
        lines = [whole[at : at + columns] for at in range(0, len(whole), columns)]
        return between.join(lines) + chance.choice([b"", b"", between])

    def _quoted_printable(self, data: bytes) -> bytes:
        """With more or fewer escapes than are needed, and soft line ends."""
        chance = self._chance
        escape = chance.choice([b"=%02X", b"=%02x"])
        literal = frozenset(range(33, 127)) - {61}
        if chance.random() < 0.3:
            literal = frozenset()
        pieces, column = [], 0
        for byte in data:
            piece = bytes([byte]) if byte in literal else escape % byte
            if column + len(piece) > 75:
                pieces.append(b"=" + self._line_end)
                column = 0
            pieces.append(piece)
            column += len(piece)
        return b"".join(pieces)
