"""The splitter's rule in hostile-callbacks.md, sentence by sentence."""

import pytest

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import message_of, read
from tests.wire.bodies import CRLF, LF, WirePart, main, message, mo_json, multipart_type, part, report_json, text

TYPE = multipart_type()
JSON = "application/json"
LINE_ENDS = {"CRLF": CRLF, "LF": LF, "CR": b"\r"}
BLANKS = {"none": b"", "a blank": b" ", "blanks and tabs": b" \t \t"}


def contents(body: bytes, content_type: str = TYPE) -> list[bytes]:
    return [bytes(each.data) for each in message_of(content_type, body).parts]


def assert_quarantined(body: bytes, content_type: str = TYPE) -> None:
    result = read(content_type, body)
    assert isinstance(result, MalformedCallback), f"taken: {result!r:.300}"
    assert not isinstance(result, TruncatedCallback), str(result)


def assert_truncated(body: bytes, content_type: str = TYPE) -> None:
    result = read(content_type, body)
    assert isinstance(result, TruncatedCallback), f"{type(result).__name__}: {result!s:.300}"


# --- the first delimiter line -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("before", [b"", CRLF, LF, b"\r", b"words\r\n", b"words\n", b"words\r", b"\n\r", b"\r\n\r\n"])
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_the_first_delimiter_line_stands_at_the_start_or_after_any_cr_or_lf(before: bytes, line_end: bytes) -> None:
    body = message(main(), part(b"a"), part(b"b"), before=before, line_end=line_end)
    assert contents(body) == [b"a", b"b"]


@pytest.mark.parametrize(
    "before",
    [
        b"see --mimeboundary\r\n",
        b"--mimeboundaryx\r\n",
        b"--mimeboundary x\r\n",
        b"-\r\n",
        b"--\r\n",
        b" --mimeboundary\r\n",
    ],
)
def test_what_only_looks_like_a_delimiter_line_belongs_to_the_preamble(before: bytes) -> None:
    assert contents(message(main(), part(b"a"), before=before)) == [b"a"]


@pytest.mark.parametrize(
    ("before", "line_end", "flags"), [(CRLF, LF, {"lf-lines"}), (b"words\r\n", LF, {"lf-lines"}), (LF, CRLF, set())]
)
def test_the_first_delimiters_own_line_end_is_the_bodys(before: bytes, line_end: bytes, flags: set[str]) -> None:
    result = message_of(TYPE, message(main(), part(b"a"), before=before, line_end=line_end))
    assert set(result.flags) == flags


# --- later delimiters -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("blanks", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_blanks_may_stand_behind_every_delimiter(blanks: bytes, line_end: bytes) -> None:
    assert contents(message(main(), part(b"a"), part(b"b"), blanks=blanks, line_end=line_end)) == [b"a", b"b"]


@pytest.mark.parametrize("blanks", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize("behind", ["", "CRLF", "LF", "CR"])
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["body of CRLF", "body of LF"])
def test_any_line_end_or_the_end_may_stand_behind_the_closing_delimiter(
    blanks: bytes, behind: str, line_end: bytes
) -> None:
    body = message(main(), part(b"a"), line_end=line_end, closed=False) + b"--mimeboundary--" + blanks
    assert contents(body + LINE_ENDS.get(behind, b"")) == [b"a"]


@pytest.mark.parametrize("behind", LINE_ENDS.values(), ids=LINE_ENDS)
def test_an_epilogue_may_follow_any_line_end(behind: bytes) -> None:
    body = message(main(), part(b"a"), closed=False) + b"--mimeboundary--" + behind + b"epilogue"
    assert contents(body) == [b"a"]


@pytest.mark.parametrize(
    "tail", [b"--mimeboundary--x", b"--mimeboundary-- x\r\n", b"--mimeboundary-\r\n", b"--mimeboundary"]
)
def test_what_only_begins_like_the_closing_delimiter_closes_nothing(tail: bytes) -> None:
    assert_truncated(message(main(), part(b"a"), closed=False) + tail)


