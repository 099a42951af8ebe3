"""The rules of fields and addresses in hostile-callbacks.md and design.md, sentence by sentence."""

from hashlib import sha256
from typing import Any

import pytest

from local.simulator.media import jpeg
from mms_gateway.messages import DeliveryReport, InboundMms
from tests.unit.invariants import message_of, read
from tests.wire.bodies import main, message, mo_json, multipart_type, part, report_json, text
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


# --- details ----------------------------------------------------------------------------------------------------------
def test_details_are_the_json_as_it_came() -> None:
    details = b'  {"type" :"MO",\r\n\t"moId":1, "n": 1.10, "u": "\\u00e0\\/", "x": {"b":1,"a":2} }\n'
    assert message_of(TYPE, message(main(details))).details.strip() == details.decode().strip()
    assert message_of(JSON, details).details.strip() == details.decode().strip()
