"""The rules of base64 that nobody declared in hostile-callbacks.md, sentence by sentence."""

from base64 import b64encode

import pytest

from local.simulator.media import gif, heads, jpeg, png
from tests.unit.invariants import message_of
from tests.unit.outcomes import Decoded, decoded, only
from tests.wire.bodies import CRLF, LF, WirePart, main, message, multipart_type, part, text

TYPE = multipart_type()
PICTURE = jpeg()
PROOF = part(b64encode(PICTURE))
PROVEN = (PICTURE, {"base64-undeclared"})


# --- undeclared base64: the proof -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", heads())
def test_every_known_magic_number_is_a_proof(name: str) -> None:
    data = heads()[name]
    assert only(b64encode(data)) == (data, {"base64-undeclared"})


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "IMAGE/JPEG", "image/x-canary", "audio/amr", "video/mp4", "application/octet-stream"]
)
def test_image_audio_video_and_octet_stream_may_be_proofs(content_type: str) -> None:
    assert only(b64encode(PICTURE), content_type=content_type) == PROVEN


@pytest.mark.parametrize("headers", [[], [b"Content-Id: a"]], ids=["no headers", "no Content-Type"])
def test_a_part_of_no_declared_type_may_be_a_proof(headers: list[bytes]) -> None:
    ((data, flags),) = decoded(part(b64encode(PICTURE), headers=headers))
    assert data == PICTURE
    assert flags - {"no-headers"} == {"base64-undeclared"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/smil", "application/pdf", "text/html", "model/mesh"]
)
def test_no_other_type_is_a_proof(content_type: str) -> None:
    assert only(b64encode(PICTURE), content_type=content_type) == (b64encode(PICTURE), set())


def test_a_proof_has_at_least_64_decoded_bytes() -> None:
    assert only(b64encode(PICTURE[:64])) == (PICTURE[:64], {"base64-undeclared"})
    assert only(b64encode(PICTURE[:63])) == (b64encode(PICTURE[:63]), set())


@pytest.mark.parametrize("spoil", [b"!", b"-", b"\0", b"\xc3\xa9", b"=A"])
def test_a_proof_is_all_base64_text(spoil: bytes) -> None:
    wire = b64encode(PICTURE)
    for spoilt in (wire[:120] + spoil + wire[120:], wire + spoil):
        assert only(spoilt) == (spoilt, set())


def test_a_proof_begins_with_a_magic_number() -> None:
    wire = b64encode(b"\0" + PICTURE)
    assert only(wire) == (wire, set())


@pytest.mark.parametrize("line_end", [CRLF, LF])
def test_a_proof_may_come_in_lines(line_end: bytes) -> None:
    wire = b64encode(PICTURE)
    lines = line_end.join(wire[at : at + 76] for at in range(0, len(wire), 76)) + line_end
    assert decoded(part(lines), line_end=line_end) == [PROVEN]


def test_a_binary_picture_proves_nothing() -> None:
    caption = text(b64encode(b"a caption of some length").decode())
    assert decoded(part(PICTURE), caption) == [(PICTURE, set()), (caption.content, set())]


def test_a_declared_picture_proves_nothing() -> None:
    caption = text(b64encode(b"a caption of some length").decode())
    assert decoded(part(b64encode(PICTURE), encoding="base64"), caption) == [(PICTURE, set()), (caption.content, set())]


def test_declared_binary_is_declared() -> None:
    wire = b64encode(PICTURE)
    assert decoded(part(wire, encoding="binary")) == [(wire, set())]


# --- undeclared base64: the others ------------------------------------------------------------------------------------
def beside_a_proof(*others: WirePart) -> list[Decoded]:
    """What becomes of parts that stand beside a proof, before or behind it."""
    ahead, behind = decoded(*others, PROOF), decoded(PROOF, *others)
    assert ahead[:-1] == behind[1:]
    assert ahead[-1] == behind[0] == PROVEN
    return behind[1:]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/x-vcard", "application/smil", "image/x-canary", "application/x-canary"]
)
@pytest.mark.parametrize("data", [b"Polly wants a cracker", "voilà\r\n\t🦜".encode(), b"Po"])
def test_after_a_proof_the_others_are_decoded(content_type: str, data: bytes) -> None:
    assert beside_a_proof(part(b64encode(data), content_type)) == [(data, {"base64-undeclared"})]


def test_after_a_proof_lines_are_canonical_too() -> None:
    wire = b64encode(b"Polly wants a cracker, and another one, and yet another one, and then a rest.")
    lines = wire[:76] + CRLF + wire[76:] + CRLF
    assert beside_a_proof(part(lines, "text/plain"))[0][1] == {"base64-undeclared"}


