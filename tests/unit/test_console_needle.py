"""A number found in a stream of bytes, wherever its pieces end."""

import base64
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.forgetting.needle import Needle

NUMBER = "447700900750"


def pieces(data: bytes, *cuts: int) -> list[bytes]:
    ends = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@given(
    before=st.text(alphabet="ab: +\n", max_size=40).map(str.encode),
    after=st.text(alphabet='ab,"\n', max_size=40).map(str.encode),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_it_is_found_as_text_and_in_base64_however_the_stream_is_cut(
    before: bytes, after: bytes, cuts: list[int]
) -> None:
    text = before + NUMBER.encode() + after
    needle = Needle(NUMBER)
    assert needle.is_in(pieces(text, *cuts))
    assert needle.is_in(pieces(base64.b64encode(text), *cuts))
    assert needle.is_in(pieces(b"--b\r\n\r\n" + base64.encodebytes(text).replace(b"\n", b"\r\n") + b"--b--", *cuts))


@given(
    digit=st.sampled_from("0123456789"),
    offset=st.integers(0, 90),
    cuts=st.lists(st.integers(0, 250), max_size=12),
)
def test_a_longer_number_with_it_inside_is_another_number(digit: str, offset: int, cuts: list[int]) -> None:
    needle = Needle(NUMBER)
    for number in (f"{digit}{NUMBER}", f"{NUMBER}{digit}"):
        text = b"x" * offset + number.encode() + b" and so on" * 5
        assert not needle.is_in(pieces(text, *cuts))
        assert not needle.is_in(pieces(base64.b64encode(text), *cuts))


@pytest.mark.parametrize("address", ["customer@example.com", "someone+tag@example.com"])
def test_an_address_is_found_too(address: str) -> None:
    text = f'{{"source": "{address.upper()}"}}'.encode()
    assert Needle(address).is_in([text])
    assert Needle(address).is_in([base64.b64encode(text.lower())])
    assert not Needle(address).is_in([b"nobody@example.com"])


@given(
    neighbour=st.sampled_from([("jim", ""), ("jim.", ""), ("jim+", ""), ("", ".au"), ("", "munity"), ("", "-2.org")]),
    offset=st.integers(0, 90),
    cuts=st.lists(st.integers(0, 250), max_size=12),
)
def test_a_longer_address_with_it_inside_is_another_ones(
    neighbour: tuple[str, str], offset: int, cuts: list[int]
) -> None:
    needle = Needle("bob@example.com")
    text = b" " * offset + "bob@example.com".join(neighbour).encode() + b" and so on" * 5
    assert not needle.is_in(pieces(text, *cuts))
    assert not needle.is_in(pieces(base64.b64encode(text), *cuts))


@given(
    ends=st.sampled_from([("<", ">"), ("to ", "."), ("\\n", "\\n"), ("mailto:", ""), ("", "")]),
    cuts=st.lists(st.integers(0, 90), max_size=12),
)
def test_an_address_ends_where_a_sentence_or_a_line_does(ends: tuple[str, str], cuts: list[int]) -> None:
    text = "bob@example.com".join(ends).encode()
    assert Needle("bob@example.com").is_in(pieces(text, *cuts))
    assert Needle("bob@example.com").is_in(pieces(base64.b64encode(text), *cuts))


def test_an_empty_body_has_nothing_in_it() -> None:
    assert not Needle(NUMBER).is_in([])
