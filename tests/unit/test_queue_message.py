"""Reading a queue message: what can be sent, and every fault of what can't, in words that name the field."""

import base64
import json
import time
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mms_gateway.errors import Undeliverable
from mms_gateway.queue_message import content_bytes
from mms_gateway.send_request import Content, S3Object, SendRequest
from tests.unit.queue_messages import (
    BASE,
    CANARY,
    LINK,
    SAMPLE,
    assert_one_fault,
    assert_sound,
    read,
    reading,
    with_content,
    with_raw,
)

# --- what can be sent -------------------------------------------------------------------------------------------------


def test_the_sample_of_the_design_is_read_whole() -> None:
    body = json.dumps(SAMPLE)
    message = read(body)
    assert assert_sound(message) == SendRequest(
        request_id="order-4711",
        source="88600",
        destination="447700900750",
        subject="Your parrot",
        mt_config="config1",
        mobile_operator_id=77,
        not_after="2026-12-01T18:00:00Z",
        content=(
            Content(content_id="text.txt", content_type="text/plain", text="Here it is"),
            Content(
                content_id="parrot.jpg",
                content_type="image/jpeg",
                s3=S3Object(bucket="media", key="outgoing/parrot.jpg", version_id="v1"),
            ),
            Content(content_id="tiny.gif", content_type="image/gif", base64="R0lGODlhAQABAAAAACw="),
            Content(content_id="demo.mp4", url=LINK),
        ),
    )
    assert (message.request_id, message.details) == ("order-4711", body)
    assert (message.source, message.destination) == ("88600", "447700900750")


def test_what_the_contents_of_the_sample_put_on_the_wire() -> None:
    request = assert_sound(read(json.dumps(SAMPLE)))
    assert [content_bytes(content) for content in request.content] == [
        b"Here it is",
        None,
        base64.b64decode("R0lGODlhAQABAAAAACw="),
        LINK.encode(),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="the least there is"),
        pytest.param(dict.fromkeys(["subject", "mtConfig", "mobileOperatorId", "notAfter"]), id="nulls for optionals"),
        pytest.param({"subject": ""}, id="an empty subject"),
        pytest.param({"subject": "\U0001f99c" * 255}, id="a subject of 255 characters"),
        pytest.param({"subject": "two\r\nlines\x00"}, id="a subject with controls, which JSON escapes"),
        pytest.param({"requestId": "a"}, id="a short requestId"),
        pytest.param({"requestId": "Az0._:-" + "x" * 121}, id="a requestId of 128 characters"),
        pytest.param({"destination": "10000871000"}, id="a documented test number"),
        pytest.param({"mobileOperatorId": 0}, id="operator 0"),
        pytest.param({"notAfter": "2026-12-01T18:00:00.123456789+05:30"}, id="a time with an offset and a fraction"),
        pytest.param({"notAfter": "1999-01-01T00:00:00-00:00"}, id="a time long past: that is for sending to say"),
        pytest.param({"content": [{"contentId": f"{n}", "text": "x"} for n in range(32)]}, id="32 contents"),
    ],
)
def test_a_message_that_can_be_sent_has_no_fault(fields: dict[str, Any]) -> None:
    assert_sound(reading(**fields))


TOO_FEW_OR_MANY: list[Any] = [None, {}, "x", 5, True, [], [{"contentId": "a", "text": "x"}] * 33]


