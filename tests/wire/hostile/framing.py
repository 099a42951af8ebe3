"""Rows 1-7, 9, 11-14, 20, 21: boundaries, line ends, delimiters, limits."""

from local.simulator.media import jpeg
from tests.wire.bodies import CRLF, LF, message, multipart_type, part, text
from tests.wire.rows import BOUNDARY, Q, R, Row, body, main, stored

PICTURE = jpeg()
DELIMITER = b"--" + BOUNDARY.encode()
ONE = stored(PICTURE)
PUNCTUATION = "a b'()+_,-./:=?"


def one_picture(boundary: str = BOUNDARY) -> bytes:
    return message(main(), part(PICTURE), boundary=boundary)


def with_headers(*headers: bytes, line_end: bytes = CRLF) -> bytes:
    return body(main(), part(PICTURE, headers=headers), line_end=line_end)


def instead(old: bytes, new: bytes, *, line_end: bytes = CRLF) -> bytes:
    """An ordinary message in which `old`, which stands there, has become `new`."""
    ordinary = body(main(), part(PICTURE, "image/jpeg", "image.jpg"), line_end=line_end)
    assert old in ordinary
    return ordinary.replace(old, new, 1)


def cut_behind(mark: bytes, *, keep: int = 0) -> bytes:
    """An ordinary message that ends `keep` bytes behind `mark`."""
    ordinary = body(main(), part(PICTURE), text("canary"))
    return ordinary[: ordinary.index(mark) + len(mark) + keep]


MEDIA_HEADERS = b"Content-Type: image/jpeg\r\nContent-Id: image.jpg\r\n\r\n"
JSON_HEADERS = b"Content-Type: application/json\r\nContent-Id: main\r\n\r\n"