@pytest.mark.parametrize(
    "spoilsport",
    [
        b"Hello, Polly!",
        b"UG9s bHkgd2FudHMgYSBjcmFja2Vy",
        b"UG9sbHkgd2FudHMgYSBjcmFja2VyIQ=",
        b"UG9sbHkgd2FudHMgYSBjcmFja2VyIR==",
        b"UG9sbHkgd2FudHMgYSBjcmFja2VyIQ",
        b"UG9sbHkgd2FudHMgYSBjcmFja2V=",
        b"UG9sbHkgd2FudHMgYSBjcmFja2VyIQ====",
        b"\xff",
        b"=",
    ],
)
def test_one_part_that_is_not_canonical_keeps_all_others_as_they_are(spoilsport: bytes) -> None:
    fine = part(b64encode(b"a caption of some length"), "text/plain", "t")
    spoilt = part(spoilsport, "application/x-canary", "s")
    assert beside_a_proof(fine, spoilt) == [(fine.content, set()), (spoilsport, set())]


@pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/smil", "TEXT/PLAIN"])
@pytest.mark.parametrize("data", [b"voil\xe0 l'oiseau bleu", b"\0\1\2\3\4\5\6\7" * 3, b"a\x1b[31m caption", PICTURE])
def test_text_that_would_not_be_printable_utf_8_keeps_all_others_as_they_are(content_type: str, data: bytes) -> None:
    fine = part(b64encode(b"a caption of some length"), "text/plain", "t")
    spoilt = part(b64encode(data), content_type, "s")
    assert beside_a_proof(fine, spoilt) == [(fine.content, set()), (spoilt.content, set())]


def test_what_is_not_text_need_not_be_printable() -> None:
    data = b"\0\xff\1" * 5
    assert beside_a_proof(part(b64encode(data), "application/x-canary")) == [(data, {"base64-undeclared"})]


@pytest.mark.parametrize("short", [b"MENU", b"HELP", b"STOPSTOP", b"aaaaaaaaaaaa"])
def test_unpadded_parts_under_16_characters_stay_as_they_are(short: bytes) -> None:
    assert beside_a_proof(part(short, "text/plain")) == [(short, set())]


def test_a_short_part_that_stays_does_not_keep_the_others() -> None:
    caption = b"a caption of some length"
    both = [part(b64encode(caption), "text/plain", "t"), text("MENU")]
    assert beside_a_proof(*both) == [(caption, {"base64-undeclared"}), (b"MENU", set())]


def test_a_short_part_that_makes_no_text_keeps_the_others_from_being_decoded() -> None:
    words = b64encode(b"a caption of some length")
    both = [part(words, "text/plain", "t"), text("STOP")]
    assert beside_a_proof(*both) == [(words, set()), (b"STOP", set())]


def test_unpadded_parts_of_16_characters_and_short_padded_ones_are_decoded() -> None:
    assert beside_a_proof(text("UG9sbHkgcGFycm90"))[0] == (b"Polly parrot", {"base64-undeclared"})
    assert beside_a_proof(text("SGk="))[0] == (b"Hi", {"base64-undeclared"})


def test_empty_and_declared_parts_do_not_keep_the_others() -> None:
    caption = part(b64encode(b"a caption of some length"), "text/plain", "t")
    beside = [part(b""), part(b"\xff\0", encoding="binary"), part(b"a=\r\nb", encoding="quoted-printable")]
    assert beside_a_proof(*beside, caption) == [
        (b"", set()),
        (b"\xff\0", set()),
        (b"ab", set()),
        (b"a caption of some length", {"base64-undeclared"}),
    ]


def test_menu_beside_a_binary_picture_stays_menu() -> None:
    assert decoded(part(PICTURE), text("MENU")) == [(PICTURE, set()), (b"MENU", set())]


def test_text_beside_a_proof_is_read_after_it_is_decoded() -> None:
    wire = message(main(), PROOF, text(b64encode("voilà, un oiseau".encode()).decode()))
    result = message_of(TYPE, wire)
    assert (result.text, result.parts[1].text) == ("voilà, un oiseau", "voilà, un oiseau")


def test_two_proofs_are_decoded_even_where_the_others_are_not() -> None:
    parts = [PROOF, part(b64encode(png()), "image/png"), part(b64encode(gif()), "image/gif"), text("Hello!")]
    assert [flags for _, flags in decoded(*parts)] == [{"base64-undeclared"}] * 3 + [set()]


# --- the parameter CallbackEncoding -----------------------------------------------------------------------------------
def test_with_encoding_binary_nothing_undeclared_is_decoded() -> None:
    caption = part(b64encode(b"Polly"), "text/plain", encoding="base64")
    assert decoded(PROOF, caption, encoding="binary") == [(PROOF.content, set()), (b"Polly", set())]


def test_with_encoding_base64_no_proof_is_needed() -> None:
    parts = [part(b64encode(b"no magic"), "image/jpeg"), part(b64encode(b"Polly"), "text/plain")]
    assert [data for data, _ in decoded(*parts, encoding="base64")] == [b"no magic", b"Polly"]


def test_with_encoding_base64_what_is_not_base64_stays_as_it_came() -> None:
    assert [data for data, _ in decoded(part(b"\xff\xd8\xff"), text("Hello!"), encoding="base64")] == [
        b"\xff\xd8\xff",
        b"Hello!",
    ]
