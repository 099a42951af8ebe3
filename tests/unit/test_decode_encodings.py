"""The rules of declared encodings and charsets in hostile-callbacks.md, sentence by sentence."""

from base64 import b64encode

import pytest

from local.simulator.media import jpeg, smil
from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import InboundMms
from tests.unit.invariants import message_of, read
from tests.unit.outcomes import decoded, only
from tests.wire.bodies import main, message, mo_json, multipart_type, part, text

TYPE = multipart_type()
PICTURE = jpeg()


def words(data: bytes, charset: str | None) -> tuple[str | None, set[str]]:
    """Text and flags of a text part in a charset."""
    content_type = "text/plain" if charset is None else f"text/plain; charset={charset}"
    result = message_of(TYPE, message(main(), part(data, content_type)))
    assert bytes(result.parts[0].data) == data
    return result.text or None, set(result.parts[0].flags)


# --- declared base64 --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b"UG9sbHk=", b"Polly"),
        (b"\r\nUG9s\r\nbHk=\r\n", b"Polly"),
        (b"UG9s\nbHk=\r", b"Polly"),
        (b" U G\t9 s b H k = ", b"Polly"),
        (b"UG9sbHk = ", b"Polly"),
        (b"UG9sbA= =", b"Poll"),
        (b"UG9sbA=\r\n=", b"Poll"),
        (b"UG9sbHl=", b"Polly"),
        (b"UG9sbB==", b"Poll"),
        (b"UG9sbHk", b"Polly"),
        (b"UG9sbA", b"Poll"),
        (b"UG9sbA=", b"Poll"),
        (b"UG9sbB", b"Poll"),
        (b"+/+/", b"\xfb\xff\xbf"),
        (b"", b""),
        (b"\r\n \r\n", b""),
    ],
)
def test_declared_base64_forgives_line_ends_blanks_spare_bits_and_missing_padding(content: bytes, data: bytes) -> None:
    assert only(content, "base64") == (data, set())


@pytest.mark.parametrize(
    "content", [b"UG9sbHk==", b"UG9s=", b"UG9sbA===", b"UG9s====", b"=", b"UG=9sbHk", b"=UG9s", b"U===", b"UG9sb"]
)
def test_base64_with_too_much_padding_or_padding_in_the_middle_is_broken(content: bytes) -> None:
    assert only(content, "base64") == (content, {"base64-broken"})


@pytest.mark.parametrize("encoding", ["base64", "BASE64", "Base64", "base64 \t"])
def test_the_name_of_an_encoding_is_case_blind(encoding: str) -> None:
    assert only(b"UG9sbHk=", encoding) == (b"Polly", set())


@pytest.mark.parametrize("encoding", ["binary", "7bit", "8bit", "BINARY"])
def test_a_declared_identity_leaves_the_bytes_as_they_are(encoding: str) -> None:
    assert only(b"\0=41\r\n\xff", encoding) == (b"\0=41\r\n\xff", set())


# --- unknown encodings ------------------------------------------------------------------------------------------------
STRANGE = {
    "unknown": [b"Content-Transfer-Encoding: x-canary"],
    "empty": [b"Content-Transfer-Encoding:"],
    "blanks": [b"Content-Transfer-Encoding:  \t"],
    "several that differ": [b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: binary"],
    "several that agree": [b"Content-Transfer-Encoding: base64", b"content-transfer-encoding: base64"],
    "not ASCII": [b"Content-Transfer-Encoding: base\xff64"],
}


@pytest.mark.parametrize("headers", STRANGE.values(), ids=STRANGE)
def test_several_empty_or_unknown_encodings_leave_the_bytes_and_are_flagged(headers: list[bytes]) -> None:
    strange = part(b"UG9sbHk=", headers=[b"Content-Type: image/jpeg", *headers])
    assert decoded(strange) == [(b"UG9sbHk=", {"encoding-unknown"})]


@pytest.mark.parametrize("name", ["empty", "several that differ", "several that agree"])
def test_a_part_with_several_or_empty_encodings_is_undeclared(name: str) -> None:
    strange = part(b64encode(PICTURE), headers=[b"Content-Type: image/jpeg", *STRANGE[name]])
    assert decoded(strange) == [(PICTURE, {"encoding-unknown", "base64-undeclared"})]


# --- quoted-printable -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b"=41=42", b"AB"),
        (b"voil=C3=A0", "voilà".encode()),
        (b"a=\r\nb", b"ab"),
        (b"a=\nb", b"ab"),
        (b"a\r\nb", b"a\r\nb"),
        (b"a=3Db", b"a=b"),
        (b"=00=FF", b"\0\xff"),
        (b"100=%", b"100=%"),
        (b"=ZZ", b"=ZZ"),
        (b"=4", b"=4"),
        (b"=4Z=41", b"=4ZA"),
        (b"a_b", b"a_b"),
        (b"", b""),
    ],
)
def test_quoted_printable_is_decoded_and_broken_escapes_stay_literal(content: bytes, data: bytes) -> None:
    assert only(content, "quoted-printable", "text/plain") == (data, set())
    assert only(content, "Quoted-Printable") == (data, set())


