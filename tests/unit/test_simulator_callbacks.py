"""The simulator writes callbacks as the provider's pages print them."""

import pytest

from local.simulator.callbacks import Callback, Mo, Part, Raw, Report, build_request
from local.simulator.dialect import (
    FLOW_PAGE_AS_PRINTED,
    RECEIVE_PAGE_AS_PRINTED,
    Dialect,
    JsonLayout,
)

REQUEST_ID = "015-3DD6C366-D68A-4A02-9777-19CBC8AB40C1"

# The page "Receive an MMS", its sample message.
RECEIVE_PAGE_MESSAGE = Mo(
    mo_id="123456789012345",
    source="447800000001",
    destinations=("88600",),
    ccs=("88602",),
    bccs=(),
    date="2014-07-16T19:20:30+00:00",
    mobile_operator_id=77,
    subject="Test MMS",
    user_agent="HTC One",
    parts=(
        Part(content_type="image/jpeg", content_id="image.jpg", data=b"..."),
        Part(content_type="text/plain", content_id="text.txt", data=b"This is a text attachment"),
    ),
)
RECEIVE_PAGE_RESTORED = (
    b"--mimeboundary\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Id: main \r\n"
    b"\r\n"
    b"{\r\n"
    b'   "type": "MO",\r\n'
    b'   "moId": 123456789012345,\r\n'
    b'   "source": "447800000001",\r\n'
    b'   "destinations": ["88600"],\r\n'
    b'   "ccs": ["88602"],\r\n'
    b'   "bccs": [],\r\n'
    b'   "date": "2014-07-16T19:20:30+00:00",\r\n'
    b'   "mobileOperatorId": 77,\r\n'
    b'   "subject": "Test MMS",\r\n'
    b'   "userAgent": "HTC One"}\r\n'
    b"--mimeboundary\r\n"
    b"Content-Type: image/jpeg\r\n"
    b"Content-Id: image.jpg \r\n"
    b"\r\n"
    b"...\r\n"
    b"--mimeboundary\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Id: text.txt \r\n"
    b"\r\n"
    b"This is a text attachment\r\n"
    b"--mimeboundary--"
)
RECEIVE_PAGE_PRINTED = (
    b"--mimeboundary\n"
    b"Content-Type: application/json\n"
    b"Content-Id: main\xc2\xa0\n"
    b"{\n"
    b'\xc2\xa0\xc2\xa0\xc2\xa0"type": "MO",\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"moId": 123456789012345,\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"source": "447800000001",\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"destinations": ["88600"],\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"ccs": ["88602"],\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"bccs": [],\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"date": "2014-07-16T19:20:30+00:00",\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"mobileOperatorId": 77,\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"subject": "Test MMS",\n'
    b'\xc2\xa0\xc2\xa0\xc2\xa0"userAgent": "HTC One"}\n'
    b"--mimeboundary\n"
    b"Content-Type: image/jpeg\n"
    b"Content-Id: image.jpg\xc2\xa0\n"
    b"...\n"
    b"--mimeboundary\n"
    b"Content-Type: text/plain\n"
    b"Content-Id: text.txt\xc2\xa0\n"
    b"This is a text attachment\n"
    b"--mimeboundary--"
)

# The page "Things to Know", its sample message and report.
FLOW_PAGE_MESSAGE = Mo(
    mo_id="123456789012345",
    source="14553011955",
    date="2021-06-02T17:14:26+00:00",
    subject="Norwegian Blue",
    parts=(Part(content_type="text/plain", content_id="text.txt", data=b"Here is a picture of the bird in question"),),
)
FLOW_PAGE_RESTORED = (
    b"--mimeboundary\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Id: main \r\n"
    b"\r\n"
    b"{\r\n"
    b'   "type": "MO",\r\n'
    b'   "destinations": ["88600"],\r\n'
    b'   "ccs": [], \r\n'
    b'   "bccs": [], \r\n'
    b'   "source": "14553011955",\r\n'
    b'   "subject": "Norwegian Blue",\r\n'
    b'   "moId": 123456789012345,\r\n'
    b'   "mobileOperatorId": 77,\r\n'
    b'   "date": "2021-06-02T17:14:26+00:00",\r\n'
    b'   "userAgent": "HTC One"\r\n'
    b"}\r\n"
    b"--mimeboundary\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Id: text.txt \r\n"
    b"\r\n"
    b"Here is a picture of the bird in question\r\n"
    b"--mimeboundary--"
)
FLOW_PAGE_PRINTED = (
    FLOW_PAGE_RESTORED.replace(b"\r\n\r\n", b"\r\n")
    .replace(b"\r\n", b"\n")
    .replace(b"--mimeboundary\nContent-Type: application/json", b"--mimeboundaryContent-Type: application/json")
    .replace(b'   "', b'\xc2\xa0\xc2\xa0\xc2\xa0"')
    .replace(b" \n", b"\xc2\xa0\n")
)
SAMPLE_REPORT = Report(mt_id="123456789012345", date="2016-05-16T19:20:30+00:00")
REPORT_RESTORED = (
    b"{\r\n"
    b'   "type": "REPORT",\r\n'
    b'   "mtId": 123456789012345,\r\n'
    b'   "date": "2016-05-16T19:20:30+00:00",\r\n'
    b'   "status": "Retrieved",\r\n'
    b'   "outcomeId": 1,\r\n'
    b'   "outcomeDescription": "Success.",\r\n'
    b'   "userAgent": "HTC One"\r\n'
    b"}"
)
REPORT_PRINTED = REPORT_RESTORED.replace(b"\r\n", b"\n").replace(b'   "', b'\xc2\xa0\xc2\xa0\xc2\xa0"')

MULTIPART = b"multipart/mixed; boundary=mimeboundary"


@pytest.mark.parametrize(
    ("callback", "dialect", "content_type", "body"),
    [
        pytest.param(RECEIVE_PAGE_MESSAGE, Dialect(), MULTIPART + b" ", RECEIVE_PAGE_RESTORED, id="receive page"),
        pytest.param(
            RECEIVE_PAGE_MESSAGE,
            RECEIVE_PAGE_AS_PRINTED,
            MULTIPART + b"\xc2\xa0",
            RECEIVE_PAGE_PRINTED,
            id="receive page as printed",
        ),
        pytest.param(
            FLOW_PAGE_MESSAGE,
            Dialect(json_layout=JsonLayout.FLOW_PAGE),
            MULTIPART + b" ",
            FLOW_PAGE_RESTORED,
            id="flow page",
        ),
        pytest.param(
            FLOW_PAGE_MESSAGE,
            FLOW_PAGE_AS_PRINTED,
            MULTIPART + b"\xc2\xa0",
            FLOW_PAGE_PRINTED,
            id="flow page as printed",
        ),
        pytest.param(SAMPLE_REPORT, Dialect(), b"application/json ", REPORT_RESTORED, id="report"),
        pytest.param(
            SAMPLE_REPORT, FLOW_PAGE_AS_PRINTED, b"application/json\xc2\xa0", REPORT_PRINTED, id="report as printed"
        ),
        pytest.param(Raw(content_type="text/x", data=b"\0\r\n"), Dialect(), b"text/x", b"\0\r\n", id="raw"),
    ],
)
def test_a_printed_sample_is_written_byte_for_byte(
    callback: Callback, dialect: Dialect, content_type: bytes, body: bytes
) -> None:
    request = build_request(callback, dialect, request_id=REQUEST_ID)

    assert request.headers == ((b"X-Request-Id", REQUEST_ID.encode()), (b"Content-Type", content_type))
    assert request.body == body
