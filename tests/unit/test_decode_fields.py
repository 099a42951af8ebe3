"""The rules of fields, dates, addresses and hashes in hostile-callbacks.md and design.md, sentence by sentence."""

from hashlib import sha256
from itertools import combinations
from typing import Any

import pytest

from local.simulator.media import jpeg, png
from mms_gateway.errors import MalformedCallback
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import message_of, read
from tests.wire.bodies import WirePart, main, message, mo_json, multipart_type, part, report_json, text
from tests.wire.samples import NAMES, sample

TYPE = multipart_type()
JSON = "application/json"
FIELD_UNUSABLE = {"field-unusable"}


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


def media(*headers: bytes, content: bytes = b"a") -> Any:
    """The one part that has these headers."""
    (only,) = message_of(TYPE, message(main(), part(content, headers=headers))).parts
    return only


# --- an ordinary message ----------------------------------------------------------------------------------------------
def test_the_decoder_fills_every_attribute_of_an_inbound_message() -> None:
    details = mo_json(ccs=["88602"], bccs=["88603"])
    body = message(main(details), part(jpeg()), text("Polly"))
    result = message_of(TYPE, body)
    assert result.mo_id == "123456789012345"
    assert (result.handset, result.service) == ("447800000001", "88600")
    assert (list(result.destinations), list(result.ccs), list(result.bccs)) == (["88600"], ["88602"], ["88603"])
    assert result.date == "2014-07-16T19:20:30+00:00"
    assert (result.mobile_operator_id, result.subject, result.user_agent) == (77, "Test MMS", "HTC One")
    assert (result.text, result.details) == ("Polly", details.decode())
    assert result.body_sha256 == sha256(body).hexdigest()
    assert not result.flags


def test_the_decoder_fills_every_attribute_of_a_part() -> None:
    picture, caption = message_of(TYPE, message(main(), part(jpeg()), text("Polly"))).parts
    assert (picture.index, picture.content_type, picture.content_id) == (0, "image/jpeg", "image.jpg")
    assert (bytes(picture.data), picture.size, picture.sha256) == (jpeg(), len(jpeg()), sha256(jpeg()).hexdigest())
    assert (picture.text, list(picture.flags)) == (None, [])
    assert (caption.index, caption.content_type, caption.text) == (1, "text/plain", "Polly")


def test_size_and_hash_of_a_part_are_those_of_the_decoded_bytes() -> None:
    body = message(main(), part(b"UG9sbHk=", encoding="base64"))
    (only,) = message_of(TYPE, body).parts
    assert (only.size, only.sha256) == (5, sha256(b"Polly").hexdigest())


def test_a_report_has_its_fields() -> None:
    details = report_json()
    result = read(JSON, details)
    assert isinstance(result, DeliveryReport)
    assert (result.mt_id, result.date, result.status) == ("123456789012345", "2016-05-16T19:20:30+00:00", "Retrieved")
    assert (str(result.outcome_id), result.outcome_description, result.user_agent) == ("1", "Success.", "HTC One")
    assert result.details == details.decode()


@pytest.mark.parametrize("name", [name for name in NAMES if "printed" not in name])
def test_every_sample_that_is_not_as_printed_is_read(name: str) -> None:
    request = sample(name)
    result = read(request.content_type, request.body)
    assert isinstance(result, DeliveryReport if "report" in name else InboundMms), str(result)


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


