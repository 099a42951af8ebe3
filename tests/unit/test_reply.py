"""What OpenMarket's answer to a request means: each row of the design's table by its name, each code, any answer."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mms_gateway.openmarket.reply import Accepted, Answer, Refused, Reply, TryLater, Unknown, read_reply

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
OK = b'{"mtId": 123456789012345}'
HTML = b"<html><body>Bad Gateway</body></html>"


def answer(status: int, body: bytes | dict[str, Any] = b"", **headers: str) -> Answer:
    return Answer(
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def reply(status: int, body: bytes | dict[str, Any] = b"", **headers: str) -> Reply:
    return read_reply(answer(status, body, **headers), now=NOW)


def error_body(code: object = None, description: object = "Canary words.") -> dict[str, Any]:
    return {"error": {"code": code, "description": description}}


# --- 2xx with mtId: accepted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 206, 299])
@pytest.mark.parametrize(
    ("body", "mt_id"),
    [
        (OK, "123456789012345"),
        (b'{"mtId": "123456789012345"}', "123456789012345"),
        (b' \r\n{"other": [1, {"a": null}], "mtId":0}\r\n', "0"),
        (b'{"mtId": ' + b"9" * 40 + b"}", "9" * 40),
        (b'{"mtId": "00012"}', "00012"),
        (b'{"mtId": 5, "error": {"code": 1000, "description": "odd"}}', "5"),
    ],
)
def test_2xx_with_mt_id_is_accepted(status: int, body: bytes, mt_id: str) -> None:
    assert reply(status, body) == Accepted(mt_id=mt_id)


def test_the_type_of_the_answer_is_not_asked_for() -> None:
    assert reply(200, OK, content_type="text/html") == Accepted(mt_id="123456789012345")


# --- a documented code: that, whatever the HTTP status ----------------------------------------------------------------

STATUSES = [200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("code", [1000, "1000"])
def test_the_code_1000_is_final_whatever_the_status(status: int, code: object) -> None:
    assert reply(status, error_body(code)) == Refused(status=status, code="1000", description="Canary words.")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("code", [351, 581, 811, 815, 1010, 1020, "351", "581", "811", "815", "1010", "1020"])
def test_the_codes_documented_as_temporary_are_whatever_the_status(status: int, code: object) -> None:
    assert reply(status, error_body(code)) == TryLater(status=status, code=str(code), description="Canary words.")


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (404, Refused), (429, TryLater), (500, Unknown), (503, TryLater)]
)
@pytest.mark.parametrize("code", ["99999", 99999, "1000.0", "01000", "10 00", "MMS-1", -1000])
def test_another_code_leaves_it_to_the_status_and_is_kept(status: int, kind: type, code: object) -> None:
    found = reply(status, error_body(code))
    assert isinstance(found, kind)
    assert isinstance(found, Refused | TryLater | Unknown)
    assert (found.status, found.code, found.description) == (status, str(code), "Canary words.")


# --- any other 4xx but 408: refused for good --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [400, 402, 404, 405, 406, 407, 409, 410, 411, 413, 415, 418, 422, 428, 431, 451, 499]
)
@pytest.mark.parametrize("body", [b"", HTML, b"{}", b"[]", b'{"error": '])
def test_any_other_4xx_but_408_is_refused_for_good(status: int, body: bytes) -> None:
    found = reply(status, body)
    assert isinstance(found, Refused)
    assert (found.status, found.code) == (status, None)
    assert found.description.startswith(f"OpenMarket answered {status}")


# --- 401, 403: the secret again, then later, with an alarm ------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", HTML, json.dumps(error_body(99999)).encode()])
def test_401_and_403_ask_for_the_secret_again_and_call_a_person(status: int, body: bytes) -> None:
    found = reply(status, body)
    assert isinstance(found, TryLater)
    assert (found.status, found.alarm) == (status, "credentials")


# --- 429, 503: later, honouring Retry-After ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("86400", 86400),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120),
        ("Saturday, 21-Nov-26 12:02:00 GMT", 120),  # RFC 850's form
        ("Sat Nov 21 12:02:00 2026", 120),  # asctime's, which is in GMT
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),  # past
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("+5", 0),
        ("1e3", 0),
        ("12.5", 0),
        ("٣٠", 0),
        ("Sat, 99 Nov 2026 12:02:00 GMT", 0),
        ("Sat, 21 Nov 99999 12:02:00 GMT", 0),
        ("Sat, 21 Nov 2026 12:02:00 +9999999999", 0),
        ("1 Jan 0001 00:00:00 +2359", 0),
        ("x" * 60_000, 0),
    ],
)
def test_429_and_503_are_tried_later_and_never_before_openmarket_wants_it(
    status: int, retry_after: str | None, seconds: float
) -> None:
    found = reply(status, HTML, **({} if retry_after is None else {"retry_after": retry_after}))
    assert isinstance(found, TryLater)
    assert (found.status, found.after, found.alarm) == (status, seconds, None)


def test_a_temporary_code_waits_as_long_as_the_answer_says_too() -> None:
    assert reply(500, error_body("1010"), retry_after="900") == TryLater(
        status=500, code="1010", description="Canary words.", after=900.0
    )


def test_the_first_of_several_retry_after_counts() -> None:
    several = Answer(status=503, headers=(("date", "x"), ("retry-after", "5"), ("retry-after", "500")), body=b"")
    found = read_reply(several, now=NOW)
    assert isinstance(found, TryLater)
    assert found.after == 5


# --- 3xx: later, with an alarm ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
@pytest.mark.parametrize("body", [b"", HTML])
def test_3xx_is_tried_later_and_calls_a_person(status: int, body: bytes) -> None:
    found = reply(status, body, location="https://evil.example.org/")
    assert isinstance(found, TryLater)
    assert (found.status, found.alarm) == (status, "redirect")
    assert "evil" not in found.description


# --- in doubt ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 205, 206])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"mtId": null}', id="null"),
        pytest.param(b'{"mtId": ""}', id="an empty text"),
        pytest.param(b'{"mtId": true}', id="a boolean"),
        pytest.param(b'{"mtId": [1]}', id="a list"),
        pytest.param(b'{"mtId": {"mtId": 1}}', id="an object"),
        pytest.param(b'{"mtId": -5}', id="negative"),
        pytest.param(b'{"mtId": 5.0}', id="a float"),
        pytest.param(b'{"mtId": 1e3}', id="an exponent"),
        pytest.param(b'{"mtId": "5.0"}', id="a float as text"),
        pytest.param(b'{"mtId": " 5"}', id="a blank"),
        pytest.param(b'{"mtId": "5\\n"}', id="a line feed behind"),
        pytest.param(b'{"mtId": "abc"}', id="letters"),
        pytest.param('{"mtId": "٥"}'.encode(), id="an Arabic digit"),
        pytest.param(b'{"mtId": ' + b"9" * 41 + b"}", id="41 digits"),
        pytest.param(b'{"mtId": ' + b"9" * 100_000 + b"}", id="a hundred thousand digits"),
        pytest.param(b'{"mtId": NaN}', id="NaN"),
        pytest.param(b'{"mtId": 007}', id="leading zeros, which is no JSON"),
        pytest.param(b'{"mtid": 5}', id="another name"),
        pytest.param(b'{"mtId": 5, "mtId": 6}', id="twice"),
        pytest.param(b'{"a": {"mtId": 5}}', id="deeper"),
        pytest.param(b'[{"mtId": 5}]', id="in a list"),
        pytest.param(b'{"mtId": 5', id="cut"),
        pytest.param(b'{"mtId": 5} x', id="more behind"),
        pytest.param(b'\xef\xbb\xbf{"mtId": 5}', id="a byte order mark"),
        pytest.param('{"mtId": 5}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"mtId=5", id="a form"),
        pytest.param(HTML, id="HTML"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe\x00", id="bytes"),
        pytest.param(b'{"error": {"code": "99999", "description": "odd"}}', id="an unknown error"),
    ],
)
def test_2xx_without_an_mt_id_of_the_pattern_is_in_doubt(status: int, body: bytes) -> None:
    found = reply(status, body)
    assert isinstance(found, Unknown)
    assert found.status == status
    assert found.description


@pytest.mark.parametrize("status", [408, 500, 501, 502, 504, 505, 507, 511, 520, 599])
@pytest.mark.parametrize("body", [b"", HTML, OK, b"{}", json.dumps(error_body(99999)).encode()])
def test_408_and_any_other_5xx_are_in_doubt(status: int, body: bytes) -> None:
    found = reply(status, body, retry_after="5")
    assert isinstance(found, Unknown)
    assert found.status == status


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
def test_a_status_that_nobody_knows_is_in_doubt(status: int) -> None:
    assert isinstance(reply(status, OK), Unknown)


# --- the provider's words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "kept"),
    [
        ("Destination is invalid.", "Destination is invalid."),
        ("für Ёлка \U0001f99c", "für Ёлка \U0001f99c"),
        ("a\r\nb\tc\x00d\x7fe\u2028f\u202eg", "a  b c d e f g"),
        (" padded\n", "padded"),
        ("half \ud83e", "half \ufffd"),
        ("x" * 5000, "x" * 1000),
        (5, "5"),
    ],
)
def test_the_providers_words_are_kept_clean_and_short(description: object, kept: str) -> None:
    assert reply(400, error_body(1, description)) == Refused(status=400, code="1", description=kept)


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("x" * 5000, "x" * 40),
        ("1" * 5000, "1" * 40),
        ("a\r\nb", "a  b"),
        ("\ud800", "\ufffd"),
        ("\x00", None),
        (" ", None),
        ("", None),
        (None, None),
        (True, None),
        ([1000], None),
        ({"code": 1000}, None),
    ],
)
def test_a_code_is_kept_clean_and_short(code: object, kept: str | None) -> None:
    assert reply(400, error_body(code)) == Refused(status=400, code=kept, description="Canary words.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"error": null}',
        b'{"error": "1000"}',
        b'{"error": 1000}',
        b'{"error": [{"code": 1000}]}',
        b'{"code": 1000, "description": "x"}',
        b'{"error": {}}',
        b'{"error": {"code": null, "description": null}}',
        b'{"error": {"code": [], "description": {}}}',
        b'{"error": {"code": "", "description": " \\u0000 "}}',
        b'{"error": {"code": 1000, "code": 1010}}',
        b'{"error": {"Code": 1000}}',
    ],
)
def test_an_error_of_another_shape_leaves_it_to_the_status_in_words_of_ours(body: bytes) -> None:
    assert reply(404, body) == Refused(status=404, code=None, description="OpenMarket answered 404 Not Found")
    assert reply(500, body) == Unknown(
        status=500, code=None, description="OpenMarket answered 500 Internal Server Error"
    )


# --- any answer -------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mtId", "error", "code", "description", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
CODED = st.builds(
    lambda code, words, mt_id: json.dumps({**error_body(code, words), **mt_id}).encode(),
    st.sampled_from([1000, "1010", "351", 99999, None]) | st.text(max_size=3),
    st.text(max_size=1200),
    st.sampled_from([{}, {"mtId": 5}, {"mtId": "x"}]),
)
DATES = st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["retry-after", "content-type", "x-request-id"]),
        DATES | st.integers().map(str) | st.text(st.characters(max_codepoint=255), max_size=40),
    ),
    max_size=3,
)


@given(status=st.sampled_from(range(1000)), headers=HEADERS, body=st.binary(max_size=60) | JSON | CODED)
def test_any_answer_means_something_and_only_a_2xx_with_an_mt_id_is_accepted(
    status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    found = read_reply(Answer(status=status, headers=tuple(headers), body=body), now=NOW)
    if isinstance(found, Accepted):
        assert 200 <= status <= 299
        assert str(json.loads(body)["mtId"]) == found.mt_id
        assert found.mt_id.isascii()
        assert found.mt_id.isdigit()
        return
    assert found.status == status
    assert 0 < len(found.description) <= 1000
    words = found.description + (found.code or "")
    assert words.isprintable()
    words.encode()  # what can't be encoded can't be stored
    if isinstance(found, TryLater):
        assert found.after >= 0


@pytest.mark.parametrize("status", [300, 303, 307, 400, 401, 403, 404, 408, 429, 500, 502, 503])
def test_no_other_answer_that_names_an_mt_id_is_taken_for_a_failure(status: int) -> None:
    assert isinstance(reply(status, OK), Unknown), "it contradicts itself, and may have taken the message"
