"""Bodies of every kind made to hurt, of any size: a Content-Type and a maker for each family."""

from base64 import b64encode
from collections.abc import Callable

from local.simulator.media import jpeg
from tests.wire.bodies import CRLF, LF, main, message, mo_json, multipart_type, part
from tests.wire.hostile.parts import nested

TYPE = multipart_type()
JSON = "application/json"


def filled(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


def media(unit: bytes, content_type: str = "image/jpeg", encoding: str | None = None) -> Callable[[int], bytes]:
    return lambda size: message(main(), part(filled(unit, size), content_type, encoding=encoding))


def media_after(start: bytes, unit: bytes, content_type: str) -> Callable[[int], bytes]:
    return lambda size: message(main(), part(start + filled(unit, size), content_type))


def headers(*units: bytes) -> Callable[[int], bytes]:
    return lambda size: message(main(), part(b"a", headers=units * (size // sum(len(unit) + 2 for unit in units))))


def proven(size: int) -> bytes:
    picture = jpeg() + filled(b"\xff\xd8\0", size * 3 // 4)
    return message(main(), part(b64encode(picture)))


def proven_beside_text(data: bytes) -> Callable[[int], bytes]:
    """Undeclared base64 all over: the text must be looked at as text before it may be decoded."""
    return lambda size: message(
        main(), part(b64encode(jpeg())), part(b64encode(filled(data, size * 3 // 4)), "text/plain")
    )


NESTED = len(nested(60_000)) // 60_000  # bytes of a level
FAMILIES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "one large picture": (TYPE, media(b"\xff\xd8\xff\0")),
    "CR": (TYPE, media(b"\r")),
    "LF": (TYPE, media(b"\n")),
    "CRLF": (TYPE, media(CRLF)),
    "CRLF in a body of LF": (TYPE, lambda size: message(main(), part(filled(CRLF, size)), line_end=LF)),
    "blanks": (TYPE, media(b" ")),
    "tabs behind a near-boundary": (TYPE, media_after(b"\r\n--mimeboundary", b"\t", "image/jpeg")),
    "near-boundaries": (TYPE, media(b"\r\n--mimeboundarx")),
    "near-boundaries that go on": (TYPE, media(b"\r\n--mimeboundaryx")),
    "near-boundaries with blanks": (TYPE, media(b"\r\n--mimeboundary        \t")),
    "near-boundaries with the wrong line end": (TYPE, media(b"\r\n--mimeboundary\n")),
    "near-closings": (TYPE, media(b"\r\n--mimeboundary-- x")),
    "hyphens": (TYPE, media(b"-")),
    "near-boundaries ahead": (TYPE, lambda size: message(main(), before=filled(b"\r\n--mimeboundaryx", size))),
    "CR ahead": (TYPE, lambda size: message(main(), before=filled(b"\r", size))),
    "nothing but near-boundaries": (TYPE, lambda size: filled(b"\r\n--mimeboundarx", size)),
    "nothing but CR": (TYPE, lambda size: filled(b"\r", size)),
    "near-boundaries behind": (TYPE, lambda size: message(main(), after=filled(b"\r\n--mimeboundary--", size))),
    "parts": (TYPE, media(b"\r\n--mimeboundary\r\n\r\n")),
    "parts with a header": (TYPE, media(b"\r\n--mimeboundary\r\nA: 1\r\n\r\n1")),
    "delimiters": (TYPE, media(b"\r\n--mimeboundary")),
    "headers": (TYPE, headers(b"A: 1")),
    "headers without a colon": (TYPE, headers(b"A")),
    "folded lines": (TYPE, headers(b"A: 1", *[b" 1"] * 1000)),
    "folded lines of blanks and a letter": (TYPE, headers(b"A:", *[b" " * 200 + b"1"] * 1000)),
    "one long header": (TYPE, lambda size: message(main(), part(b"a", headers=[b"A: " + filled(b"1", size)]))),
    "one long header of blanks": (
        TYPE,
        lambda size: message(main(), part(b"a", headers=[b"A:" + filled(b" ", size) + b"1"])),
    ),
    "one long header never ended": (
        TYPE,
        lambda size: message(main(), closed=False) + b"--mimeboundary\r\nA: " + filled(b"1", size),
    ),
    "a nested multipart": (
        TYPE,
        lambda size: message(main(), part(nested(size // NESTED), "multipart/mixed; boundary=n0")),
    ),
    "64 large parts": (TYPE, lambda size: message(main(), *[part(filled(b"p", size // 64))] * 64)),
    "JSON of lists": (TYPE, lambda size: message(main(mo_json('"a": ' + "[" * (size // 2) + "]" * (size // 2))))),
    "JSON of text": (TYPE, lambda size: message(main(mo_json(a="a" * size)))),
    "JSON in base64": (
        TYPE,
        lambda size: message(main(b64encode(mo_json(a="a" * (size * 3 // 4))), encoding="base64")),
    ),
    "plain JSON of lists": (JSON, lambda size: mo_json('"a": ' + "[" * (size // 2) + "]" * (size // 2))),
    "plain JSON of objects never closed": (JSON, lambda size: filled(b'{"a":', size)),
    "plain JSON of empty objects": (JSON, lambda size: b"[" + filled(b"{},", size) + b"{}]"),
    "plain JSON of backslashes": (JSON, lambda size: b'{"a": "' + filled(b"\\\\", size) + b'"}'),
    "plain JSON never closed": (JSON, lambda size: b'{"a": "' + filled(b"a", size)),
    "one number": (JSON, lambda size: b'{"moId": ' + filled(b"7", size) + b"}"),
    "quoted-printable all =41": (TYPE, media(b"=41", encoding="quoted-printable")),
    "quoted-printable all =41, broken at its end": (
        TYPE,
        lambda size: message(main(), part(filled(b"=41", size) + b"=", encoding="quoted-printable")),
    ),
    "quoted-printable with two = and no more": (
        TYPE,
        lambda size: message(main(), part(b"x" * 65_536 + b"==" + filled(b"a", size), encoding="quoted-printable")),
    ),
    "quoted-printable all =": (TYPE, media(b"=", encoding="quoted-printable")),
    "quoted-printable all =Z": (TYPE, media(b"=Z", encoding="quoted-printable")),
    "quoted-printable all soft line ends": (TYPE, media(b"=\r\n", encoding="quoted-printable")),
    "quoted-printable all blanks": (TYPE, media(b" ", encoding="quoted-printable")),
    "quoted-printable text": (TYPE, media(b"=41", "text/plain", "quoted-printable")),
    "base64": (TYPE, media(b"UG9s", encoding="base64")),
    "base64 of one letter a line": (TYPE, media(b"U\r\nG\r\n9\r\ns\r\n", encoding="base64")),
    "base64 of blanks": (TYPE, media(b" ", encoding="base64")),
    "base64 of CRLF": (TYPE, media(CRLF, encoding="base64")),
    "base64 of padding": (TYPE, media(b"=", encoding="base64")),
    "base64 of padded pieces": (TYPE, media(b"UG9sbA==", encoding="base64")),
    "base64 broken at its end": (
        TYPE,
        lambda size: message(main(), part(filled(b"UG9s", size) + b"!", encoding="base64")),
    ),
    "base64 text": (TYPE, media(b64encode("🦜".encode() + b"aa"), "text/plain", "base64")),
    "base64 undeclared": (TYPE, proven),
    "base64 undeclared, text beside it": (TYPE, proven_beside_text(b"a caption ")),
    "base64 undeclared, text of emoji beside it": (TYPE, proven_beside_text("🦜".encode() + b"caption ")),
    "base64 undeclared, text beside it that is none": (TYPE, proven_beside_text(b"\xff")),
    "nearly a proof": (TYPE, media_after(b64encode(jpeg()[:66]), b"/9j/", "image/jpeg")),
    "text": (TYPE, media(b"a", "text/plain")),
    "text with one emoji": (TYPE, media_after("🦜".encode(), b"a", "text/plain")),
    "text of emoji": (TYPE, media("🦜".encode(), "text/plain")),
    "text that is not UTF-8": (TYPE, media(b"\xff", "text/plain")),
    "text that is not UTF-8 at its end": (
        TYPE,
        lambda size: message(main(), part(filled(b"a", size) + b"\xff", "text/plain")),
    ),
    "text of UTF-16": (TYPE, media(b"\xd8\x3e\xdd\x9c", "text/plain; charset=utf-16")),
    "text of Latin-1": (TYPE, media(b"\xe0", "text/plain; charset=iso-8859-1")),
    "text of GB 18030": (TYPE, media("🦜".encode("gb18030"), "text/plain; charset=gb18030")),
    "text of a charset that fails": (TYPE, media("🦜".encode(), "text/plain; charset=us-ascii")),
    "64 texts with an emoji each": (
        TYPE,
        lambda size: message(main(), *[part("🦜".encode() + filled(b"a", size // 64), "text/plain")] * 64),
    ),
}
