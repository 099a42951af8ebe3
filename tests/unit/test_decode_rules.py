"""The splitter's rule in hostile-callbacks.md, sentence by sentence."""

import pytest

from tests.unit.invariants import message_of
from tests.unit.outcomes import assert_quarantined, assert_truncated, contents
from tests.wire.bodies import CRLF, LF, main, message, mo_json, multipart_type, part

TYPE = multipart_type()
LINE_ENDS = {"CRLF": CRLF, "LF": LF, "CR": b"\r"}
BLANKS = {"none": b"", "a blank": b" ", "blanks and tabs": b" \t \t"}


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