AROUND = [
    Row("row-1 boundary quoted", one_picture(), ONE, f'multipart/mixed; boundary="{BOUNDARY}"'),
    Row(
        "row-1 boundary quoted with every character that needs it",
        one_picture(PUNCTUATION),
        ONE,
        f'multipart/mixed; boundary="{PUNCTUATION}"',
    ),
    Row("row-1 upper-case parameter name", one_picture(), ONE, f"multipart/mixed; BOUNDARY={BOUNDARY}"),
    Row("row-1 upper-case multipart type", one_picture(), ONE, f"MULTIPART/MIXED; boundary={BOUNDARY}"),
    Row(
        "row-1 upper-case header names",
        body(
            main(headers=(b"CONTENT-TYPE: application/json", b"CONTENT-ID: main")),
            part(b"aGk=", headers=(b"CONTENT-TYPE: image/jpeg", b"CONTENT-TRANSFER-ENCODING: base64")),
        ),
        stored(b"hi"),
    ),
    Row(
        "row-1 blanks after the request's Content-Type", one_picture(), ONE, f"multipart/mixed; boundary={BOUNDARY} \t "
    ),
    Row(
        "row-1 blanks after the parts' Content-Type lines",
        body(
            main(headers=(b"Content-Type: application/json \t ", b"Content-Id: main")),
            part(PICTURE, headers=(b"Content-Type: image/jpeg  ", b"Content-Id: image.jpg")),
        ),
        ONE,
    ),
    Row("row-1 blanks after the boundary lines", body(main(), part(PICTURE), blanks=b" \t "), ONE),
    Row(
        "row-1 blanks after a header",
        body(
            main(headers=(b"Content-Type: application/json", b"Content-Id: main  \t")),
            part(PICTURE, headers=(b"Content-Type: image/jpeg", b"Content-Id: image.jpg \t ")),
        ),
        ONE,
    ),
    Row("row-2 no boundary", one_picture(), Q, "multipart/mixed"),
    Row("row-2 no boundary but another parameter", one_picture(), Q, "multipart/mixed; charset=canary"),
    Row("row-2 an empty boundary", one_picture(), Q, "multipart/mixed; boundary="),
    Row(
        "row-2 an empty boundary before another parameter",
        one_picture(),
        Q,
        "multipart/mixed; boundary=; charset=canary",
    ),
    Row("row-2 an empty quoted boundary", one_picture(), Q, 'multipart/mixed; boundary=""'),
    Row("row-2 a boundary of 71 characters", one_picture("b" * 71), Q, multipart_type("b" * 71)),
    Row(
        "row-2 a quoted boundary of 71 characters", one_picture("b" * 71), Q, f'multipart/mixed; boundary="{"b" * 71}"'
    ),
    Row("row-2 a boundary of 5,000 characters", one_picture("b" * 5000), Q, multipart_type("b" * 5000)),
    Row("row-3 two boundary parameters", one_picture(), Q, f"multipart/mixed; boundary={BOUNDARY}; boundary=other"),
    Row(
        "row-3 two boundary parameters that agree",
        one_picture(),
        Q,
        f"multipart/mixed; boundary={BOUNDARY}; BOUNDARY={BOUNDARY}",
    ),
    Row("row-4 text before the first boundary", body(main(), part(PICTURE), before=b"This is MIME.\r\n"), ONE),
    Row("row-4 CRLF before the first boundary", body(main(), part(PICTURE), before=CRLF), ONE),
    Row("row-4 many CRLF before the first boundary", body(main(), part(PICTURE), before=CRLF * 100), ONE),
    Row("row-4 text after the last boundary", body(main(), part(PICTURE), after=b"The end.\r\n"), ONE),
    Row(
        "row-4 a delimiter after the last boundary",
        body(main(), part(PICTURE), after=DELIMITER + CRLF + MEDIA_HEADERS),
        ONE,
    ),
    Row(
        "row-5 text before the first boundary, over the limit",
        body(main(), part(PICTURE), before=b"canary" * 200 + CRLF),
        Q,
    ),
    Row("row-5 CRLF before the first boundary, over the limit", body(main(), part(PICTURE), before=CRLF * 600), Q),
    Row("row-5 text after the last boundary, over the limit", body(main(), part(PICTURE), after=b"canary" * 200), Q),
    Row(
        "row-6 line ends LF throughout",
        body(main(), part(PICTURE), text("Hi"), line_end=LF),
        stored(PICTURE, b"Hi", flags=["lf-lines"]),
    ),
    Row(
        "row-6 line ends LF throughout, media ending in CR and LF",
        body(main(), part(b"a\r"), part(b"b\n"), part(b"c\r\n"), line_end=LF),
        stored(b"a\r", b"b\n", b"c\r\n", flags=["lf-lines"]),
    ),
    Row("row-7 LF inside a media part's header block", instead(b"image/jpeg\r\n", b"image/jpeg\n"), Q),
    Row("row-7 LF inside the JSON part's header block", instead(b"json\r\n", b"json\n"), Q),
    Row("row-7 LF throughout a header block", instead(MEDIA_HEADERS, MEDIA_HEADERS.replace(CRLF, LF)), Q),
    Row("row-7 LF for the blank line", instead(b"image.jpg\r\n\r\n", b"image.jpg\r\n\n"), Q),
    Row("row-7 CR inside a header block", instead(b"image/jpeg\r\n", b"image/jpeg\r"), Q),
    Row("row-7 CR throughout a header block", instead(MEDIA_HEADERS, MEDIA_HEADERS.replace(CRLF, b"\r")), Q),
    Row("row-7 CR in the middle of a header", instead(b"image.jpg", b"canary\r.jpg"), Q),
    Row("row-7 LF in the middle of a header", instead(b"image.jpg", b"canary\n.jpg"), Q),
    Row("row-7 CR before a header's CRLF", instead(b"image.jpg\r\n", b"image.jpg\r\r\n"), Q),
    Row(
        "row-7 LF at delimiters, CRLF inside a header block",
        instead(b"image/jpeg\n", b"image/jpeg\r\n", line_end=LF),
        Q,
    ),
    Row(
        "row-7 LF at delimiters, CRLF throughout a header block",
        instead(MEDIA_HEADERS.replace(CRLF, LF), MEDIA_HEADERS, line_end=LF),
        Q,
    ),
    Row("row-7 LF at delimiters, CR inside a header block", instead(b"image/jpeg\n", b"image/jpeg\r", line_end=LF), Q),
    Row("row-7 LF at the first delimiter, CRLF everywhere else", instead(DELIMITER + CRLF, DELIMITER + LF), Q),
    Row("row-9 a header line without a colon", with_headers(b"Content-Type: image/jpeg", b"canary without it"), Q),
    Row("row-9 a first header line without a colon", with_headers(b"canary", b"Content-Type: image/jpeg"), Q),
    Row(
        "row-9 a header line without a colon in the JSON part",
        body(main(headers=(b"Content-Type: application/json", b"canary"))),
        Q,
    ),
    Row(
        "row-9 media that follow the headers without a blank line",
        instead(MEDIA_HEADERS, MEDIA_HEADERS[:-2] + b"canary" + CRLF),
        Q,
    ),
]