# --- the top level ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[
            ("source", value)
            for value in ["", None, 88600, "+88600", "88 600", "88600\n", "８８６００", CANARY, ["88600"]]
        ],
        *[
            ("destination", value)
            for value in ["", None, 4477009, 4477009.0, "+447700900750", "447700900750\n", "tel:447700900750", "4" * 99]
        ],
        *[("subject", value) for value in [5, True, [], {}, CANARY * 50, "half \ud83e", "\udd9c"]],
        *[("mtConfig", value) for value in ["", 5, CANARY * 50, "\ud800"]],
        *[("mobileOperatorId", value) for value in ["77", True, -1, 77.5, 1e300, 10**40, [], {}]],
        *[
            ("notAfter", value)
            for value in [
                "2026-12-01T18:00:00",  # no offset
                "2026-12-01",
                "2026-12-01T18:00Z\n",
                "2026-12-01T18:00:00Z\n",
                "2026-13-01T18:00:00Z",
                "2026-02-30T18:00:00Z",
                "2026-12-01T24:00:01Z",
                "2026-12-01T18:00:00+25:00",
                "2026-12-01T18:00:00+05:60",
                "9999-12-31T23:59:59-23:59",  # beyond the calendar in UTC
                "0001-01-01T00:00:00+23:59",
                "٢٠٢٦-12-01T18:00:00Z",
                "tomorrow canary",
                "",
                "Z",
                1796148000,
                "\ud800Z",
            ]
        ],
        *[("content", value) for value in TOO_FEW_OR_MANY],
    ],
)
def test_a_fault_of_a_field_is_named_and_not_quoted(field: str, value: object) -> None:
    assert_one_fault(reading(**{field: value}), field)


@pytest.mark.parametrize("field", ["source", "destination", "content"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    message = read(json.dumps({name: value for name, value in BASE.items() if name != field}))
    assert_one_fault(message, field)
    assert message.faults[0].endswith("got nothing")


@pytest.mark.parametrize(
    "literal", ["1e2", "77.0", "7.7e1", "-0.0", "1" * 100_000, "1e999999999", "-1", "1" + "0" * 18]
)
def test_an_operator_id_that_is_no_whole_number_as_json_writes_them_is_a_fault(literal: str) -> None:
    assert_one_fault(with_raw(f'"mobileOperatorId": {literal}'), "mobileOperatorId")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("contents", "contents: no such field; did you mean content?"),
        ("requestID", "requestID: no such field; did you mean requestId?"),
        ("mt_config", "mt_config: no such field; did you mean mtConfig?"),
        ("notafter", "notafter: no such field; did you mean notAfter?"),
        ("colour", "colour: no such field"),
        ("", ": no such field"),
        ("a\r\nb\x00é", "a??b??: no such field"),
        ("\ud800", "?: no such field"),
        ("x" * 5000, "x" * 40 + ": no such field"),
    ],
)
def test_an_unknown_field_is_a_fault_and_the_nearest_name_is_suggested(name: str, fault: str) -> None:
    assert reading(**{name: "canary"}).faults == (fault,)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({"text": "x", "contentID": "y"}, "content[0].contentID: no such field; did you mean contentId?"),
        ({"text": "x", "type": "y"}, "content[0].type: no such field"),
        ({"s3": {"bucket": "abc", "Key": "y", "key": "k"}}, "content[0].s3.Key: no such field; did you mean key?"),
        ({"s3": {"bucket": "abc", "key": "k", "version": "v"}}, "content[0].s3.version: no such field; did you mean"),
    ],
)
def test_an_unknown_field_within_a_content_is_a_fault_too(content: dict[str, Any], fault: str) -> None:
    (found,) = with_content(**content).faults
    assert found.startswith(fault)


def test_of_a_hundred_thousand_unknown_fields_twenty_are_named_in_their_order_and_the_rest_is_counted() -> None:
    faults = reading(**{f"k{n:05}": 1 for n in range(90_000)}).faults
    assert faults[:20] == tuple(f"k{n:05}: no such field" for n in range(20))
    assert faults[20:] == ("the message: 89980 more fields that there are not",)


def test_all_faults_are_told_at_once_in_the_order_of_the_message() -> None:
    message = reading(
        source="+88600",
        destination=5,
        subject=[CANARY],
        mtConfig="",
        mobileOperatorId="77",
        notAfter="soon",
        colour=CANARY,
        content=[
            {"contentId": "main", "text": "x"},
            {"contentId": "same", "s3": {"bucket": "Canary!", "key": ""}},
            {"contentId": "same", "base64": "canary-", "contentType": "image/gif"},
            {"url": "http://canary.example.org"},
            "canary",
            {"contentId": "six", "text": "x", "url": LINK},
            {"contentId": "seven", "base64": "QQ=="},
        ],
    )
    assert {fault.partition(": ")[0] for fault in message.faults} == {
        "colour",
        "source",
        "destination",
        "subject",
        "mtConfig",
        "mobileOperatorId",
        "notAfter",
        "content[0].contentId",
        "content[1].contentId",
        "content[1].s3.bucket",
        "content[1].s3.key",
        "content[2].contentId",
        "content[2].base64",
        "content[3].contentId",
        "content[3].url",
        "content[4]",
        "content[5]",
        "content[6].contentType",
    }
    assert len(message.faults) == 18
    assert CANARY not in " ".join(message.faults).lower()