def test_an_equals_sign_before_an_escape_is_not_lost() -> None:
    assert only(b"==41", "quoted-printable")[0] in {b"=A", b"==41"}


# --- the JSON part ----------------------------------------------------------------------------------------------------
def quoted(data: bytes) -> bytes:
    return b"".join(b"=%02X" % byte for byte in data)


@pytest.mark.parametrize(
    ("encoding", "encode"), [("base64", b64encode), ("quoted-printable", quoted), ("binary", bytes)]
)
def test_the_json_parts_declared_encoding_is_undone(encoding: str, encode: object) -> None:
    assert callable(encode)
    details = mo_json(subject="Polly 🦜")
    result = message_of(TYPE, message(main(encode(details), encoding=encoding), part(b"a")))
    assert (result.subject, result.details) == ("Polly 🦜", details.decode())


@pytest.mark.parametrize("content", [b"!" + b64encode(mo_json()), b64encode(b"[]"), b64encode(mo_json())[:-5]])
def test_json_whose_declared_base64_does_not_give_an_object_is_malformed(content: bytes) -> None:
    assert isinstance(read(TYPE, message(main(content, encoding="base64"), part(b"a"))), MalformedCallback)


# --- charsets ---------------------------------------------------------------------------------------------------------
NUMBERS = [*range(1, 12), 13, 14, 15]  # there is no iso-8859-12
LETTERS = ["voilà", "čaj", "ĥ", "ē", "чай", "شاي", "τσάι", "תה", "çay", "ąžų", "ชา", "ąžų", "ẁ", "5 €"]
WINDOWS = ["čaj", "чай", "5 €", "τσάι", "çay", "תה", "شاي", "ąžų", "trà"]
CHARSETS = {
    "utf-8": "voilà 🦜",
    "us-ascii": "Polly",
    **{f"iso-8859-{number}": written for number, written in zip(NUMBERS, LETTERS, strict=True)},
    **{f"windows-125{number}": written for number, written in enumerate(WINDOWS)},
    "shift_jis": "お茶",
    "euc-jp": "お茶",
    "gb18030": "喝茶🦜",
    "big5": "喝茶",
    "euc-kr": "차",
}


@pytest.mark.parametrize(("charset", "written"), CHARSETS.items(), ids=CHARSETS)
@pytest.mark.parametrize("spelling", ["{}", '"{}"', "upper"])
def test_every_charset_of_the_list_is_read(charset: str, written: str, spelling: str) -> None:
    declared = charset.upper() if spelling == "upper" else spelling.format(charset)
    assert words(written.encode(charset), declared) == (written, set())


@pytest.mark.parametrize(
    "data",
    [
        "Polly 🦜".encode("utf-16-be"),
        b"\xff\xfe" + "Polly 🦜".encode("utf-16-le"),
        b"\xfe\xff" + "Polly 🦜".encode("utf-16-be"),
    ],
)
def test_utf_16_is_read_with_either_mark_and_big_endian_without(data: bytes) -> None:
    assert words(data, "utf-16") == ("Polly 🦜", set())


def test_without_a_charset_utf_8_is_tried_and_nothing_is_flagged() -> None:
    assert words("voilà 🦜".encode(), None) == ("voilà 🦜", set())
    assert words(b"voil\xe0", None) == (None, set())


@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "us-ascii",
        "shift_jis",
        "utf-16",
        "x-canary",
        "utf-7",
        "unicode_escape",
        "punycode",
        "mbcs",
        "utf-32",
        "cp037",
        "koi8-r",
    ],
)
def test_a_declared_charset_that_fails_falls_back_to_utf_8_and_is_flagged(charset: str) -> None:
    assert words(b"\xff\xfe\xfd", charset) == (None, {"charset-unusable"})
    if charset not in {"utf-8", "utf-16", "shift_jis"}:
        assert words("voilà".encode(), charset) == ("voilà", {"charset-unusable"})


@pytest.mark.parametrize("charset", ["", '""', "a" * 300, "../../utf-8", "utf-8\0", "é", "\udcff"])
def test_a_charset_that_is_no_name_does_no_harm(charset: str) -> None:
    header = f"Content-Type: text/plain; charset={charset}".encode(errors="surrogateescape")
    result = read(TYPE, message(main(), part(b"Polly", headers=[header])))
    assert isinstance(result, InboundMms)
    assert bytes(result.parts[0].data) == b"Polly"


def test_charsets_of_what_is_not_text_do_not_matter() -> None:
    (one,) = decoded(part(PICTURE, "image/jpeg; charset=x-canary"))
    assert one == (PICTURE, set())


def test_a_presentation_is_no_text_of_the_message() -> None:
    body = message(main(), part(smil("a"), "application/smil"), text("Polly"), part(b"<b>", "text/html"))
    assert message_of(TYPE, body).text == "Polly"
