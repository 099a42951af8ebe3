"""Rows 8, 10, 15-19, 27, 30, 31: what a part's headers and encoding may do to it."""

from base64 import b64encode, encodebytes

from local.simulator.media import gif, heads, jpeg, png, smil
from tests.wire.bodies import CRLF, part, text
from tests.wire.rows import Row, body, kept, main, stored

PICTURE = jpeg()
OCTETS = "application/octet-stream"
CAPTION = "Voilà l'oiseau 🦜\r\n"
BASE64 = b64encode(PICTURE)
COLUMNS = encodebytes(PICTURE).replace(b"\n", CRLF).rstrip()
BROKEN = "base64-broken"
UNDECLARED = "base64-undeclared"


def headed(label: str, headers: tuple[bytes, ...], flag: str, **fields: object) -> Row:
    """A message whose picture has these header lines, and therefore this flag."""
    return Row(label, body(main(), part(PICTURE, headers=headers)), stored(kept(PICTURE, flag, **fields)))


def unusable(label: str, *headers: bytes) -> Row:
    """A Content-Type that can't be believed."""
    return headed(label, headers, "content-type-unusable", content_type=OCTETS)


def folded(label: str, *headers: bytes) -> Row:
    """A picture whose headers come in more lines than they should."""
    return headed(label, headers, "folded-header", content_type="image/jpeg")


def typed(content_type: str, data: bytes) -> Row:
    label = f"row-27 {content_type} that begins {data[:12]!r}"
    return Row(label, body(main(), part(data, content_type)), stored(kept(data, content_type=content_type)))


def declared(label: str, content: bytes) -> Row:
    """Declared base64 that can be read."""
    wire = part(content, encoding="base64")
    return Row(label, body(main(), wire), stored(kept(PICTURE, content_type="image/jpeg")))


def broken(label: str, content: bytes) -> Row:
    """Declared base64 that can't."""
    return Row(label, body(main(), part(content, encoding="base64")), stored(kept(content, BROKEN)))


def nested(depth: int) -> bytes:
    """A multipart within a multipart, and so on."""
    numbers = range(depth)
    opening = b"".join(b'--n%d\r\nContent-Type: multipart/mixed; boundary="n%d"\r\n\r\n' % (n, n + 1) for n in numbers)
    return opening + b"".join(b"\r\n--n%d--\r\n" % n for n in reversed(numbers))


def charset(name: str, data: bytes, words: str | None, *flags: str) -> Row:
    """A text part in a charset, and the text that comes of it."""
    label = f"row-30 text declared {name}: {data[:16]!r}"
    expected = stored(kept(data, *flags), text=words)  # a part's own text stands only where it round-trips
    return Row(label, body(main(), part(data, f"text/plain; charset={name}", "text.txt")), expected)


HEADERS = [
    Row(
        "row-8 a media part without headers",
        body(main(), part(PICTURE, headers=())),
        stored(kept(PICTURE, "no-headers", content_type=OCTETS, content_id=None)),
    ),
    unusable("row-8 two Content-Types", b"Content-Type: image/jpeg", b"Content-Type: text/html"),
    unusable("row-8 two Content-Types that agree", b"Content-Type: image/jpeg", b"content-type: image/jpeg"),
    unusable("row-8 a Content-Type with NUL", b"Content-Type: image/j\0peg"),
    unusable("row-8 a Content-Type with NUL in a parameter", b'Content-Type: image/jpeg; name="\0"'),
    unusable("row-8 a Content-Type with UTF-8", "Content-Type: image/jpég".encode()),
    unusable("row-8 a Content-Type with a byte above 127", b"Content-Type: image/j\xffpeg"),
    unusable("row-8 a Content-Type of 10 KB", b"Content-Type: image/" + b"j" * 10_240),
    folded("row-8 a folded header", b"Content-Type: image/jpeg;", b" name=polly.jpg"),
    folded("row-8 a header folded behind its colon", b"Content-Type:", b"\timage/jpeg"),
    folded("row-8 a header folded twice", b"Content-Type: image/jpeg;", b" name=", b"  polly.jpg"),
    folded("row-8 a folded header behind the Content-Type", b"Content-Type: image/jpeg", b"Content-Id:", b" a.jpg"),
    Row(
        "row-8 a folded header in the JSON part",
        body(main(headers=(b"Content-Type:", b" application/json", b"Content-Id: main")), part(PICTURE)),
        stored(PICTURE, flags=["folded-header"]),
    ),
    *(
        Row(
            f"row-10 content id with {name}",
            body(main(), part(PICTURE, content_id=None, extra=(b"Content-Id: " + content_id,))),
            stored(kept(PICTURE, "content-id-unusable", content_type="image/jpeg", content_id=None)),
        )
        for name, content_id in {
            "NUL": b"image\0.jpg",
            "bytes that are not UTF-8": b"image\xff\xfe.jpg",
            "../": b"../../etc/passwd",
            "..\\": b"..\\image.jpg",
            "10 KB": b"i" * 10_240,
            "an escape": b"image\x1b[31m.jpg",
        }.items()
    ),
]