def test_what_is_sound_of_a_faulty_message_can_still_be_recorded() -> None:
    message = reading(destination="+447700900750", subject="Your parrot", mobileOperatorId=77, content=[])
    assert message.fields["subject"] == "Your parrot"
    assert message.fields["mobile_operator_id"] == 77
    assert "destination" not in message.fields
    assert message.destination == "+447700900750"


@given(
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["contentId", "text", "base64", "s3", "url", "contentType", "bucket", "key", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_in_a_field_is_read_or_is_a_fault(body: Any) -> None:
    for field in ("source", "destination", "subject", "mtConfig", "mobileOperatorId", "notAfter", "content", "odd"):
        message = reading(**{field: body})
        assert (message.request is None) == bool(message.faults)
        assert all(fault.partition(": ")[0] and fault.isascii() and fault.isprintable() for fault in message.faults)


# --- no usable requestId: to the dead-letter queue --------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        4711,
        True,
        [],
        {},
        "a b",
        "a\n",
        "a\r",
        "a#b",
        "a/b",
        "é",
        "x" * 129,
        "\ud800",
        "order\u2028",
        "order\x00",
    ],
)
def test_without_a_usable_request_id_a_message_is_undeliverable(value: object) -> None:
    with pytest.raises(Undeliverable) as error:
        reading(requestId=value)
    assert "requestId: expected" in str(error.value)
    assert str(error.value).isascii()
    assert str(error.value).isprintable()


def test_without_any_request_id_a_message_is_undeliverable() -> None:
    with pytest.raises(Undeliverable, match=r"requestId: expected .*, got nothing"):
        read(json.dumps({name: value for name, value in BASE.items() if name != "requestId"}))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", "not valid", id="empty"),
        pytest.param("canary", "not valid", id="no JSON"),
        pytest.param('{"requestId": "canary"', "not valid", id="cut"),
        pytest.param('{"requestId": "canary"} x', "not valid", id="more behind it"),
        pytest.param('{"requestId": "canary", "requestId": "canary"}', "a key twice", id="requestId twice"),
        pytest.param('{"requestId": "canary", "subject": "a", "subject": "b"}', "a key twice", id="a field twice"),
        pytest.param(
            '{"requestId": "canary", "content": [{"text": "a", "text": "b"}]}', "a key twice", id="twice in a content"
        ),
        pytest.param('{"requestId": "canary", "\\u0072equestId": "b"}', "a key twice", id="twice, one escaped"),
        pytest.param('["canary"]', "a list, expected an object", id="a list"),
        pytest.param('"canary"', "expected an object", id="a text"),
        pytest.param("null", "null, expected an object", id="null"),
        pytest.param("5", "expected an object", id="a number"),
        pytest.param('\ufeff{"requestId": "canary"}', "byte order mark", id="a byte order mark"),
        pytest.param('{"requestId": "canary", "subject": "\ud800"}', "not UTF-8", id="a raw lone surrogate"),
        pytest.param('{"requestId": "canary", "subject": "a\nb"}', "not valid", id="a raw line break in a text"),
        pytest.param('{"requestId": "canary", "mobileOperatorId": NaN}', "NaN", id="NaN"),
        pytest.param('{"requestId": "canary", "x": ' + "[" * 40 + "]" * 40 + "}", "deeper", id="too deep"),
        pytest.param("[" * 500_000, "deeper", id="half a million brackets"),
        pytest.param('{"a":' * 200_000, "deeper", id="many braces"),
    ],
)
def test_what_is_no_json_object_is_undeliverable_and_says_why(body: str, reason: str) -> None:
    with pytest.raises(Undeliverable) as error:
        read(body)
    assert reason in str(error.value)
    assert CANARY not in str(error.value)


