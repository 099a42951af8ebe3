"""The API's event, read into a callback: rows 3, 28 and 29 of the hostile bodies concern the request, not its body."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from receive_callback import read_callback

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BODY = b"\x00\xffbody"


def event(**changes: Any) -> APIGatewayProxyEvent:
    headers = {"Content-Type": "multipart/mixed; boundary=x", "X-Request-Id": "015-3DD6C366"}
    usual = {
        "body": base64.b64encode(BODY).decode(),
        "isBase64Encoded": True,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
    return APIGatewayProxyEvent({**usual, **changes})


@pytest.mark.parametrize("lower", [True, False])
def test_a_request_becomes_bytes_and_a_content_type(lower: bool) -> None:
    headers = {"Content-Type": "application/json", "X-Request-Id": "015\u0007-é"}
    headers = {name.lower() if lower else name: value for name, value in headers.items()}
    callback = read_callback(event(headers=headers, multiValueHeaders=None), NOW)
    assert (callback.body, callback.content_type, callback.fault) == (BODY, "application/json", None)
    assert callback.request_id == "015-é"


def test_a_request_without_body_or_headers_is_read_all_the_same() -> None:
    callback = read_callback(APIGatewayProxyEvent({"body": None, "headers": None, "multiValueHeaders": None}), NOW)
    assert (callback.body, callback.content_type, callback.request_id) == (b"", "", None)


def test_an_id_of_the_request_is_bounded() -> None:
    callback = read_callback(event(headers={"X-Request-Id": "x" * 10_000}), NOW)
    assert callback.request_id == "x" * 255


def test_row_3_two_content_types_on_the_request() -> None:
    types = {"Content-Type": ["multipart/mixed; boundary=x", "multipart/mixed; boundary=y"]}
    assert read_callback(event(multiValueHeaders=types), NOW).fault == "Content-Type: the request has it twice"


@pytest.mark.parametrize("second", ["application/json", "multipart/mixed; boundary=y", "Text/plain"])
def test_row_3_two_content_types_that_a_proxy_made_one(second: str) -> None:
    headers = {"Content-Type": f"multipart/mixed; boundary=x, {second}"}
    callback = read_callback(event(headers=headers, multiValueHeaders=None), NOW)
    assert callback.fault == "Content-Type: the request has it twice"


@pytest.mark.parametrize("boundary", ["a,b/c", '"a,b/c;d"', '"=_(a, multipart/x ;)x"', "a, b"])
def test_a_boundary_may_hold_a_comma(boundary: str) -> None:
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    assert read_callback(event(headers=headers, multiValueHeaders=None), NOW).fault is None


@pytest.mark.parametrize("body", ["QUI", "QU!D", "Ünicode"])
def test_row_28_base64_of_the_api_that_is_none(body: str) -> None:
    callback = read_callback(event(body=body), NOW)
    assert callback.fault == "the API's base64 of the body is broken"
    assert callback.body == body.encode()


def test_row_28_a_text_body_that_went_through_utf_8_replacement() -> None:
    callback = read_callback(event(body="\ufffd\ufffdJFIF", isBase64Encoded=False), NOW)
    assert callback.fault == "the body went through a text conversion and lost its bytes"
    assert callback.body == "\ufffd\ufffdJFIF".encode()


def test_a_text_body_that_is_whole_is_taken() -> None:
    callback = read_callback(event(body='{"a": "é"}', isBase64Encoded=False), NOW)
    assert (callback.body, callback.fault) == ('{"a": "é"}'.encode(), None)


@pytest.mark.parametrize(
    ("encoding", "refused"), [("gzip", True), ("GZIP", True), ("br", True), ("identity", False), ("", False)]
)
def test_row_29_a_content_encoding(encoding: str, refused: bool) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    fault = read_callback(event(headers=headers, multiValueHeaders=None), NOW).fault
    assert (fault is not None) is refused