ENCODINGS = [
    declared("row-15 base64 in 76-column lines", COLUMNS),
    declared("row-15 base64 in LF lines", COLUMNS.replace(CRLF, b"\n")),
    declared("row-15 base64 in one line", BASE64),
    declared("row-15 base64 with blanks", BASE64[:10] + b"  \t" + BASE64[10:] + b" "),
    declared("row-15 base64 with blank lines", CRLF + COLUMNS.replace(CRLF, CRLF + b" " + CRLF, 1) + CRLF + CRLF),
    Row(
        "row-15 base64 with its padding left out",
        body(main(), part(b"UG9sbHk", encoding="base64"), part(b"UG9sbA", encoding="base64")),
        stored(b"Polly", b"Poll"),
    ),
    broken("row-16 base64 with a foreign character", BASE64[:40] + b"!" + BASE64[40:]),
    broken("row-16 base64 with a character of another base64 alphabet", b"_-_-" + BASE64),
    broken("row-16 base64 with NUL", BASE64[:40] + b"\0" + BASE64[40:]),
    broken("row-16 base64 with a byte above 127", BASE64[:40] + b"\xc3\xa9" + BASE64[40:]),
    broken("row-16 base64 of length mod 4 = 1", b"UG9sbHkhU"),
    broken("row-16 base64 of one character", b"U"),
    broken("row-16 base64 with data after its padding", b"UG9sbA==UG9sbA=="),
    broken("row-16 base64 with data after its padding, in another line", b"UG9sbA==\r\nUG9s"),
    broken("row-16 base64 with surplus padding", b"UG9sbHk=="),
    Row(
        "row-16 an unknown transfer encoding",
        body(main(), part(PICTURE, encoding="x-canary")),
        stored(kept(PICTURE, "encoding-unknown", content_type="image/jpeg")),
    ),
    Row(
        "row-16 uuencode",
        body(main(), part(b"begin 644 a\r\n#8V%T\r\n`\r\nend", encoding="x-uuencode")),
        stored(kept(b"begin 644 a\r\n#8V%T\r\n`\r\nend", "encoding-unknown")),
    ),
    Row(
        "row-16 quoted-printable",
        body(main(), part(b"Voil=C3=A0=20l'=\r\noiseau=3D", "text/plain", encoding="quoted-printable")),
        stored(kept("Voilà l'oiseau=".encode(), text="Voilà l'oiseau=")),
    ),
    *(
        Row(
            f"row-17 base64 not declared, {name}, text beside it likewise encoded",
            body(main(), part(b64encode(data), "image/canary"), part(b64encode(CAPTION.encode()), "text/plain", "t")),
            stored(kept(data, UNDECLARED), kept(CAPTION.encode(), UNDECLARED, text=CAPTION), text=CAPTION),
        )
        for name, data in heads().items()
    ),
    Row(
        "row-17 base64 not declared, in lines, two pictures, text and SMIL",
        body(
            main(),
            part(COLUMNS),
            part(encodebytes(gif()), "image/gif", "b"),
            part(b64encode(b"Polly"), "text/plain", "t"),
            part(b64encode(smil("a", "b")), "application/smil", "s"),
        ),
        stored(*(kept(data, UNDECLARED) for data in (PICTURE, gif(), b"Polly", smil("a", "b")))),
    ),
    Row(
        "row-18 text that happens to be base64, alone",
        body(main(), part(b64encode(CAPTION.encode()), "text/plain")),
        stored(kept(b64encode(CAPTION.encode()), text=b64encode(CAPTION.encode()).decode())),
    ),
    Row(
        "row-18 MENU beside a binary picture",
        body(main(), part(PICTURE), text("MENU")),
        stored(PICTURE, kept(b"MENU", text="MENU")),
    ),
    Row(
        "row-18 text that is the base64 of a picture, alone",
        body(main(), part(BASE64, "text/plain")),
        stored(kept(BASE64, content_type="text/plain")),
    ),
    Row(
        "row-18 text that happens to be base64 beside base64 that is declared",
        body(main(), part(BASE64, encoding="base64"), part(b64encode(CAPTION.encode()), "text/plain", "t")),
        stored(PICTURE, b64encode(CAPTION.encode())),
    ),
    Row(
        "row-19 a nested multipart",
        body(main(), part(nested(1), 'multipart/alternative; boundary="n0"')),
        stored(kept(nested(1), "nested-multipart", content_type="multipart/alternative")),
    ),
    Row(
        "row-19 a nested multipart, 2,000 deep",
        body(main(), part(nested(2000), 'multipart/mixed; boundary="n0"'), text("behind")),
        stored(kept(nested(2000), "nested-multipart", content_type="multipart/mixed"), b"behind"),
    ),
]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"