CUT = [
    Row("row-11 no closing delimiter", body(main(), part(PICTURE), closed=False), R),
    Row(
        "row-11 no closing delimiter, not even the line end before it",
        body(main(), part(PICTURE), closed=False)[:-2],
        R,
    ),
    Row("row-11 no closing delimiter after the JSON part", body(main(), closed=False), R),
    Row("row-11 an opening delimiter where the closing one belongs", instead(DELIMITER + b"--", DELIMITER), R),
    Row("row-11 cut in the closing delimiter", instead(DELIMITER + b"--\r\n", DELIMITER + b"-"), R),
    Row("row-11 cut in the first delimiter", DELIMITER[:5], R),
    Row("row-11 cut behind the first delimiter", DELIMITER + CRLF, R),
    Row("row-11 cut in the middle of the JSON", cut_behind(JSON_HEADERS, keep=40), R),
    Row("row-11 cut in the middle of media", cut_behind(MEDIA_HEADERS, keep=100), R),
    Row("row-11 cut at the start of media", cut_behind(MEDIA_HEADERS), R),
    Row("row-11 cut in a header's name", cut_behind(b"image/jpeg\r\nConte"), R),
    Row("row-11 cut in a header's value", cut_behind(b"Content-Type: image/jp"), R),
    Row("row-11 cut inside a header's line end", cut_behind(b"Content-Type: image/jpeg\r"), R),
    Row("row-11 cut behind a header's line end", cut_behind(b"Content-Type: image/jpeg\r\n"), R),
    Row("row-11 cut inside the blank line", cut_behind(MEDIA_HEADERS[:-1]), R),
    Row("row-11 cut in the JSON part's headers", cut_behind(b"Content-Type: applica"), R),
    Row("row-12 empty body", b"", Q),
    Row("row-12 empty body of plain JSON", b"", Q, "application/json"),
    Row("row-12 just the closing delimiter", DELIMITER + b"--\r\n", Q),
    Row("row-12 just the closing delimiter without a line end", DELIMITER + b"--", Q),
    Row("row-12 just the closing delimiter behind a CRLF", CRLF + DELIMITER + b"--\r\n", Q),
    Row("row-12 first part a picture", body(part(PICTURE)), Q),
    Row("row-12 first part a picture, then the JSON", body(part(PICTURE), main()), Q),
    Row(
        "row-12 first part JSON that says text",
        body(main(headers=(b"Content-Type: text/plain", b"Content-Id: main"))),
        Q,
    ),
    Row("row-12 first part without a Content-Type", body(main(headers=(b"Content-Id: main",))), Q),
    Row("row-12 first part without headers", body(main(headers=())), Q),
    Row("row-12 a later part with Content-Id main", body(main(), part(PICTURE, content_id="main")), Q),
    Row(
        "row-12 a later part with Content-Id <main>", body(main(), part(PICTURE), part(PICTURE, content_id="<main>")), Q
    ),
    Row("row-12 a later JSON part with Content-Id main", body(main(), part(PICTURE), main()), Q),
]

