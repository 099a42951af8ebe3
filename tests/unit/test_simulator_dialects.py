"""Every oddity that the provider's pages leave open can be written, and what is legal can be read."""

import base64
import email
import email.policy
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.callbacks import Mo, Part, Report, build_request, choose_boundary
from local.simulator.dialect import (
    Base64Lines,
    DestinationsForm,
    Dialect,
    EncodingName,
    IdForm,
    JsonLayout,
    LineEnd,
    MediaEncoding,
    RequestIdForm,
)
from local.simulator.fields import FieldError
from local.simulator.identifiers import Identifiers
from mms_gateway.messages import InboundMms
from mms_gateway.openmarket.decode import decode_callback

REQUEST_ID = "015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1"
MESSAGE = Mo(mo_id="123456789012345", source="447800000001", date="2014-07-16T19:20:30+00:00", subject="Test MMS")
REPORT = Report(mt_id="123456789012345", date="2016-05-16T19:20:30+00:00")
PICTURE = bytes(range(256))
ONE_PICTURE = replace(MESSAGE, parts=(Part(content_type="image/gif", content_id="a.gif", data=PICTURE),))
PICTURE_BASE64 = base64.b64encode(PICTURE)
PICTURE_FOLDED = base64.encodebytes(PICTURE).rstrip(b"\n").replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("dialect", "tail"),
    [
        pytest.param(Dialect(), b"Content-Id: a.gif \r\n\r\n" + PICTURE, id="binary"),
        pytest.param(
            Dialect(media_encoding=MediaEncoding.BASE64),
            b"Content-Transfer-Encoding: base64\r\nContent-Id: a.gif \r\n\r\n" + PICTURE_FOLDED,
            id="declared, folded",
        ),
        pytest.param(
            Dialect(
                media_encoding=MediaEncoding.BASE64,
                encoding_name=EncodingName.UPPER,
                base64_lines=Base64Lines.ONE,
            ),
            b"Content-Transfer-Encoding: BASE64\r\nContent-Id: a.gif \r\n\r\n" + PICTURE_BASE64,
            id="declared in capitals, one line",
        ),
        pytest.param(
            Dialect(media_encoding=MediaEncoding.BASE64_UNDECLARED),
            b"Content-Id: a.gif \r\n\r\n" + PICTURE_FOLDED,
            id="undeclared, folded",
        ),
        pytest.param(
            Dialect(
                media_encoding=MediaEncoding.BASE64_UNDECLARED,
                base64_lines=Base64Lines.ONE,
                blank_after_content_id=False,
                line_end_after_body=True,
            ),
            b"Content-Id: a.gif\r\n\r\n" + PICTURE_BASE64,
            id="undeclared, one line, no blank, a line end at the end",
        ),
    ],
)
def test_media_are_written_in_the_dialect_s_encoding(dialect: Dialect, tail: bytes) -> None:
    body = build_request(ONE_PICTURE, dialect, request_id=REQUEST_ID).body

    end = b"\r\n" if dialect.line_end_after_body else b""
    assert body.endswith(b"--mimeboundary\r\nContent-Type: image/gif\r\n" + tail + b"\r\n--mimeboundary--" + end)


def test_a_part_may_be_encoded_unlike_the_others() -> None:
    menu = Part(content_type="text/plain", data=b"MENU", encoding=MediaEncoding.BINARY)
    message = replace(ONE_PICTURE, parts=(*ONE_PICTURE.parts, menu))

    body = build_request(message, Dialect(media_encoding=MediaEncoding.BASE64), request_id=REQUEST_ID).body

    assert PICTURE_FOLDED in body
    assert body.endswith(b"--mimeboundary\r\nContent-Type: text/plain\r\n\r\nMENU\r\n--mimeboundary--")


@pytest.mark.parametrize(
    ("dialect", "field"),
    [
        (Dialect(), b'"moId": 123456789012345,'),
        (Dialect(id_form=IdForm.TEXT), b'"moId": "123456789012345",'),
        (Dialect(destinations_form=DestinationsForm.TEXT), b'"destinations": "88600",'),
        (Dialect(user_agent=False), b'"subject": "Test MMS"}'),
        (
            Dialect(json_layout=JsonLayout.COMPACT),
            (
                b'{"type":"MO","moId":123456789012345,"source":"447800000001","destinations":["88600"],'
                b'"ccs":[],"bccs":[],"date":"2014-07-16T19:20:30+00:00","mobileOperatorId":77,'
                b'"subject":"Test MMS","userAgent":"HTC One"}'
            ),
        ),
        (Dialect(line_end=LineEnd.LF), b'{\n   "type": "MO",\n   "moId"'),
    ],
)
def test_the_json_is_written_in_the_dialect(dialect: Dialect, field: bytes) -> None:
    assert field in build_request(MESSAGE, dialect, request_id=REQUEST_ID).body


def test_a_report_s_mt_id_may_be_text_and_its_user_agent_absent() -> None:
    dialect = Dialect(id_form=IdForm.TEXT, user_agent=False, blank_after_content_type=False)

    request = build_request(REPORT, dialect, request_id=REQUEST_ID)

    assert request.content_type == b"application/json"
    assert json.loads(request.body) == {
        "type": "REPORT",
        "mtId": "123456789012345",
        "date": "2016-05-16T19:20:30+00:00",
        "status": "Retrieved",
        "outcomeId": 1,
        "outcomeDescription": "Success.",
    }