LINK, REMOTE = b"https://www.openmarket.com/MMS-Demo.mp4", "application/vnd.openmarket.remoteContent"

CONTENTS = [
    typed("text/html", HTML),
    typed("image/svg+xml", SVG),
    typed("image/jpeg", png()),
    typed("image/png", b"not a picture at all"),
    typed("image/gif", HTML),
    typed("audio/amr", b"MZ\x90\0"),
    charset("utf-16", "Polly 🦜".encode("utf-16"), "Polly 🦜"),
    charset("utf-16", b"\xfe\xff" + "Polly".encode("utf-16-be"), "Polly"),
    charset("utf-16", "Polly".encode("utf-16-be"), "Polly"),
    charset("ISO-8859-1", b"voil\xe0", "voilà"),
    charset('"iso-8859-1"', b"voil\xe0", "voilà"),
    charset("utf-7", b"Polly +AOA-", "Polly +AOA-", "charset-unusable"),
    charset("unicode_escape", rb"Polly \u00e0", r"Polly \u00e0", "charset-unusable"),
    charset("raw_unicode_escape", rb"Polly \u00e0", r"Polly \u00e0", "charset-unusable"),
    charset("punycode", b"bcher-kva", "bcher-kva", "charset-unusable"),
    charset("idna", b"xn--bcher-kva", "xn--bcher-kva", "charset-unusable"),
    charset("rot13", b"Cbyyl", "Cbyyl", "charset-unusable"),
    charset("hex", b"506f6c6c79", "506f6c6c79", "charset-unusable"),
    charset("base64", b"UG9sbHk=", "UG9sbHk=", "charset-unusable"),
    charset("zlib", b"x\x9c\x0b\xc8\xcf\xc9\xa9\x04\0\x05\xf3\x02\x12", None, "charset-unusable"),
    charset("utf-8-sig", b"Polly", "Polly", "charset-unusable"),
    charset("undefined", b"Polly", "Polly", "charset-unusable"),
    charset("x-canary", b"Polly", "Polly", "charset-unusable"),
    charset("x-canary", b"voil\xe0", None, "charset-unusable"),
    charset("iso-8859-12", "voilà".encode(), "voilà", "charset-unusable"),
    charset("iso-8859-16", "voilà".encode(), "voilà", "charset-unusable"),
    charset("utf-8", b"voil\xe0", None, "charset-unusable"),
    charset("us-ascii", "voilà".encode(), "voilà", "charset-unusable"),
    charset("us-ascii", b"voil\xe0", None, "charset-unusable"),
    charset("utf-16", b"abc", "abc", "charset-unusable"),
    charset("shift_jis", b"\x81", None, "charset-unusable"),
    Row(
        "row-31 a remoteContent part",
        body(main(), part(LINK, REMOTE, "demo.mp4")),
        stored(kept(LINK, content_type=REMOTE.lower())),
    ),
    Row(
        "row-31 a remoteContent part that names a host inside",
        body(main(), part(b"http://169.254.169.254/latest/meta-data/", REMOTE, "demo.mp4")),
        stored(b"http://169.254.169.254/latest/meta-data/"),
    ),
]

ROWS = [*HEADERS, *ENCODINGS, *CONTENTS]