# --- requestSha256 ----------------------------------------------------------------------------------------------------


def independent(values: object) -> str:
    return sha256(
        json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        SAMPLE,
        {"subject": 'für "Ёлка" \U0001f99c \\ / \u2028\x00\x7f'},
        {"subject": "\ud800"},
        {"é": {"b": 1, "a": [True, None, -5]}, "Z": [], "z": {}},
        {"source": None},
    ],
)
def test_the_hash_is_that_of_canonical_json(fields: dict[str, Any]) -> None:
    assert reading(**fields).request_sha256 == independent({**BASE, **fields})


def test_the_hash_does_not_change_with_the_order_of_keys_white_space_or_escapes() -> None:
    turned = {name: SAMPLE[name] for name in reversed(SAMPLE)}
    turned["content"] = [{name: each[name] for name in reversed(each)} for each in SAMPLE["content"]]
    escaped = json.dumps(SAMPLE).replace("Here", "\\u0048\\u0065re").replace("/", "\\/")
    writings = [json.dumps(SAMPLE), json.dumps(turned, indent=7), json.dumps(SAMPLE, separators=(",", ":")), escaped]
    assert len(set(writings)) == 4
    assert {read(each).request_sha256 for each in writings} == {independent(SAMPLE)}


@pytest.mark.parametrize(
    "change",
    [
        {"destination": "447700900751"},
        {"subject": "your parrot"},
        {"subject": None},
        {"mobileOperatorId": 78},
        {"mobileOperatorId": "77"},
        {"notAfter": "2026-12-01T18:00:00+00:00"},
        {"extra": 1},
        {"content": SAMPLE["content"][::-1]},
        {"content": SAMPLE["content"][:3]},
    ],
)
def test_the_hash_changes_with_any_change(change: dict[str, Any]) -> None:
    assert read(json.dumps({**SAMPLE, **change})).request_sha256 != independent(SAMPLE)


def test_a_number_written_otherwise_is_another_message() -> None:
    hashes = {with_raw(f'"mobileOperatorId": {literal}').request_sha256 for literal in ("77", "77.0", "7.7e1")}
    assert len(hashes) == 3


# --- a message as large as the queue takes ----------------------------------------------------------------------------

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"content": [{"contentId": "a", "text": "x" * MIB}]}, id="a long text"),
        pytest.param(
            {"content": [{"contentId": "a", "base64": "QUJD\n" * (MIB // 6), "contentType": "a/b"}]}, id="base64"
        ),
        pytest.param({"content": [{"contentId": "a", "base64": "\n" * (MIB // 2), "contentType": "a/b"}]}, id="blanks"),
        pytest.param({"content": [{"contentId": "a", "url": "https://" + "a" * MIB}]}, id="a long link"),
        pytest.param(
            {"content": [{"contentId": "a", "text": "x", "contentType": "a/b" + ";" * MIB}]}, id="a long type"
        ),
        pytest.param({"notAfter": "Z" * MIB}, id="a long time"),
        pytest.param({"subject": "\ud800" * (MIB // 6)}, id="lone surrogates"),
        pytest.param({"content": [1] * (MIB // 3)}, id="many contents"),
        pytest.param({"mobileOperatorId": 10**4000, "x": [10**4000] * 250}, id="long numbers"),
        pytest.param({f"contentid{n}": 1 for n in range(MIB // 20)}, id="unknown fields near a known one"),
        pytest.param({"content": [{f"k{n}": 1} for n in range(32)] + [1] * (MIB // 4)}, id="too many contents"),
        pytest.param({"content": [{f"{m}k{n}": 1 for n in range(2000)} for m in range(32)]}, id="unknown all over"),
        pytest.param({"x": [[]] * (MIB // 4)}, id="many lists"),
    ],
)
def test_a_message_of_a_mebibyte_is_read_in_no_time(body: dict[str, Any]) -> None:
    text = json.dumps({**BASE, **body})
    began = time.process_time()
    message = read(text)
    assert time.process_time() - began < 3.0  # a tenth of it in practice; a quadratic one takes minutes
    assert sum(map(len, message.faults)) < 400_000
