"""Where decoding takes a quick path, it gives what the plain rules of hostile-callbacks.md give."""

import random
import re
from base64 import b64encode

import pytest

from local.simulator.media import jpeg
from tests.unit.outcomes import decoded, only
from tests.wire.bodies import part

CUT = 64 * 1024  # where quoted-printable is cut into pieces
ODD = [
    b"=",
    b"==",
    b"=4",
    b"=41",
    b"=\r\n",
    b"=\n",
    b"=\r",
    b"= \n",
    b"= \t\r\n",
    b"\r",
    b"\n",
    b" ",
    b"\t",
    b"Z",
    b"3D",
]
ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})|=[ \t]*\r?\n")
PICTURE = jpeg()


def unquoted(content: bytes) -> bytes:
    """Escapes undone one by one, all else as it stands."""
    return ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()) if escape[1] else b"", content)


@pytest.mark.parametrize("seed", range(200))
def test_quoted_printable_is_the_same_wherever_it_is_cut(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # to be played again, not to be secret
    odd = b"".join(chance.choices(ODD, k=12))
    for content in (odd, b"a" * (CUT - chance.randrange(len(odd) + 1)) + odd, b"=" * (CUT - 3) + odd):
        assert only(content, "quoted-printable") == (unquoted(content), set())


def folded(data: bytes, width: int, end: bytes) -> bytes:
    encoded = b64encode(data)
    return end.join(encoded[at : at + width] for at in range(0, len(encoded), width))


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("width", [1, 15, 16, 17, 60, 76, 10_000])
@pytest.mark.parametrize("trail", [b"", b"\r\n", b"\n", b"\r\n\r\n", b" "])
def test_base64_is_undone_however_it_is_folded(width: int, end: bytes, trail: bytes) -> None:
    content = folded(PICTURE, width, end)
    for lines in (content, content.rstrip(b"="), content.replace(end, end + end, 1), content.replace(end, b"", 1)):
        assert only(lines + trail, "base64") == (PICTURE, set())
        assert only(lines.replace(b"A", b"!", 1) + trail, "base64")[1] == {"base64-broken"}


@pytest.mark.parametrize("strange", [b"A", b"!", b"=", b"\0"])
def test_another_character_where_a_line_should_end_is_no_line_end(strange: bytes) -> None:
    lines = folded(PICTURE, 76, b"\r\n")
    second = lines.index(b"\n") + 78
    content = lines[:second] + strange + lines[second + 1 :]
    assert only(content, "base64") == (content, {"base64-broken"})


@pytest.mark.parametrize("code", [*range(0x20), 0x22, *range(0x7E, 0xA2), 0x2028])
def test_undeclared_base64_of_text_may_hold_no_control_character_but_tabs_and_line_ends(code: int) -> None:
    words = f"Voilà £5 {chr(code)} 🦜".encode()
    control = (code < 0x20 and chr(code) not in "\t\r\n") or 0x7F <= code < 0xA0
    picture, caption = decoded(part(b64encode(PICTURE)), part(b64encode(words), "text/plain"))
    assert picture == (PICTURE, {"base64-undeclared"})
    assert caption == ((b64encode(words), set()) if control else (words, {"base64-undeclared"}))
