"""The rules of dates, reports and content hashes in hostile-callbacks.md and design.md, sentence by sentence."""

from itertools import combinations
from typing import Any

import pytest

from local.simulator.media import jpeg, png
from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import message_of, read
from tests.wire.bodies import WirePart, main, message, mo_json, multipart_type, part, report_json

TYPE = multipart_type()
JSON = "application/json"


def mo(*members: str, **fields: Any) -> InboundMms:
    """The message whose JSON has these raw members and fields, and a picture."""
    return message_of(TYPE, message(main(mo_json(*members, **fields)), part(jpeg())))


def raw(name: str, value: str) -> InboundMms:
    """The message in whose JSON the field stands as raw JSON."""
    return mo(f'"{name}": {value}', absent=[name])


def report(*members: str, **fields: Any) -> DeliveryReport:
    result = read(JSON, report_json(*members, **fields))
    assert isinstance(result, DeliveryReport), str(result)
    return result


# --- dates ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "date",
    [
        "2014-07-16T19:20:30+00:00",
        "2014-07-16T19:20:30Z",
        "2014-07-16T19:20:30-00:00",
        "2014-07-16T19:20:30+05:30",
        "2014-07-16T19:20:30-23:59",
        "2014-07-16T19:20:30",
        "2014-07-16T19:20:30.5Z",
        "2014-07-16T19:20:30.123456789+01:00",
        "2016-02-29T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_rfc_3339_with_or_without_an_offset_is_readable(date: str) -> None:
    result = mo(date=date)
    assert (result.date, set(result.flags)) == (date, set())


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "",
        "2014-07-16",
        "19:20:30Z",
        "2014-07-16T19:20Z",
        "2014-07-16T19Z",
        "2014-07-16T19:20:60Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2014-00-16T19:20:30Z",
        "2014-13-16T19:20:30Z",
        "2015-02-29T19:20:30Z",
        "2014-07-16T24:00:00Z",
        "2014-07-16T19:60:30Z",
        "2014-07-16T19:20:30+24:00",
        "2014-07-16T19:20:30+0100",
        "2014-07-16T19:20:30+01",
        "2014-07-16T19:20:30.Z",
        "20140716T192030Z",
        "2014-W29-3T19:20:30Z",
        "2014-197T19:20:30Z",
        "2014-7-16T19:20:30Z",
        "2014-07-16T19:20:30Z\n",
        "2014-07-16T19:20:30 UTC",
        "٢٠١٤-07-16T19:20:30Z",
        "Wed, 16 Jul 2014 19:20:30 +0000",
        "1405538430",
    ],
)
def test_anything_else_is_an_unreadable_date_kept_as_it_came(date: str) -> None:
    result = mo(date=date)
    assert (result.date, set(result.flags)) == (date, {"date-unreadable"})


@pytest.mark.parametrize("date", ["yesterday", "", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_a_report_with_an_unreadable_date_is_still_a_report(date: str) -> None:
    assert report(date=date).status == "Retrieved"
    assert report(absent=["date"]).status == "Retrieved"


# --- reports ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["Retrieved", "Deferred", "Rejected", "Expired", "something new", "ÉTÉ"])
def test_any_word_may_be_a_status(status: str) -> None:
    assert report(status=status).status == status


@pytest.mark.parametrize("fields", [{"absent": ["status"]}, {"status": None}, {"status": ["Retrieved"]}], ids=str)
def test_a_report_without_a_status_is_malformed(fields: dict[str, Any]) -> None:
    assert isinstance(read(JSON, report_json(**fields)), MalformedCallback)


def test_a_report_in_a_multipart_with_media_is_malformed() -> None:
    assert isinstance(read(TYPE, message(main(report_json()))), DeliveryReport)
    assert isinstance(read(TYPE, message(main(report_json()), part(b"a"))), MalformedCallback)


@pytest.mark.parametrize(
    "value", ["1.5", "true", "null", '""', '"' + "7" * 41 + '"', "7" * 41, '"1\\n"', '"canary"', "[1]", "-1"]
)
def test_an_mt_id_is_1_to_40_digits(value: str) -> None:
    assert isinstance(read(JSON, report_json(f'"mtId": {value}', absent=["mtId"])), MalformedCallback)
    assert isinstance(read(JSON, report_json(absent=["mtId"])), MalformedCallback)


@pytest.mark.parametrize("written", ["7" * 40, "0", "007"])
def test_an_id_of_1_to_40_digits_is_kept_digit_by_digit(written: str) -> None:
    assert mo(moId=written).mo_id == written
    assert report(mtId=written).mt_id == written
    if not written.startswith("00"):
        assert raw("moId", written).mo_id == written


# --- the content hash -------------------------------------------------------------------------------------------------
def content_hash(*parts: WirePart, details: bytes = b'{"type": "MO", "moId": 1, "a": [1, 2], "b": null}') -> str:
    return message_of(TYPE, message(main(details), *parts)).content_sha256


def test_the_content_hash_does_not_see_how_the_json_is_laid_out() -> None:
    assert content_hash() == content_hash(details=b'{"b":null,"a":[1,2],\r\n"type":"\\u004dO","moId":"1"}')


def test_the_content_hash_does_not_see_the_transfer_encoding() -> None:
    assert content_hash(part(b"Polly")) == content_hash(part(b"UG9sbHk=", encoding="base64"))
    assert content_hash(part(b"Polly")) == content_hash(part(b"=50olly", encoding="quoted-printable"))


DIFFERENT: dict[str, list[WirePart]] = {
    "nothing": [],
    "a picture": [part(jpeg())],
    "another picture": [part(png())],
    "the picture as another type": [part(jpeg(), "image/png")],
    "the picture under another name": [part(jpeg(), content_id="other.jpg")],
    "the picture without a name": [part(jpeg(), content_id=None)],
    "the picture twice": [part(jpeg()), part(jpeg())],
    "two pictures": [part(jpeg()), part(png())],
    "two pictures the other way round": [part(png()), part(jpeg())],
}


def test_the_content_hash_sees_types_names_bytes_and_order() -> None:
    assert len({content_hash(*parts) for parts in DIFFERENT.values()}) == len(DIFFERENT)


SEEN = [
    *("{}", "1", "2", '"1"', "null", "[]", "[1, 2]", "[2, 1]", '"\\u0000"', '""', '"a"', '"A"', "true"),
    *('["1"]', '{"1": 1}', "1.0", "1.5", '["1.5"]', '"1.5"', '["1e400"]'),
    *("1e400", "1e401", "12345678901234567890123456789012345678", "12345678901234567890123456789012345679"),
]


def test_the_content_hash_sees_every_value_in_the_json() -> None:
    hashes = [content_hash(details=f'{{"type": "MO", "moId": 1, "other": {value}}}'.encode()) for value in SEEN]
    assert [pair for pair in combinations(range(len(SEEN)), 2) if hashes[pair[0]] == hashes[pair[1]]] == []
