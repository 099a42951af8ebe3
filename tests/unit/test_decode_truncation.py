"""What is cut short, and what is no callback at all, in hostile-callbacks.md, sentence by sentence."""

import pytest

from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import read
from tests.unit.outcomes import assert_quarantined, assert_truncated, contents
from tests.wire.bodies import CRLF, WirePart, main, message, mo_json, multipart_type, part, report_json, text

TYPE = multipart_type()
JSON = "application/json"


# --- what is cut short ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"x", CRLF, b"words\r\nand words", b"--mimeboundaryx\r\n", b"\0" * 5000])
def test_a_body_without_any_delimiter_line_is_truncated(body: bytes) -> None:
    assert_truncated(body)


@pytest.mark.parametrize("closing", [b"--mimeboundary--", b"words\r\n--mimeboundary-- \t\r\nwords"])
def test_a_body_with_nothing_but_a_closing_delimiter_is_malformed(closing: bytes) -> None:
    assert_quarantined(closing)


@pytest.mark.parametrize("content_type", [TYPE, JSON])
def test_length_0_is_malformed(content_type: str) -> None:
    assert_quarantined(b"", content_type)


CUT_AND_WRONG = {
    "first part not JSON": [part(b"a"), part(b"b")],
    "first part a picture larger than JSON may be": [part(b"\xff" * 100_000), part(b"b")],
    "first part text with more brackets than JSON may have": [part(b"[" * 100, "text/plain"), part(b"b")],
    "a later part called main": [main(), part(b"a", content_id="main")],
    "no JSON object": [main(b"[]"), part(b"a")],
    "broken JSON": [main(b"{nonsense"), part(b"a")],
    "JSON not UTF-8": [main(b'{"a": "\xff"}'), part(b"a")],
    "JSON with a byte order mark": [main(b"\xef\xbb\xbf" + mo_json()), part(b"a")],
    "no moId": [main(mo_json(absent=["moId"])), part(b"a")],
    "moId null": [main(moId=None), part(b"a")],
    "unknown type": [main(type="CANARY"), part(b"a")],
    "a report with media": [main(report_json()), part(b"a")],
    "a report without a status": [main(report_json(absent=["status"])), part(b"a")],
}


@pytest.mark.parametrize("parts", CUT_AND_WRONG.values(), ids=CUT_AND_WRONG)
def test_a_body_without_a_closing_delimiter_is_truncated_before_all_complaints_about_parts(
    parts: list[WirePart],
) -> None:
    assert_truncated(message(*parts, closed=False))
    assert_truncated(message(*parts, closed=False)[:-3])
    assert_quarantined(message(*parts))


CUT_AND_OVER = {
    "65 media parts": message(main(), *[part(b"a")] * 65, closed=False),
    "65 headers": message(main(), part(b"a", headers=[b"A: 1"] * 65), closed=False),
    "65 headers, cut within them": message(main(), part(b"a", headers=[b"A: 1"] * 66), closed=False)[:-9],
    "a header block over 16 KB": message(main(), part(b"a", headers=[b"A: " + b"1" * 17_000]), closed=False),
    "a header block over 16 KB, cut within it": message(main(), closed=False)
    + b"--mimeboundary\r\nA: "
    + b"1" * 17_000,
    "a preamble over 1 KB": message(main(), part(b"a"), before=b"p" * 1025 + CRLF, closed=False),
    "JSON over 64 KB": message(main(mo_json(other="o" * 65_536)), part(b"a"), closed=False),
    "JSON over 64 KB, cut within it": message(main(mo_json(other="o" * 70_000)), closed=False)[:-100],
    "JSON of 33 levels": message(main(mo_json('"o": ' + "[" * 32 + "]" * 32)), part(b"a"), closed=False),
    "a header without a colon": message(main(), part(b"a", headers=[b"A"]), closed=False),
    "a header without a colon, cut behind it": message(main(), closed=False) + b"--mimeboundary\r\nA\r\nB: 1",
    "a blank before a colon": message(main(), part(b"a", headers=[b"A : 1"]), closed=False),
    "LF in a header block": message(main(), part(b"a", headers=[b"A: 1\nB: 2"]), closed=False),
    "CR in a header block": message(main(), part(b"a", headers=[b"A: 1\rB: 2"]), closed=False),
}


@pytest.mark.parametrize("body", CUT_AND_OVER.values(), ids=CUT_AND_OVER)
def test_limits_and_malformed_complete_header_lines_come_before_truncation(body: bytes) -> None:
    assert_quarantined(body)