# --- JSON fields ------------------------------------------------------------------------------------------------------
ATTRIBUTES = {
    "source": "handset",
    "subject": "subject",
    "userAgent": "user_agent",
    "date": "date",
    "mobileOperatorId": "mobile_operator_id",
    "destinations": "destinations",
    "ccs": "ccs",
    "bccs": "bccs",
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_absent_field_is_no_flag(name: str) -> None:
    result = mo(absent=[name])
    assert not getattr(result, ATTRIBUTES[name])
    assert not result.flags


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("value", ["null", "true", '{"canary": 1}', "[[1]]"])
def test_a_field_of_the_wrong_type_is_left_out_and_flagged(name: str, value: str) -> None:
    result = raw(name, value)
    assert not getattr(result, ATTRIBUTES[name])
    assert set(result.flags) == FIELD_UNUSABLE or (
        name == "mobileOperatorId" and value != "null" and set(result.flags) == {"operator-id-not-a-number"}
    )


@pytest.mark.parametrize("name", ["source", "subject", "userAgent", "date"])
def test_a_list_where_text_belongs_is_left_out_and_flagged(name: str) -> None:
    result = raw(name, '["canary"]')
    assert (getattr(result, ATTRIBUTES[name]), set(result.flags)) == (None, FIELD_UNUSABLE)


@pytest.mark.parametrize("number", ["4711", "-1", "1.50", "1e400", "12345678901234567890123456789012345678"])
def test_a_number_where_text_belongs_stands_as_its_text(number: str) -> None:
    result = raw("subject", number)
    assert (result.subject, set(result.flags)) == (number, set())
    assert raw("userAgent", number).user_agent == number


def test_a_number_of_5000_digits_where_text_belongs_is_cut_like_text() -> None:
    result = raw("subject", "7" * 5000)
    assert (result.subject, set(result.flags)) == ("7" * 255, {"subject-too-long"})


def test_a_source_may_be_a_number() -> None:
    result = raw("source", "447800000001")
    assert (result.handset, set(result.flags)) == ("447800000001", set())


def test_numbers_in_a_list_of_addresses_stand_as_their_text() -> None:
    result = mo(destinations=[88600], ccs=[88602, "88603"])
    assert (result.service, list(result.destinations), list(result.ccs)) == ("88600", ["88600"], ["88602", "88603"])
    assert not result.flags


def test_destinations_may_be_text() -> None:
    result = mo(destinations="88600")
    assert (result.service, list(result.destinations), set(result.flags)) == ("88600", ["88600"], set())


def test_the_service_is_the_first_destination() -> None:
    assert mo(destinations=["88600", "88601"]).service == "88600"
    assert not mo(destinations=[]).service


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("+447800000001", "447800000001"),
        (" +447800000001 ", "447800000001"),
        ("+44 7800 000001", "447800000001"),
        ("88600 ", "88600"),
        ("Polly@Example.COM", "polly@example.com"),
        ("+Polly", "+polly"),
        ("Polly#1", "polly_1"),
        ("447800#1", "447800_1"),
    ],
)
def test_an_address_loses_plus_and_blanks_if_digits_remain_else_it_is_lower_cased(address: str, stored: str) -> None:
    result = mo(source=address, destinations=[address])
    assert (result.handset, result.service) == (stored, stored)


@pytest.mark.parametrize("address", ["٤٤٧٨", "４４７８", "²"])
def test_digits_of_other_scripts_do_no_harm(address: str) -> None:
    assert mo(source=address, destinations=[address]).mo_id


def test_a_subject_of_255_characters_is_whole_and_one_of_256_is_cut_and_flagged() -> None:
    whole, cut = mo(subject="é" * 255), mo(subject="é" * 256)
    assert (whole.subject, set(whole.flags)) == ("é" * 255, set())
    assert (cut.subject, set(cut.flags)) == ("é" * 255, {"subject-too-long"})


@pytest.mark.parametrize("name", ["source", "userAgent", "date"])
def test_a_lone_surrogate_in_any_text_is_repaired_and_flagged(name: str) -> None:
    result = raw(name, r'"a\ud83d"')
    assert getattr(result, ATTRIBUTES[name]) == "a\ufffd"
    assert "text-repaired" in result.flags


@pytest.mark.parametrize("member", [r'"other": "\ud83d"', r'"\ud83d": 1', r'"other": [{"\udc00": ["\udc00"]}]'])
def test_a_lone_surrogate_in_an_unknown_field_does_no_harm(member: str) -> None:
    result = mo(member)
    assert member in result.details
    assert result.details.encode()


def test_an_escaped_surrogate_pair_is_no_lone_surrogate() -> None:
    result = raw("subject", r'"\ud83e\udd9c"')
    assert (result.subject, set(result.flags)) == ("🦜", set())


def test_an_operator_id_is_a_number_or_flagged() -> None:
    assert mo(mobileOperatorId=77).mobile_operator_id == 77
    for value in ["77", "", "canary"]:
        result = mo(mobileOperatorId=value)
        assert (result.mobile_operator_id, set(result.flags)) == (None, {"operator-id-not-a-number"})


@pytest.mark.parametrize("value", ["7" * 5000, "1e400", "-1", "1.5", "1e2", "-0"])
def test_no_number_as_operator_id_does_harm(value: str) -> None:
    assert value in raw("mobileOperatorId", value).details


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


# --- details ----------------------------------------------------------------------------------------------------------
def test_details_are_the_json_as_it_came() -> None:
    details = b'  {"type" :"MO",\r\n\t"moId":1, "n": 1.10, "u": "\\u00e0\\/", "x": {"b":1,"a":2} }\n'
    assert message_of(TYPE, message(main(details))).details.strip() == details.decode().strip()
    assert message_of(JSON, details).details.strip() == details.decode().strip()


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