MEDIA = [
    Row("row-13 a media part of length 0", body(main(), part(b"")), stored(b"")),
    Row(
        "row-13 a media part of length 0 whose blank line's end is the delimiter's",
        body(main(), part(b"")).replace(MEDIA_HEADERS + CRLF, MEDIA_HEADERS),
        stored(b""),
    ),
    Row("row-13 media that end in CR", body(main(), part(PICTURE + b"\r")), stored(PICTURE + b"\r")),
    Row("row-13 media that end in LF", body(main(), part(PICTURE + b"\n")), stored(PICTURE + b"\n")),
    Row("row-13 media that end in CRLF", body(main(), part(PICTURE + CRLF)), stored(PICTURE + CRLF)),
    Row("row-13 media that are CRLF", body(main(), part(CRLF)), stored(CRLF)),
    Row("row-13 media that end in CR, another part behind", body(main(), part(b"\r"), part(b"x")), stored(b"\r", b"x")),
    Row("row-13 no media part at all", body(main()), stored()),
    *(
        Row(f"row-14 media that hold {name}", body(main(), part(data), text("behind")), stored(data, b"behind"))
        for name, data in {
            "the boundary in a line": b"a " + DELIMITER + b" b\r\n",
            "the boundary without its hyphens": b"\r\n" + BOUNDARY.encode() + b"\r\n",
            "the boundary with one hyphen": b"\r\n" + DELIMITER[1:] + b"\r\n",
            "the boundary with three hyphens": b"\r\n-" + DELIMITER + b"\r\n",
            "the boundary behind a blank": b"\r\n " + DELIMITER + b"\r\n",
            "a line that only begins like a delimiter": b"\r\n" + DELIMITER + b"x\r\n",
            "a line that begins like a delimiter and goes on behind blanks": b"\r\n" + DELIMITER + b" \tx\r\n",
            "a delimiter behind LF": b"a\n" + DELIMITER + b"\r\n",
            "a delimiter behind CR": b"a\r" + DELIMITER + b"\r\n",
            "a delimiter that ends in LF": b"a\r\n" + DELIMITER + b"\n",
            "a delimiter that ends in CR": b"a\r\n" + DELIMITER + b"\rb",
            "a closing delimiter behind LF": b"a\n" + DELIMITER + b"--\r\n",
            "a line that only begins like the closing delimiter": b"\r\n" + DELIMITER + b"--x\r\n",
            "a line that begins like the closing delimiter and goes on behind blanks": b"\r\n"
            + DELIMITER
            + b"-- x\r\n",
            "a delimiter with one more hyphen": b"\r\n" + DELIMITER + b"-\r\n",
            "the boundary in upper case": b"\r\n" + DELIMITER.upper() + b"\r\n",
        }.items()
    ),
    Row(
        "row-14 LF media that hold a delimiter that ends in CRLF",
        body(main(), part(b"a\n" + DELIMITER + CRLF), line_end=LF),
        stored(b"a\n" + DELIMITER + CRLF, flags=["lf-lines"]),
    ),
]

NEAR = (b"\r\n" + DELIMITER[:-1] + b"\r\n" + DELIMITER + b"x\r\n" + DELIMITER + b" \t \n\n" + DELIMITER + CRLF) * 22_500
CRS, CRLFS = b"\r" * 1_500_000, CRLF * 750_000

LARGE = [
    Row("row-20 65 media parts", body(main(), *[part(b"x")] * 65), Q),
    Row("row-20 100,000 parts", lambda: body(main(), *[part(b"x", None, None)] * 100_000), Q),
    Row("row-20 50,000 headers", lambda: with_headers(*[b"canary: 1"] * 50_000), Q),
    Row(
        "row-20 50,000 headers in the JSON part",
        lambda: body(main(headers=[b"Content-Type: application/json", *[b"a: 1"] * 50_000])),
        Q,
    ),
    Row("row-20 one header of 1.5 MB", lambda: with_headers(b"canary: " + b"a" * 1_500_000), Q),
    Row("row-20 one folded header of 1.5 MB", lambda: with_headers(b"canary: 1", *[b" a"] * 375_000), Q),
    Row("row-21 1.5 MB of CR", lambda: body(main(), part(CRS)), stored(CRS)),
    Row("row-21 1.5 MB of CRLF", lambda: body(main(), part(CRLFS)), stored(CRLFS)),
    Row("row-21 1.5 MB of near-boundaries", lambda: body(main(), part(NEAR)), stored(NEAR)),
]

ROWS = [*AROUND, *CUT, *MEDIA, *LARGE]