@pytest.mark.parametrize(
    ("line_end", "content"),
    [
        (CRLF, b"a\n--mimeboundary\r\nb"),
        (CRLF, b"a\r--mimeboundary\r\nb"),
        (CRLF, b"a\r\n--mimeboundary\nb"),
        (CRLF, b"a\r\n--mimeboundary\rb"),
        (CRLF, b"a\r\n--mimeboundary \n"),
        (CRLF, b"a\r\n--mimeboundary\x0b\r\nb"),
        (CRLF, b"a\r\n--mimeboundary\0\r\nb"),
        (CRLF, b"a\n--mimeboundary--\r\nb"),
        (CRLF, b"a\r--mimeboundary--\r\nb"),
        (CRLF, b"a\r\n--mimeboundary--\x0c\r\nb"),
        (CRLF, b"--mimeboundary"),
        (CRLF, b"--mimeboundaryx\r\n"),
        (LF, b"a\r--mimeboundary\nb"),
        (LF, b"a\n--mimeboundary\r\nb"),
        (LF, b"a\n--mimeboundary\rb"),
        (LF, b"a\r--mimeboundary--\nb"),
    ],
)
def test_anything_else_is_content(line_end: bytes, content: bytes) -> None:
    body = message(main(), part(content + b"."), part(b"b"), line_end=line_end)
    assert contents(body) == [content + b".", b"b"]


@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_a_delimiter_whose_line_end_is_missing_one_byte_is_content(line_end: bytes) -> None:
    """The delimiter's E is all of it: in a body of CRLF neither half will do, before or behind."""
    halves = [b"\r", b"\n"] if line_end == CRLF else [b"\r"]
    media = b".".join(before + b"--mimeboundary" + half + b"." for before in halves for half in halves)
    assert contents(message(main(), part(b"." + media), line_end=line_end)) == [b"." + media]


@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_two_delimiters_never_share_a_line_end(line_end: bytes) -> None:
    """A delimiter directly behind a delimiter stands within the header block that the first one opens."""
    twice = message(main(), closed=False, line_end=line_end) + (b"--mimeboundary" + line_end) * 2
    assert_quarantined(twice + line_end + b"x" + line_end + b"--mimeboundary--")


# --- right after a header block's blank line --------------------------------------------------------------------------
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
@pytest.mark.parametrize("headers", [[], [b"Content-Type: image/jpeg"]], ids=["no headers", "a header"])
@pytest.mark.parametrize("closing", [False, True], ids=["a delimiter", "the closing delimiter"])
def test_right_after_the_blank_line_its_end_is_the_delimiters(
    line_end: bytes, headers: list[bytes], closing: bool
) -> None:
    head = b"".join(header + line_end for header in [b"--mimeboundary", *headers, b""])
    rest = [] if closing else [part(b"b")]
    body = message(main(), closed=False, line_end=line_end) + head + message(*rest, line_end=line_end)
    assert contents(body) == [b"", *(each.content for each in rest)]


def test_media_may_begin_with_a_line_end_that_a_delimiter_lookalike_follows() -> None:
    assert contents(message(main(), part(b"\r\n--mimeboundaryx\r\n"))) == [b"\r\n--mimeboundaryx\r\n"]
    assert contents(message(main(), part(b"--mimeboundaryx"))) == [b"--mimeboundaryx"]


# --- header blocks ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("blank_line", [b" ", b"\t", b" \t \t"])
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_a_line_of_blanks_alone_ends_a_header_block(blank_line: bytes, line_end: bytes) -> None:
    ordinary = message(main(), part(b"a", headers=[b"Content-Type: image/jpeg"]), line_end=line_end)
    body = ordinary.replace(b"image/jpeg" + line_end, b"image/jpeg" + line_end + blank_line)
    (only,) = message_of(TYPE, body).parts
    assert (bytes(only.data), only.content_type, list(only.flags)) == (b"a", "image/jpeg", [])


@pytest.mark.parametrize("blank_line", [b" ", b"\t\t"])
def test_a_line_of_blanks_alone_is_an_empty_header_block(blank_line: bytes) -> None:
    body = message(main(), part(b"a", headers=())).replace(b"\r\n\r\na", CRLF + blank_line + b"\r\na")
    (only,) = message_of(TYPE, body).parts
    assert (bytes(only.data), set(only.flags)) == (b"a", {"no-headers"})


@pytest.mark.parametrize("line", [b"--mimeboundary", b"--mimeboundary \t", b"--mimeboundary--", b"--mimeboundary-- "])
@pytest.mark.parametrize("headers", [[], [b"Content-Type: image/jpeg"]], ids=["at its start", "behind a header"])
def test_a_delimiter_line_within_a_header_block_makes_the_body_unreadable(line: bytes, headers: list[bytes]) -> None:
    assert_quarantined(message(main(), part(b"a", headers=[*headers, line])))


@pytest.mark.parametrize("line", [b"--a:b", b"--a:b \t", b"--a:b--"])
def test_a_delimiter_line_within_a_header_block_is_none_of_its_headers(line: bytes) -> None:
    body = message(main(), part(b"a", headers=[b"Content-Type: image/jpeg", line]), boundary="a:b")
    assert_quarantined(body, 'multipart/mixed; boundary="a:b"')


