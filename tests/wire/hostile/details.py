"""Rows 22-26, 32, 33: the JSON and its fields."""

from typing import Any

from local.simulator.media import jpeg
from tests.wire import bodies
from tests.wire.bodies import part, report_json, text
from tests.wire.rows import JSON, Q, Reported, Row, body, kept, main, mo_json, stored

PICTURE = jpeg()


def refused(label: str, json_bytes: bytes) -> Row:
    """An MO whose JSON can't be taken."""
    return Row(label, body(main(json_bytes), part(PICTURE)), Q)


def taken(label: str, json_bytes: bytes, *flags: str, **fields: Any) -> Row:
    """An MO whose JSON can be taken, and stands in `details` as it came."""
    expected = stored(PICTURE, flags=flags, details=json_bytes.decode(), **fields)
    return Row(label, body(main(json_bytes), part(PICTURE)), expected)


def report(label: str, **mt_id: Any) -> Row:
    return Row(label, report_json(**mt_id), Reported({"mt_id": "700100200300"}), JSON)


DEEP_LIST = '"canary": ' + "[" * 200_000 + "]" * 200_000
DEEP_OBJECT = '"canary": ' + '{"a":' * 200_000 + "1" + "}" * 200_000

READING = [
    refused("row-22 JSON lists 200,000 deep", mo_json(DEEP_LIST)),
    refused("row-22 JSON objects 200,000 deep", mo_json(DEEP_OBJECT)),
    refused("row-22 JSON lists 20,000 deep, in little", mo_json('"canary": ' + "[" * 20_000 + "]" * 20_000)),
    refused("row-22 JSON 200,000 deep and never closed", b"[" * 200_000),
    Row("row-22 plain JSON 200,000 deep", lambda: mo_json(DEEP_LIST), Q, JSON),
    Row("row-22 plain JSON 200,000 deep and never closed", b'{"canary":' + b"[" * 200_000, Q, JSON),
    refused("row-22 an integer of 5,000 digits as moId", mo_json('"moId": ' + "7" * 5000, absent=["moId"])),
    refused("row-22 text of 5,000 digits as moId", mo_json(moId="7" * 5000)),
    Row("row-22 an integer of 5,000 digits as mtId", report_json('"mtId": ' + "7" * 5000, absent=["mtId"]), Q, JSON),
    taken("row-22 an integer of 5,000 digits elsewhere", mo_json('"other": ' + "7" * 5000)),
    taken("row-22 an integer of 5,000 digits deep down", mo_json('"other": [{"a": -' + "7" * 5000 + "}]")),
    refused("row-22 NaN", mo_json('"canary": NaN')),
    refused("row-22 Infinity", mo_json('"canary": Infinity')),
    refused("row-22 -Infinity", mo_json('"canary": [-Infinity]')),
    refused("row-22 duplicate keys", mo_json('"canary": 1, "canary": 2')),
    refused("row-22 duplicate keys that agree", mo_json('"subject": "Test MMS"')),
    refused("row-22 duplicate keys, one of them escaped", mo_json('"canary": 1, "c\\u0061nary": 2')),
    refused("row-22 duplicate keys deep down", mo_json('"other": [{"a": {"canary": 1, "canary": 2}}]')),
    refused("row-22 not UTF-8", mo_json(subject="voilà canary").decode().encode("latin-1")),
    refused("row-22 UTF-16", mo_json().decode().encode("utf-16")),
    refused("row-22 UTF-8 with a surrogate", mo_json(subject="\ud83d")),
    refused("row-22 a byte order mark", b"\xef\xbb\xbf" + mo_json()),
    refused("row-22 a list", b"[" + mo_json() + b"]"),
    refused("row-22 an empty list", b"[]"),
    refused("row-22 text", b'"canary"'),
    refused("row-22 a number", b"4711"),
    refused("row-22 null", b"null"),
    refused("row-22 no JSON at all", b"canary"),
    refused("row-22 nothing", b""),
    refused("row-22 more behind the object", mo_json() + b" canary"),
    refused("row-22 over 64 KB", mo_json(other="canary" * 11_000)),
    Row("row-22 plain JSON that is a list", b"[" + mo_json() + b"]", Q, JSON),
    Row("row-22 plain JSON over 64 KB", mo_json(other="canary" * 11_000), Q, JSON),
    Row("row-22 plain JSON that is not UTF-8", mo_json(subject="voilà").decode().encode("latin-1"), Q, JSON),
]

