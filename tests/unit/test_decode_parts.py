"""The rules of parts' types, names and texts in hostile-callbacks.md and design.md, sentence by sentence."""

from typing import Any

import pytest

from local.simulator.media import jpeg
from tests.unit.invariants import message_of
from tests.wire.bodies import main, message, multipart_type, part, text

TYPE = multipart_type()


def media(*headers: bytes, content: bytes = b"a") -> Any:
    """The one part that has these headers."""
    (only,) = message_of(TYPE, message(main(), part(content, headers=headers))).parts
    return only


# --- types of parts ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "value", [b"Image/JPEG", b"image/jpeg; name=a.jpg", b'IMAGE/jpeg ; name="a;b"', b"image/jpeg;"]
)
def test_a_content_type_is_lower_case_without_parameters(value: bytes) -> None:
    assert media(b"Content-Type: " + value).content_type == "image/jpeg"


def test_headers_without_a_content_type_give_octet_stream_and_no_flag() -> None:
    only = media(b"Content-Id: a")
    assert (only.content_type, only.content_id, list(only.flags)) == ("application/octet-stream", "a", [])


def test_a_part_without_a_content_id_has_none_and_no_flag() -> None:
    only = media(b"Content-Type: image/jpeg")
    assert (only.content_id, list(only.flags)) == (None, [])


@pytest.mark.parametrize("content_type", ["multipart/mixed; boundary=x", "multipart/related", "MULTIPART/alternative"])
def test_a_nested_multipart_is_opaque(content_type: str) -> None:
    inner = message(main(), part(b"a", content_id="main"), boundary="x")
    (only,) = message_of(TYPE, message(main(), part(inner, content_type))).parts
    assert (bytes(only.data), set(only.flags)) == (inner, {"nested-multipart"})


# --- content ids ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "content_id"),
    [
        (b"image.jpg", "image.jpg"),
        (b"<image.jpg>", "image.jpg"),
        (b" \t<image.jpg> \t", "image.jpg"),
        (b"<0000@mms>", "0000@mms"),
        (b"a.b", "a.b"),
        ("voilà.jpg".encode(), "voilà.jpg"),
        (b"a b.jpg", "a b.jpg"),
        (b"i" * 255, "i" * 255),
    ],
)
def test_a_usable_content_id_is_kept_trimmed_and_without_brackets(value: bytes, content_id: str) -> None:
    only = media(b"Content-Type: image/jpeg", b"Content-Id: " + value)
    assert (only.content_id, list(only.flags)) == (content_id, [])


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"  ", b"<>", b"i" * 256, b"a/b", b"/", b"a\\b", b"..", b"a..b", b"../a"),
        *(b"a\0b", b"a\tb", b"a\x7fb", b"\xff", b"a\xc3"),
    ],
)
def test_an_unusable_content_id_is_null_and_flagged(value: bytes) -> None:
    only = media(b"Content-Type: image/jpeg", b"Content-Id: " + value)
    assert (only.content_id, set(only.flags)) == (None, {"content-id-unusable"})


def test_several_content_ids_are_flagged() -> None:
    assert set(media(b"Content-Id: a", b"Content-Id: b").flags) == {"content-id-unusable"}
    assert set(media(b"Content-Id: a", b"content-id: a").flags) == {"content-id-unusable"}


# --- text -------------------------------------------------------------------------------------------------------------
def test_text_joins_the_plain_text_parts_by_a_line_feed() -> None:
    wire = [
        text("one"),
        part(jpeg()),
        text("two\r\n"),
        text("<b>", "text/html"),
        text("three", "TEXT/PLAIN; charset=utf-8"),
    ]
    assert message_of(TYPE, message(main(), *wire)).text == "one\ntwo\r\n\nthree"


def test_text_joins_also_parts_too_long_for_the_item() -> None:
    long = "l" * 9000
    result = message_of(TYPE, message(main(), text(long), text("short")))
    assert result.text == f"{long}\nshort"


@pytest.mark.parametrize("letter", ["l", "é", "€", "🦜"])
def test_text_is_at_most_32_kb(letter: str) -> None:
    whole = letter * 40_000
    result = message_of(TYPE, message(main(), text(whole)))
    assert result.text
    assert whole.startswith(result.text)
    assert 32_768 - 4 < len(result.text.encode()) <= 32_768
    assert bytes(result.parts[0].data) == whole.encode()
