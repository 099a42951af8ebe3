"""Read the bytes of a text part, in the charsets that handsets and operators use and in no others."""

import codecs
from collections.abc import Iterator

_PIECE = 32 * 1024  # bytes

_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-16": "utf-16",
    "shift_jis": "shift_jis",
    "euc-jp": "euc-jp",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "euc-kr",
    **{f"iso-8859-{n}": f"iso-8859-{n}" for n in range(1, 16) if n != 12},  # there is no part 12
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
}
"""The allow-list: charset label to codec. Codecs such as utf-7 or unicode_escape would let text be smuggled."""

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_SECOND_HALVES = bytes(range(0x80, 0xA0))  # of the control characters that UTF-8 writes with C2 and one of these
_ALIKE = bytes.maketrans(_CONTROLS + _SECOND_HALVES, bytes(len(_CONTROLS)) + b"\x80" * len(_SECOND_HALVES))
"""Makes every control character NUL or U+0080, so that two look-ups find any."""

_UTF_16_MARKS = (b"\xfe\xff", b"\xff\xfe")


def read_text(data: bytes | memoryview, label: str | None, most: int) -> tuple[str | None, str, bool]:
    """At most the first `most` characters of `data`, the codec that read all of it, and whether `label` was usable.

    Without a usable label (None: none was declared, which is fine) UTF-8 is tried; where that fails too there is no
    text, and the codec is "".
    """
    codec = _codec(label, bytes(data[:2])) if label is not None else None
    for candidate in [codec, "utf-8"] if codec else ["utf-8"]:
        try:
            return _decode(data, candidate, most), candidate, label is None or candidate == codec
        except UnicodeDecodeError:
            continue
    return None, "", label is None


def _codec(label: str, start: bytes) -> str | None:
    name = label.lower().replace("_", "-")
    codec = _CODECS.get("shift_jis" if name == "shift-jis" else name)
    return "utf-16-be" if codec == "utf-16" and start not in _UTF_16_MARKS else codec


def is_printable_utf8(data: bytes) -> bool:
    """Whether `data` is UTF-8 text without control characters other than tabs and line ends."""
    try:
        _decode(data, "utf-8", 0)
    except UnicodeDecodeError:
        return False
    alike = data.translate(_ALIKE)
    return b"\0" not in alike and not (b"\xc2" in alike and b"\xc2\x80" in alike)


def _decode(data: bytes | memoryview, codec: str, most: int) -> str:
    text = ""
    for piece in _pieces(data, codec):
        text += piece[: most - len(text)]
    return text


def _pieces(data: bytes | memoryview, codec: str) -> Iterator[str]:
    """The text piece by piece: all of a long one must be read to be trusted, but not held."""
    decoder = codecs.getincrementaldecoder(codec)()
    for start in range(0, len(data), _PIECE):
        yield decoder.decode(bytes(data[start : start + _PIECE]), final=start + _PIECE >= len(data))