@pytest.mark.parametrize("behind", LINE_ENDS.values(), ids=LINE_ENDS)
@pytest.mark.parametrize("epilogue", [b"", b"epilogue", b"epilogue\r\n"])
def test_a_closing_delimiter_within_a_header_block_does_so_too(behind: bytes, epilogue: bytes) -> None:
    body = message(main(), closed=False) + b"--mimeboundary\r\nContent-Type: image/jpeg\r\n--mimeboundary--"
    assert_quarantined(body + behind + epilogue)


def test_header_names_are_case_blind() -> None:
    headers = [b"cOnTeNt-TyPe: image/jpeg", b"CONTENT-ID: a", b"content-transfer-encoding: base64"]
    (only,) = message_of(TYPE, message(main(), part(b"aGk=", headers=headers))).parts
    assert (only.content_type, only.content_id, bytes(only.data)) == ("image/jpeg", "a", b"hi")


@pytest.mark.parametrize("header", [b"Content-Type : image/jpeg", b"Content-Type\t: image/jpeg", b"X-Other : 1"])
def test_a_blank_before_the_colon_makes_the_body_unreadable(header: bytes) -> None:
    assert_quarantined(message(main(), part(b"a", headers=[header])))


@pytest.mark.parametrize("value", [b"image/jpeg", b" image/jpeg", b"\timage/jpeg", b"   image/jpeg \t"])
def test_blanks_around_a_value_do_not_matter(value: bytes) -> None:
    (only,) = message_of(TYPE, message(main(), part(b"a", headers=[b"Content-Type:" + value]))).parts
    assert (only.content_type, list(only.flags)) == ("image/jpeg", [])


@pytest.mark.parametrize("fold", [b" base64", b"\tbase64", b"  \t base64"])
@pytest.mark.parametrize("line_end", [CRLF, LF], ids=["CRLF", "LF"])
def test_a_folded_header_keeps_its_meaning(fold: bytes, line_end: bytes) -> None:
    headers = [b"Content-Type: image/jpeg", b"Content-Transfer-Encoding:", fold]
    (only,) = message_of(TYPE, message(main(), part(b"aGk=", headers=headers), line_end=line_end)).parts
    assert (bytes(only.data), set(only.flags)) == (b"hi", {"folded-header"})


def test_a_folded_charset_keeps_its_meaning() -> None:
    headers = [b"Content-Type: text/plain;", b"\tcharset=iso-8859-1"]
    result = message_of(TYPE, message(main(), part(b"voil\xe0", headers=headers)))
    assert result.text == "voilà"


def test_a_folded_header_in_the_json_part_keeps_its_meaning() -> None:
    headers = [b"Content-Type:", b" application/json", b"Content-Transfer-Encoding:", b" quoted-printable"]
    body = message(main(mo_json().replace(b"Test MMS", b"Test=20MMS"), headers=headers), part(b"a"))
    assert message_of(TYPE, body).subject == "Test MMS"


def test_a_media_part_may_have_a_line_end_other_than_the_bodys_in_its_content_only() -> None:
    assert contents(message(main(), part(b"a\nb\rc\r\nd"))) == [b"a\nb\rc\r\nd"]


# --- boundaries -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/mixed; boundary=  mimeboundary  ; charset=utf-8", "mimeboundary"),
        ("multipart/mixed;boundary=mimeboundary", "mimeboundary"),
        ("multipart/mixed; charset=utf-8; boundary=mimeboundary", "mimeboundary"),
        ("multipart/mixed ; boundary=mimeboundary;", "mimeboundary"),
        ("multipart/mixed; boundary=a b", "a b"),
        ("multipart/mixed; boundary=a=b?c/d:e,f(g)'h+i_j", "a=b?c/d:e,f(g)'h+i_j"),
        ("multipart/mixed; boundary=a=b", "a=b"),
        ('multipart/mixed; boundary="a;b"', "a;b"),
        ('multipart/mixed; boundary="a b" ; charset=utf-8', "a b"),
        ('multipart/mixed; name="; boundary=other"; boundary=mimeboundary', "mimeboundary"),
        ("multipart/mixed; boundary=.*+", ".*+"),
        ("multipart/mixed; boundary=--", "--"),
    ],
)
def test_a_boundary_runs_to_the_semicolon_or_stands_in_quotes(content_type: str, boundary: str) -> None:
    assert contents(message(main(), part(b"a"), boundary=boundary), content_type) == [b"a"]


def test_boundaries_are_not_case_blind() -> None:
    assert_truncated(message(main(), part(b"a")), multipart_type("MIMEBOUNDARY"))


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
