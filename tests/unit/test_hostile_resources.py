"""Bodies of every kind made to hurt: memory stays within 4 x the body, and no body takes a second."""

import gc
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress

import pytest

from local.simulator.media import jpeg
from mms_gateway.errors import MalformedCallback
from mms_gateway.openmarket.decode import decode_callback
from tests.wire.bodies import CRLF, LF, main, message, mo_json, multipart_type, part
from tests.wire.hostile.parts import nested

LARGEST = 4_600_000
TYPE = multipart_type()
JSON = "application/json"


def filled(unit: bytes, size: int = LARGEST) -> bytes:
    return unit * (size // len(unit))


def media(unit: bytes, content_type: str = "image/jpeg", encoding: str | None = None) -> Callable[[], bytes]:
    return lambda: message(main(), part(filled(unit), content_type, encoding=encoding))


def media_after(start: bytes, unit: bytes, content_type: str) -> Callable[[], bytes]:
    return lambda: message(main(), part(start + filled(unit), content_type))


def headers(*units: bytes) -> Callable[[], bytes]:
    return lambda: message(main(), part(b"a", headers=units * (LARGEST // sum(len(unit) + 2 for unit in units))))


def proven() -> bytes:
    picture = jpeg() + filled(b"\xff\xd8\0", LARGEST * 3 // 4)
    return message(main(), part(b64encode(picture)))


def proven_beside_text(data: bytes) -> Callable[[], bytes]:
    """Undeclared base64 all over: the text must be looked at as text before it may be decoded."""
    caption = b64encode(filled(data, LARGEST * 3 // 4))
    return lambda: message(main(), part(b64encode(jpeg())), part(caption, "text/plain"))


FAMILIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "one large picture": (TYPE, media(b"\xff\xd8\xff\0")),
    "CR": (TYPE, media(b"\r")),
    "LF": (TYPE, media(b"\n")),
    "CRLF": (TYPE, media(CRLF)),
    "CRLF in a body of LF": (TYPE, lambda: message(main(), part(filled(CRLF)), line_end=LF)),
    "blanks": (TYPE, media(b" ")),
    "tabs behind a near-boundary": (TYPE, media_after(b"\r\n--mimeboundary", b"\t", "image/jpeg")),
    "near-boundaries": (TYPE, media(b"\r\n--mimeboundarx")),
    "near-boundaries that go on": (TYPE, media(b"\r\n--mimeboundaryx")),
    "near-boundaries with blanks": (TYPE, media(b"\r\n--mimeboundary        \t")),
    "near-boundaries with the wrong line end": (TYPE, media(b"\r\n--mimeboundary\n")),
    "near-closings": (TYPE, media(b"\r\n--mimeboundary-- x")),
    "hyphens": (TYPE, media(b"-")),
    "near-boundaries ahead": (TYPE, lambda: message(main(), before=filled(b"\r\n--mimeboundaryx"))),
    "CR ahead": (TYPE, lambda: message(main(), before=filled(b"\r"))),
    "nothing but near-boundaries": (TYPE, lambda: filled(b"\r\n--mimeboundarx")),
    "nothing but CR": (TYPE, lambda: filled(b"\r")),
    "near-boundaries behind": (TYPE, lambda: message(main(), after=filled(b"\r\n--mimeboundary--"))),
    "parts": (TYPE, media(b"\r\n--mimeboundary\r\n\r\n")),
    "parts with a header": (TYPE, media(b"\r\n--mimeboundary\r\nA: 1\r\n\r\n1")),
    "delimiters": (TYPE, media(b"\r\n--mimeboundary")),
    "headers": (TYPE, headers(b"A: 1")),
    "headers without a colon": (TYPE, headers(b"A")),
    "folded lines": (TYPE, headers(b"A: 1", *[b" 1"] * 1000)),
    "folded lines of blanks and a letter": (TYPE, headers(b"A:", *[b" " * 200 + b"1"] * 1000)),
    "one long header": (TYPE, lambda: message(main(), part(b"a", headers=[b"A: " + filled(b"1")]))),
    "one long header of blanks": (TYPE, lambda: message(main(), part(b"a", headers=[b"A:" + filled(b" ") + b"1"]))),
    "one long header never ended": (
        TYPE,
        lambda: message(main(), closed=False) + b"--mimeboundary\r\nA: " + filled(b"1"),
    ),
    "a nested multipart": (TYPE, lambda: message(main(), part(nested(60_000), "multipart/mixed; boundary=n0"))),
    "64 large parts": (TYPE, lambda: message(main(), *[part(filled(b"p", LARGEST // 64))] * 64)),
    "JSON of lists": (TYPE, lambda: message(main(mo_json('"a": ' + "[" * (LARGEST // 2) + "]" * (LARGEST // 2))))),
    "JSON of text": (TYPE, lambda: message(main(mo_json(a="a" * LARGEST)))),
    "JSON in base64": (TYPE, lambda: message(main(b64encode(mo_json(a="a" * (LARGEST * 3 // 4))), encoding="base64"))),
    "plain JSON of lists": (JSON, lambda: mo_json('"a": ' + "[" * (LARGEST // 2) + "]" * (LARGEST // 2))),
    "plain JSON of objects never closed": (JSON, lambda: filled(b'{"a":')),
    "plain JSON of empty objects": (JSON, lambda: b"[" + filled(b"{},") + b"{}]"),
    "plain JSON of backslashes": (JSON, lambda: b'{"a": "' + filled(b"\\\\") + b'"}'),
    "plain JSON never closed": (JSON, lambda: b'{"a": "' + filled(b"a")),
    "one number": (JSON, lambda: b'{"moId": ' + filled(b"7") + b"}"),
    "quoted-printable all =41": (TYPE, media(b"=41", encoding="quoted-printable")),
    "quoted-printable all =41, broken at its end": (
        TYPE,
        lambda: message(main(), part(filled(b"=41") + b"=", encoding="quoted-printable")),
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
    "base64 broken at its end": (TYPE, lambda: message(main(), part(filled(b"UG9s") + b"!", encoding="base64"))),
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
    "text that is not UTF-8 at its end": (TYPE, lambda: message(main(), part(filled(b"a") + b"\xff", "text/plain"))),
    "text of UTF-16": (TYPE, media(b"\xd8\x3e\xdd\x9c", "text/plain; charset=utf-16")),
    "text of Latin-1": (TYPE, media(b"\xe0", "text/plain; charset=iso-8859-1")),
    "text of GB 18030": (TYPE, media("🦜".encode("gb18030"), "text/plain; charset=gb18030")),
    "text of a charset that fails": (TYPE, media("🦜".encode(), "text/plain; charset=us-ascii")),
    "64 texts with an emoji each": (
        TYPE,
        lambda: message(main(), *[part("🦜".encode() + filled(b"a", LARGEST // 64), "text/plain")] * 64),
    ),
}


@pytest.mark.parametrize(("content_type", "build"), FAMILIES.values(), ids=FAMILIES)
def test_memory_stays_within_four_times_the_body(content_type: str, build: Callable[[], bytes]) -> None:
    body = build()
    assert len(body) > LARGEST * 0.9
    gc.collect()
    tracemalloc.start()
    try:
        with suppress(MalformedCallback):
            decode_callback(content_type, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 4 * len(body), f"{peak / len(body):.1f} x the body"


def headers_in_64_parts(header: bytes) -> bytes:
    return message(main(), *[part(b"", headers=[header])] * 64)


BLANKS = 970  # as many as a Content-Type may have, nearly
HEADER_FAMILIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "Content-Types of blanks": (TYPE, lambda: headers_in_64_parts(b"Content-Type: text/plain;" + b" " * BLANKS + b"x")),
    "Content-Types of tabs": (TYPE, lambda: headers_in_64_parts(b"Content-Type: text/plain;" + b"\t" * BLANKS + b"x")),
    "Content-Types of blanks and equals": (TYPE, lambda: headers_in_64_parts(b"Content-Type: a/b;" + b" =" * 480)),
    "Content-Types of semicolons": (TYPE, lambda: headers_in_64_parts(b"Content-Type: a/b" + b";" * BLANKS)),
    "Content-Types of open quotes": (TYPE, lambda: headers_in_64_parts(b"Content-Type: a/b" + b';a="' * 240)),
    "Content-Types of backslashes": (TYPE, lambda: headers_in_64_parts(b'Content-Type: a/b;a="' + b"\\" * BLANKS)),
    "Content-Types of 10 KB": (TYPE, lambda: headers_in_64_parts(b"Content-Type: a/b;" + b" " * 10_000 + b"x")),
    "Content-Ids of blanks": (TYPE, lambda: headers_in_64_parts(b"Content-Id: a" + b" " * 10_000 + b"b")),
    "a request's Content-Type of blanks": (f"multipart/mixed;{' ' * BLANKS}x", lambda: message(main())),
    "addresses of blanks": (TYPE, lambda: message(main(source=" " * 30_000 + "x", destinations=["+" * 30_000]))),
}


@pytest.mark.parametrize(
    ("content_type", "build"),
    [pytest.param(*family, id=name) for name, family in {**FAMILIES, **HEADER_FAMILIES}.items()],
)
def test_no_body_takes_a_second_of_the_processor(content_type: str, build: Callable[[], bytes]) -> None:
    body = build()
    began = time.process_time()
    with suppress(MalformedCallback):
        decode_callback(content_type, body)
    assert time.process_time() - began < 1, "hostile-callbacks: under 1 s for the largest; usually a tenth of that"