IDS = [
    *(
        refused(f"row-23 moId {name}", mo_json(f'"moId": {value}', absent=["moId"]))
        for name, value in {
            "a float": "12345.5",
            "a float without a fraction": "12345.0",
            "a float with an exponent": "1e3",
            "true": "true",
            "false": "false",
            "null": "null",
            "empty": '""',
            "of 41 digits": "7" * 41,
            "text of 41 digits": '"' + "7" * 41 + '"',
            "negative": "-1",
            "negative zero": "-0",
            "text with a sign": '"+1"',
            "text with a blank": '"1 "',
            "text with a line feed behind it": '"1\\n"',
            "words": '"canary"',
            "text in other digits": '"١٢٣"',
            "a list": "[1]",
            "an object": '{"canary": 1}',
        }.items()
    ),
    refused("row-23 moId absent", mo_json(absent=["moId"])),
    taken("row-24 moId a number", bodies.mo_json(moId=700100200300), mo_id="700100200300"),
    Row(
        "row-24 moId the same number as text",
        body(main(bodies.mo_json(moId="700100200300")), part(PICTURE)),
        stored(PICTURE, mo_id="700100200300"),
        repeats="row-24 moId a number",
    ),
    report("row-24 mtId a number", mtId=700100200300),
    Row(
        "row-24 mtId the same number as text",
        report_json(mtId="700100200300"),
        Reported({"mt_id": "700100200300"}),
        JSON,
        repeats="row-24 mtId a number",
    ),
]

TYPES = [
    refused("row-25 unknown type", mo_json(type="CANARY")),
    refused("row-25 type MT", mo_json(type="MT")),
    refused("row-25 no type", mo_json(absent=["type"])),
    refused("row-25 type null", mo_json(type=None)),
    refused("row-25 type a list", mo_json(type=["MO"])),
    Row("row-25 unknown type in plain JSON", mo_json(type="CANARY"), Q, JSON),
    Row(
        "row-25 a REPORT in a multipart body",
        body(main(report_json(mtId=700100200301))),
        Reported({"mt_id": "700100200301", "status": "Retrieved", "outcome_description": "Success."}),
    ),
    Row("row-25 an MO as plain JSON without media", mo_json(), stored(flags=["json-only"]), JSON),
]

UNKNOWN = {
    "text": '"x"',
    "a number": "-1.50E-2",
    "a list": '[1, [2, {"a": []}]]',
    "an object": '{"a": {"b": null}}',
    "true": "true",
    "null": "null",
    "38 digits": "12345678901234567890123456789012345678",
    "38 digits behind the point": "0.12345678901234567890123456789012345678",
    "1e400": "1e400",
    "-1e-400": "-1e-400",
}

FIELDS = [
    *(taken(f"row-26 an unknown field, {name}", mo_json(f'"other": {value}')) for name, value in UNKNOWN.items()),
    taken("row-26 emoji in the subject", mo_json(subject="Polly 🦜👩‍👩‍👧"), subject="Polly 🦜👩‍👩‍👧"),
    taken(
        "row-26 emoji in the subject, escaped", mo_json(r'"subject": "\ud83e\udd9c"', absent=["subject"]), subject="🦜"
    ),
    taken("row-32 subject of 300 characters", mo_json(subject="s" * 300), "subject-too-long", subject="s" * 255),
    taken("row-32 subject of 300 emoji", mo_json(subject="🦜" * 300), "subject-too-long", subject="🦜" * 255),
    *(
        taken(
            f"row-32 {name} in the subject",
            mo_json(f'"subject": "Polly {raw}"', absent=["subject"]),
            "text-repaired",
            subject=f"Polly {repaired}",
        )
        for name, raw, repaired in [
            ("an emoji cut in half", r"\ud83e", "\ufffd"),
            ("the second half of an emoji", r"\udd9c!", "\ufffd!"),
            ("the halves of an emoji the wrong way round", r"\udd9c\ud83e", "\ufffd\ufffd"),
        ]
    ),
    *(
        taken(f"row-32 date {value!r}", mo_json(date=value), "date-unreadable", date=value)
        for value in ["yesterday", "", "2014-07-16", "2014-13-16T19:20:30Z", "2014-02-30T19:20:30Z", "1405538430"]
    ),
    taken(
        "row-32 an operator id as text",
        mo_json(mobileOperatorId="77"),
        "operator-id-not-a-number",
        mobile_operator_id=None,
    ),
    taken(
        "row-32 an operator id as words",
        mo_json(mobileOperatorId="Telenor"),
        "operator-id-not-a-number",
        mobile_operator_id=None,
    ),
]

LONG_TEXT = "Norwegian Blue. " * 512

SIZES = [
    Row("row-33 64 text parts of 8 KB", body(main(), *[text(LONG_TEXT)] * 64), stored(*[LONG_TEXT.encode()] * 64)),
    Row(
        "row-33 64 content ids of 10 KB",
        body(main(), *[part(b"x", content_id="i" * 10_240)] * 64),
        stored(*[kept(b"x", "content-id-unusable", content_id=None)] * 64),
    ),
    *(
        Row(f"row-33 {name}", body(main(source=source), part(PICTURE)), stored(PICTURE, flags=None))
        for name, source in {
            "a source of 5 KB": "s" * 5120,
            "a source of 5,000 digits": "4" * 5000,
            "an empty source": "",
        }.items()
    ),
]

ROWS: list[Row] = [*READING, *IDS, *TYPES, *FIELDS, *SIZES]
