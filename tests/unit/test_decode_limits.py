"""The limits in hostile-callbacks.md: at each of them a callback is still read, one above it no longer."""

from collections.abc import Callable

import pytest

from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import InboundMms
from tests.unit.invariants import message_of, read
from tests.wire.bodies import CRLF, LF, main, message, mo_json, multipart_type, part, report_json

KB = 1024
TYPE = multipart_type()
JSON = "application/json"


def preamble(size: int) -> bytes:
    return message(main(), part(b"a"), before=b"p" * size + CRLF)


def preamble_of_lines(size: int) -> bytes:
    return message(main(), part(b"a"), before=LF * size + LF, line_end=LF)


def epilogue(size: int) -> bytes:
    return message(main(), part(b"a"), after=b"e" * size)


def epilogue_of_lines(size: int) -> bytes:
    return message(main(), part(b"a"), after=LF * size)


def media_parts(number: int) -> bytes:
    return message(main(), *[part(b"a")] * number)


def headers(number: int) -> bytes:
    return message(main(), part(b"a", headers=[b"A: 1"] * number))


def headers_of_the_json_part(number: int) -> bytes:
    return message(main(headers=[b"Content-Type: application/json", *[b"A: 1"] * (number - 1)]), part(b"a"))


def json_of(size: int) -> bytes:
    return mo_json(other="o" * (size - len(mo_json(other=""))))


def json_part(size: int) -> bytes:
    return message(main(json_of(size)), part(b"a"))


def nested_lists(levels: int) -> bytes:
    return mo_json('"other": ' + "[" * (levels - 1) + "]" * (levels - 1))


def nested_objects(levels: int) -> bytes:
    return mo_json('"other": ' + '{"a": ' * (levels - 1) + "1" + "}" * (levels - 1))


def in_a_multipart(json_bytes: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda number: message(main(json_bytes(number)), part(b"a"))


def header_block(line_ends_counted: bool, of_json: bool = False) -> Callable[[int], bytes]:
    """A block of two headers of the given size: its last line end and the blank line's counted, or not."""

    def body(size: int) -> bytes:
        first = b"Content-Type: application/json" if of_json else b"Content-Type: image/jpeg"
        rest = size - len(first) - len(b"\r\nA: ") - (4 if line_ends_counted else 0)
        block = [first, b"A: " + b"1" * rest]
        return message(main(headers=block), part(b"a")) if of_json else message(main(), part(b"a", headers=block))

    return body


Limit = tuple[str, int, Callable[[int], bytes]]
LIMITS: dict[str, Limit] = {
    "preamble of 1 KB": (TYPE, KB, preamble),
    "preamble of 1 KB, all line ends": (TYPE, KB, preamble_of_lines),
    "epilogue of 1 KB": (TYPE, KB, epilogue),
    "epilogue of 1 KB, all line ends": (TYPE, KB, epilogue_of_lines),
    "64 media parts": (TYPE, 64, media_parts),
    "64 headers": (TYPE, 64, headers),
    "64 headers in the JSON part": (TYPE, 64, headers_of_the_json_part),
    "JSON part of 64 KB": (TYPE, 64 * KB, json_part),
    "plain JSON of 64 KB": (JSON, 64 * KB, json_of),
    "lists 32 levels deep": (TYPE, 32, in_a_multipart(nested_lists)),
    "objects 32 levels deep": (TYPE, 32, in_a_multipart(nested_objects)),
    "plain lists 32 levels deep": (JSON, 32, nested_lists),
    "plain objects 32 levels deep": (JSON, 32, nested_objects),
}


@pytest.mark.parametrize(("content_type", "limit", "body"), LIMITS.values(), ids=LIMITS)
def test_a_callback_is_read_at_the_limit_and_refused_one_above(
    content_type: str, limit: int, body: Callable[[int], bytes]
) -> None:
    at_the_limit, above = read(content_type, body(limit)), read(content_type, body(limit + 1))
    assert isinstance(at_the_limit, InboundMms), str(at_the_limit)
    assert isinstance(above, MalformedCallback), "taken above the limit"
    assert not isinstance(above, TruncatedCallback), str(above)


@pytest.mark.parametrize("of_json", [False, True], ids=["of a media part", "of the JSON part"])
def test_a_header_block_has_at_most_16_kb_however_its_line_ends_are_counted(of_json: bool) -> None:
    at_the_limit = read(TYPE, header_block(line_ends_counted=True, of_json=of_json)(16 * KB))
    above = read(TYPE, header_block(line_ends_counted=False, of_json=of_json)(16 * KB + 1))
    assert isinstance(at_the_limit, InboundMms), str(at_the_limit)
    assert isinstance(above, MalformedCallback), "taken above the limit"
    assert not isinstance(above, TruncatedCallback), str(above)


@pytest.mark.parametrize("length", [1, 70])
@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
def test_a_boundary_has_1_to_70_characters(length: int, quote: str) -> None:
    boundary = "b" * length
    content_type = f"multipart/mixed; boundary={quote}{boundary}{quote}"
    assert isinstance(read(content_type, message(main(), part(b"a"), boundary=boundary)), InboundMms)


@pytest.mark.parametrize(("length", "flags"), [(255, set()), (256, {"content-type-unusable"})])
def test_a_parts_type_has_at_most_255_characters(length: int, flags: set[str]) -> None:
    content_type = "image/".ljust(length, "j")
    (only,) = message_of(TYPE, message(main(), part(b"a", content_type))).parts
    assert set(only.flags) == flags
    assert only.content_type == ("application/octet-stream" if flags else content_type)


def test_a_folded_header_is_one_header() -> None:
    folded = [b"A: 1", *[b" 1"] * 200]
    assert isinstance(read(TYPE, message(main(), part(b"a", headers=folded))), InboundMms)


def test_the_json_limit_is_one_of_bytes() -> None:
    letters = (64 * KB - len(mo_json(other=""))) // 2
    assert isinstance(read(JSON, mo_json(other="é" * letters)), InboundMms)
    assert isinstance(read(JSON, mo_json(other="é" * (letters + 1))), MalformedCallback)


def test_brackets_in_text_are_no_levels() -> None:
    assert isinstance(read(JSON, mo_json(other="[{" * 1000)), InboundMms)
    assert isinstance(read(JSON, mo_json(other='\\"[{' * 1000)), InboundMms)


def test_levels_side_by_side_are_not_added_up() -> None:
    assert isinstance(read(JSON, mo_json('"other": [' + ", ".join(["[{}]"] * 1000) + "]")), InboundMms)


@pytest.mark.parametrize(
    "member", ['"a": 1, "a": 1', '"a": {"b": 1, "b": 2}', '"a": [[{"b": 1, "c": {}, "b": 1}]]', '"a": 1, "\\u0061": 2']
)
def test_duplicate_keys_are_refused_at_any_depth(member: str) -> None:
    for content_type, body in [
        (JSON, mo_json(member)),
        (TYPE, message(main(mo_json(member)))),
        (JSON, report_json(member)),
    ]:
        assert isinstance(read(content_type, body), MalformedCallback)


def test_one_key_in_two_objects_is_no_duplicate() -> None:
    assert isinstance(read(JSON, mo_json('"a": {"type": 1, "b": {"type": 2}}, "c": [{"b": 1}, {"b": 2}]')), InboundMms)
