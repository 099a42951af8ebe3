"""What holds of the decoder for every input; that flags are of the closed list is part of every `read`."""

import random
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local.simulator.media import jpeg
from mms_gateway.errors import MalformedCallback, TruncatedCallback
from mms_gateway.messages import InboundMms
from tests.unit.invariants import Encoding, message_of, read
from tests.unit.legal_messages import Legal, legal_messages
from tests.wire.bodies import CRLF, main, message, mo_json, multipart_type, part, report_json, text
from tests.wire.samples import NAMES, sample

JSON = "application/json"
TYPE = multipart_type()
BUILDING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

# --- any bytes --------------------------------------------------------------------------------------------------------
PIECES = [
    *(b"--mimeboundary", b"--mimeboundary--", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b"--", b":", b"=", b";"),
    *(b"Content-Type: application/json", b"Content-Type: text/plain; charset=", b"Content-Id: main", b"image/jpeg"),
    *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"utf-16", b"us-ascii"),
    *(
        mo_json(),
        report_json(),
        b'{"type": "MO", "moId": ',
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\ud800",
        b"null",
        b"1e999",
    ),
    *(b"\xff", b"\0", b"\xef\xbb\xbf", jpeg()[:80], b"UG9sbHk=", "🦜".encode(), b"main", b"2014-07-16T19:20:30Z"),
    message(main(), part(b"a")),
    message(main(), part(b"a"), closed=False),
]
bodies = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=14).map(b"".join),
)
content_types = st.one_of(
    st.sampled_from(
        [TYPE, TYPE, JSON, "multipart/mixed", 'multipart/mixed; boundary="', "application/json; charset=utf-16"]
    ),
    st.text(max_size=40),
    st.text(max_size=20).map(lambda boundary: f"multipart/mixed; boundary={boundary}"),
    st.text(max_size=20).map(lambda boundary: f'multipart/mixed; boundary="{boundary}"'),
)


@settings(max_examples=1200, deadline=None)
@given(content_types, bodies, st.sampled_from(["auto", "auto", "binary", "base64"]))
@example(JSON, b"[]", "auto")
@example(JSON, b"\xff", "auto")
@example(TYPE, b"--mimeboundary\r\n\r\n--mimeboundary--", "auto")
def test_whatever_arrives_gives_a_result_or_our_own_error(content_type: str, body: bytes, encoding: Encoding) -> None:
    read(content_type, body, encoding)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["source", "destinations", "ccs", "bccs", "date", "mobileOperatorId", "subject", "userAgent", "other"]


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_value_of_any_field_keeps_a_message_out(fields: dict[str, Any]) -> None:
    details = mo_json(**fields)
    assert message_of(TYPE, message(main(details), part(b"a"))).details == details.decode(errors="surrogatepass")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["mtId", "date", "outcomeId", "outcomeDescription", "userAgent"]), json_values))
def test_no_value_of_any_field_breaks_a_report(fields: dict[str, Any]) -> None:
    read(JSON, report_json(**fields))


# --- legal messages ---------------------------------------------------------------------------------------------------
@settings(max_examples=300, deadline=None, suppress_health_check=BUILDING)
@given(legal_messages())
def test_a_legal_message_comes_out_byte_for_byte(legal: Legal) -> None:
    result = message_of(legal.content_type, legal.body)
    assert [bytes(each.data) for each in result.parts] == legal.contents
    assert [each.content_type for each in result.parts] == legal.types
    assert [set(each.flags) for each in result.parts] == legal.part_flags
    assert set(result.flags) == legal.flags
    assert result.details == legal.details.decode()


# --- cuts -------------------------------------------------------------------------------------------------------------
@settings(max_examples=40, deadline=None, suppress_health_check=BUILDING)
@given(legal_messages(cut_shows=True))
def test_every_cut_of_a_legal_message_is_truncated(legal: Legal) -> None:
    for end in range(1, legal.closing):
        result = read(legal.content_type, legal.body[:end])
        assert isinstance(result, TruncatedCallback), (end, legal.body[:end], str(result))
    assert isinstance(read(legal.content_type, legal.body[: legal.closing]), InboundMms)


@pytest.mark.parametrize("name", [name for name in NAMES if "printed" not in name])
def test_every_cut_of_a_sample_is_truncated(name: str) -> None:
    request = sample(name)
    for end in range(1, len(request.body.rstrip())):
        result = read(request.content_type, request.body[:end])
        assert isinstance(result, TruncatedCallback), (end, request.body[max(0, end - 40) : end], str(result))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values), st.booleans(), st.randoms())
def test_every_cut_of_plain_json_is_truncated(fields: dict[str, Any], as_report: bool, chance: random.Random) -> None:
    whole = (report_json if as_report else mo_json)(**fields)
    for end in {1, len(whole) - 1, *(chance.randrange(1, len(whole)) for _ in range(20))}:
        result = read(JSON, whole[:end])
        assert isinstance(result, TruncatedCallback), (end, whole[:end], str(result))


# --- mutations --------------------------------------------------------------------------------------------------------
def mutated(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """The body after one to three flips, deletions, duplications, or splices with the other."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice([1, 1, 2, 10, 200]))
        spliced = other[chance.randrange(len(other)) :][: chance.choice([1, 20, 500])]
        middle = [bytes([chance.randrange(256)]), b"", body[start:end] * 2, spliced, CRLF, b"\n", b"--mimeboundary"]
        body = body[:start] + chance.choice(middle) + body[end:]
    return body


@pytest.mark.parametrize("name", NAMES)
def test_no_mutation_of_a_sample_gives_anything_but_a_result_or_our_own_error(name: str) -> None:
    chance = random.Random(f"{name} of 4711")  # noqa: S311  # the same mutations on every run
    request, others = sample(name), [sample(other).body for other in NAMES]
    outcomes = {
        type(read(request.content_type, mutated(request.body, chance.choice(others), chance))) for _ in range(500)
    }
    assert "printed" in name or len(outcomes) > 1


# --- repeats ----------------------------------------------------------------------------------------------------------
@settings(max_examples=100, deadline=None, suppress_health_check=BUILDING)
@given(legal_messages())
def test_decoding_is_a_function_of_its_input(legal: Legal) -> None:
    assert read(legal.content_type, legal.body) == read(legal.content_type, bytes(bytearray(legal.body)))


@pytest.mark.parametrize(("boundary", "line_end"), list(product(["mimeboundary", "a.*b", "(x", "----"], [CRLF, b"\n"])))
def test_boundaries_are_no_patterns(boundary: str, line_end: bytes) -> None:
    body = message(main(), part(b"a"), text("b"), boundary=boundary, line_end=line_end)
    result = read(f'multipart/mixed; boundary="{boundary}"', body)
    assert not isinstance(result, MalformedCallback), str(result)
