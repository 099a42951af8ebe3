"""Rows 34, 35: the provider's own samples, and the same message in another dress."""

from base64 import b64encode, encodebytes
from typing import Any

from local.simulator.media import jpeg, png
from tests.wire.bodies import CRLF, LF, message, part
from tests.wire.rows import Q, Reported, Row, body, kept, main, mo_json, stored
from tests.wire.samples import sample

PICTURE, OTHER = jpeg(), png()
FIRST = "row-35 a message"
DETAILS = mo_json(subject="Polly")


def printed(name: str) -> list[Row]:
    """A printed sample: with its Content-Type as printed too, read as Latin-1 or UTF-8, or cleaned; LF or CRLF."""
    page = sample(name)
    types = {"as printed": page.content_type, "as printed, in UTF-8": page.content_type.encode("latin-1").decode()}
    types["cleaned"] = page.content_type.replace("\xc2\xa0", "").strip()
    ends = {"LF": page.body, "CRLF": page.body.replace(LF, CRLF)}
    return [
        Row(f"row-34 {name}, Content-Type {how}, line ends {which}", content, Q, content_type)
        for how, content_type in types.items()
        for which, content in ends.items()
    ]


def restored(name: str, expected: Reported | None = None, *parts: bytes, **fields: Any) -> Row:
    page = sample(name)
    kept_parts = [kept(data) for data in parts]
    return Row(f"row-34 {name}", page.body, expected or stored(*kept_parts, **fields), page.content_type)


def same(label: str, content: bytes, content_type: str | None = None) -> Row:
    """The first message once more."""
    again = Row(f"row-35 {label}", content, stored(PICTURE, OTHER), repeats=FIRST)
    return again if content_type is None else Row(again.label, content, again.expected, content_type, FIRST)


def encoded(picture: bytes, other: bytes) -> bytes:
    """The first message, its pictures in declared base64."""
    wire = [part(picture, encoding="base64"), part(other, "image/png", "image.png", encoding="base64")]
    return body(main(DETAILS), *wire)


PRINTED = [
    *printed("receive-an-mms.mo.printed"),
    *printed("things-to-know.mo.printed"),
    *printed("things-to-know.report.printed"),
    restored(
        "receive-an-mms.mo.restored",
        None,
        b"...",
        b"This is a text attachment",
        mo_id="123456789012345",
        handset="447800000001",
        service="88600",
        ccs=["88602"],
        bccs=[],
        subject="Test MMS",
        text="This is a text attachment",
        date="2014-07-16T19:20:30+00:00",
        mobile_operator_id=77,
        user_agent="HTC One",
    ),
    restored(
        "things-to-know.mo.restored",
        None,
        b"Here is a picture of the bird in question",
        mo_id="123456789012345",
        handset="14553011955",
        subject="Norwegian Blue",
        date="2021-06-02T17:14:26+00:00",
    ),
    restored(
        "things-to-know.report.restored",
        Reported(
            {
                "mt_id": "123456789012345",
                "date": "2016-05-16T19:20:30+00:00",
                "status": "Retrieved",
                "outcome_description": "Success.",
                "user_agent": "HTC One",
            }
        ),
    ),
]

PNG_HEADERS = (b"Content-Type: image/png", b"Content-Id: image.png")

REPEATS = [
    Row(FIRST, body(main(DETAILS), part(PICTURE), part(OTHER, headers=PNG_HEADERS)), stored(PICTURE, OTHER)),
    same("the same message byte for byte", body(main(DETAILS), part(PICTURE), part(OTHER, headers=PNG_HEADERS))),
    same(
        "the same message with another boundary",
        message(main(DETAILS), part(PICTURE), part(OTHER, headers=PNG_HEADERS), boundary="other"),
        "multipart/mixed; boundary=other",
    ),
    same(
        "the same message with another header order",
        body(main(DETAILS), part(PICTURE), part(OTHER, headers=PNG_HEADERS[::-1])),
    ),
    same(
        "the same message with another header order in the JSON part",
        body(
            main(DETAILS, headers=(b"Content-Id: main", b"Content-Type: application/json")),
            part(PICTURE),
            part(OTHER, headers=PNG_HEADERS),
        ),
    ),
    same("the same message in base64 of one line", encoded(b64encode(PICTURE), b64encode(OTHER))),
    same("the same message in base64 of 76-column lines", encoded(encodebytes(PICTURE), encodebytes(OTHER))),
    same(
        "the same message in base64 of 4-column lines",
        encoded(CRLF.join(b64encode(PICTURE[at : at + 3]) for at in range(0, len(PICTURE), 3)), b64encode(OTHER)),
    ),
]

ROWS = [*PRINTED, *REPEATS]