def test_further_fields_are_added_or_put_in_place() -> None:
    message = replace(ONE_PICTURE, more={"moId": None, "later": [{"x": 1.5}]}, subject="Half a \ud83d and a whole 🦜")

    body = build_request(message, Dialect(), request_id=REQUEST_ID).body
    start = body.index(b"{")
    fields = json.loads(body[start : body.index(b"\r\n--mimeboundary", start)])

    assert list(fields)[:2] == ["type", "moId"]
    assert (fields["moId"], fields["later"]) == (None, [{"x": 1.5}])
    assert fields["subject"] == "Half a \ud83d and a whole 🦜"


def test_another_boundary_is_taken_when_the_content_holds_it() -> None:
    nasty = Part(content_type="text/plain", data=b"\r\n--mimeboundary--\r\n mimeboundary-1 ")

    request = build_request(replace(ONE_PICTURE, parts=(nasty,)), Dialect(), request_id=REQUEST_ID)

    assert request.content_type == b"multipart/mixed; boundary=mimeboundary-2 "
    assert request.body.startswith(b"--mimeboundary-2\r\n")
    assert request.body.endswith(nasty.data + b"\r\n--mimeboundary-2--")


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"b", b"b-1", b"xb-2", b"b-"]), max_size=6))
def test_a_chosen_boundary_occurs_in_no_content(contents: list[bytes]) -> None:
    boundary = choose_boundary("b", contents).encode()

    assert not any(boundary in content for content in contents)


# The standard library's parser may alter binary bodies, so it judges those in base64, which it reads rightly.
@given(
    contents=st.lists(st.binary(max_size=200), max_size=5),
    dialect=st.builds(
        Dialect,
        media_encoding=st.just(MediaEncoding.BASE64),
        encoding_name=st.sampled_from(EncodingName),
        base64_lines=st.sampled_from(Base64Lines),
        json_layout=st.sampled_from(JsonLayout),
        line_end=st.sampled_from(LineEnd),
        line_end_after_body=st.booleans(),
        blank_after_content_id=st.booleans(),
        blank_after_content_type=st.booleans(),
    ),
)
def test_the_standard_library_reads_every_legal_dialect(contents: list[bytes], dialect: Dialect) -> None:
    parts = tuple(Part(content_type="image/png", content_id=f"{n}.png", data=data) for n, data in enumerate(contents))

    request = build_request(replace(ONE_PICTURE, parts=parts), dialect, request_id=REQUEST_ID)
    whole = b"Content-Type: " + request.content_type + b"\r\n\r\n" + request.body
    main, *media = email.message_from_bytes(whole, policy=email.policy.default).iter_parts()

    assert json.loads(main.get_content())["moId"] == 123456789012345
    assert [part.get_content() for part in media] == contents
    assert [str(part["Content-Id"]).strip() for part in media] == [f"{n}.png" for n in range(len(contents))]


@given(
    st.builds(
        Dialect,
        **{
            name: st.sampled_from(words)
            for name, words in {
                "line_end": LineEnd,
                "json_layout": JsonLayout,
                "media_encoding": MediaEncoding,
                "encoding_name": EncodingName,
                "base64_lines": Base64Lines,
                "id_form": IdForm,
                "destinations_form": DestinationsForm,
                "request_id_form": RequestIdForm,
            }.items()
        },
        blank_after_content_type=st.booleans(),
        blank_after_content_id=st.booleans(),
        line_end_after_body=st.booleans(),
        user_agent=st.booleans(),
    )
)
def test_the_gateway_reads_every_legal_dialect(dialect: Dialect) -> None:
    picture = Part(content_type="image/gif", content_id="a.gif", data=b"GIF89a" + PICTURE)
    text = Part(content_type="text/plain", content_id="a.txt", data=b"Here is a picture of the bird in question")
    request = build_request(replace(MESSAGE, parts=(picture, text)), dialect, request_id=REQUEST_ID)

    message = decode_callback(request.content_type.decode(), request.body)

    assert isinstance(message, InboundMms)
    assert (message.mo_id, list(message.destinations)) == (MESSAGE.mo_id, ["88600"])
    assert [bytes(part.data) for part in message.parts] == [picture.data, text.data]
    assert [part.content_id for part in message.parts] == ["a.gif", "a.txt"]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Mo(mo_id="0123", source="1", date=""), "mo_id"),
        (lambda: Mo(mo_id="1" * 41, source="1", date=""), "mo_id"),
        (lambda: Report(mt_id="12a", date=""), "mt_id"),
        (lambda: Part(content_type="a/b\r\nX: y", data=b""), "content_type"),
        (lambda: Part(content_type="a/b", content_id="a\nb", data=b""), "content_id"),
        (lambda: Part(content_type="a/b", content_id="\ud83d", data=b""), "content_id"),
        (lambda: Dialect(boundary="two words"), "boundary"),
        (lambda: Dialect(boundary="b" * 51), "boundary"),
    ],
)
def test_what_could_not_be_sent_is_refused_by_name(build: object, field: str) -> None:
    assert callable(build)
    with pytest.raises(FieldError) as refusal:
        build()
    assert refusal.value.field == field


def test_ids_are_new_and_look_like_the_sample_s() -> None:
    identifiers, others = Identifiers(), Identifiers()
    ids = [identifiers.make_id() for _ in range(1000)] + [others.make_id()]

    assert len(set(ids)) == 1001
    assert all(re.fullmatch("[1-9][0-9]{14}", each) for each in ids)
    sample = identifiers.make_request_id(RequestIdForm.SAMPLE)
    assert re.fullmatch("015-[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", sample)
    assert len(sample) == len(REQUEST_ID) == 40
    assert len(identifiers.make_request_id(RequestIdForm.TABLE)) == 30