def test_a_boundary_over_the_limit_comes_before_truncation() -> None:
    assert_quarantined(message(main(), boundary="b" * 71, closed=False), multipart_type("b" * 71))


@pytest.mark.parametrize("rest", [b"", b"Content", b"Content-Type ", b"Content-Type: image/jpeg\r", b" folded"])
def test_a_header_line_that_is_not_complete_is_truncated_not_malformed(rest: bytes) -> None:
    assert_truncated(message(main(), closed=False) + b"--mimeboundary\r\nA: 1\r\n" + rest)


def test_a_cut_right_behind_what_looks_like_the_end_cannot_be_noticed() -> None:
    whole = message(main(), part(b"a\r\n--mimeboundary--x"))
    assert contents(whole) == [b"a\r\n--mimeboundary--x"]
    assert contents(whole[: whole.index(b"x\r\n--")]) == [b"a"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"type": "MO"',
        b'{"type": "MO',
        b'{"type": "MO", ',
        b'{"type": "MO", "moId": 12',
        b'{"type": "MO", "moId"',
        b'{"type": "MO\\',
        b'{"type": "\\ud83',
        b'{"type": "\xf0\x9f',
        b'{"type": [{"a": {}}',
        b'{"a": "}"',
        b'{"a": "\\"}',
        b'{"a": tru',
        b'{"type": "CANARY"',
        b"[1, 2",
        b'"canary',
        mo_json()[:-1],
        report_json()[:-1],
        mo_json(subject="🦜", absent=["userAgent"])[:-4],
    ],
)
def test_plain_json_that_ends_too_early_is_truncated(body: bytes) -> None:
    assert_truncated(body, JSON)


@pytest.mark.parametrize("body", [b"canary", b"{}", b'{"a" 1}', b"}", b"{}}", b'{"a": 1,}', mo_json() + b"}"])
def test_plain_json_that_is_wrong_but_whole_is_malformed(body: bytes) -> None:
    assert_quarantined(body, JSON)


@pytest.mark.parametrize(
    "body",
    [b'{"a": "' + b"o" * 70_000, b'{"a": ' + b"[" * 32, b'{"a": ' + b'{"a": ' * 32],
    ids=["64 KB", "lists", "objects"],
)
def test_the_limits_of_plain_json_come_before_its_truncation(body: bytes) -> None:
    assert_quarantined(body, JSON)


# --- types ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("subtype", ["mixed", "related", "form-data", "alternative", "MIXED", "vnd.canary+x"])
def test_any_multipart_type_is_read(subtype: str) -> None:
    assert contents(message(main(), part(b"a")), f"multipart/{subtype}; boundary=mimeboundary") == [b"a"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", " application/json "]
)
def test_plain_json_is_read(content_type: str) -> None:
    assert isinstance(read(content_type, report_json()), DeliveryReport)
    assert isinstance(read(content_type, mo_json()), InboundMms)


@pytest.mark.parametrize(
    "content_type",
    [
        *("", " ", ";", "/", "canary", "text/plain", "text/json", "image/jpeg", "application/octet-stream", "\0", "é"),
        *("application/jsonp", "application/json-canary", "application/x-www-form-urlencoded"),
        *("multipart-mixed; boundary=mimeboundary", "xmultipart/mixed; boundary=mimeboundary"),
    ],
)
@pytest.mark.parametrize(
    "body", [message(main(), part(b"a")), mo_json(), report_json()], ids=["multipart", "MO", "REPORT"]
)
def test_any_other_type_is_malformed(content_type: str, body: bytes) -> None:
    assert_quarantined(body, content_type)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_the_json_parts_type_is_read_like_any_other(content_type: str) -> None:
    headers = [b"Content-Type: " + content_type.encode(), b"Content-Id: main"]
    assert contents(message(main(headers=headers), part(b"a"))) == [b"a"]


def test_a_byte_order_mark_before_plain_json_is_malformed() -> None:
    assert_quarantined(b"\xef\xbb\xbf" + mo_json(), JSON)
    assert_quarantined(mo_json().decode().encode("utf-16"), JSON)


def test_a_content_type_header_with_a_nul_or_a_line_end_does_not_break_out() -> None:
    for content_type in ["multipart/mixed; boundary=mime\0boundary", "multipart/mixed; boundary=mime\r\nboundary"]:
        assert isinstance(read(content_type, message(main(), text("a"))), MalformedCallback)
