"""The simulator takes an MT request as documented, and names every departure; bytes over a plain socket."""

import base64
import hashlib
import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from local.simulator.mt.records import MtPart
from local.simulator.server import RunningSimulator, running_simulator

AUTHORIZATION = "Authorization: Basic " + base64.b64encode(b"local:local").decode()
HEAD = (
    "POST /mms/v2/send HTTP/1.1",
    "Host: mms.openmarket.com",
    "Content-Type: multipart/mixed; boundary=mimeboundary",
    AUTHORIZATION,
)
DETAILS: dict[str, object] = {
    "type": "MT",
    "source": "88600",
    "destination": "447700900750",
    "mtConfig": "config1",
    "subject": "Example MMS",
    "mobileOperatorId": 77,
}
MAIN = "Content-Type: application/json\r\nContent-Id: main"
TEXT = ("Content-Type: text/plain\r\nContent-Id: text.txt", b"Hello")
# The page "Things to Know", its sample restored to legal MIME: CRLF, empty lines behind the headers, a closing
# delimiter, a destination.
SAMPLE = """--mimeboundary
Content-Type: application/json
Content-Id: main

{
   "type": "MT",
   "source": "88600",
   "destination": "447700900750",
   "mtConfig": "config1",
   "subject": "Example MMS",
   "mobileOperatorId": 77
}
--mimeboundary
Content-Type: application/vnd.openmarket.remoteContent
Content-Id: MMS-Demo.mp4

https://www.openmarket.com/docs/Content/downloads/MMS-Demo.mp4
--mimeboundary--""".replace("\n", "\r\n").encode()


@dataclass(frozen=True)
class Reply:
    data: bytes
    was_reset: bool = False

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def description(self) -> str:
        return str(json.loads(self.body)["error"]["description"])


def build_body(
    *contents: tuple[str, bytes], details: dict[str, object] | bytes = DETAILS, main: str = MAIN, end: bytes = b"--"
) -> bytes:
    """Write a body of the given contents (headers and bytes), by default one text."""
    text = details if isinstance(details, bytes) else json.dumps(details).encode()
    sections = [(main, text), *(contents or (TEXT,))]
    pieces = [b"--mimeboundary\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in sections]
    return b"".join(pieces) + b"--mimeboundary" + end


def build_request(body: bytes, *, head: Sequence[str] = HEAD, length: int | None = None) -> bytes:
    lines = [*head, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def request_to(destination: str) -> bytes:
    return build_request(build_body(details={**DETAILS, "destination": destination}))


def connect(simulator: RunningSimulator) -> socket.socket:
    address = urlsplit(simulator.url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def read_to_end(connection: socket.socket) -> Reply:
    data = b""
    try:
        while piece := connection.recv(65_536):
            data += piece
    except (ConnectionResetError, ssl.SSLEOFError):
        return Reply(data, was_reset=True)
    return Reply(data)


def exchange(simulator: RunningSimulator, request: bytes, *, half_close: bool = False) -> Reply:
    """Send bytes on a connection of their own, and read all that comes back."""
    with connect(simulator) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            return Reply(b"", was_reset=True)
        return read_to_end(connection)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def test_the_documents_sample_is_accepted_and_answered_as_printed(simulator: RunningSimulator) -> None:
    reply = exchange(simulator, build_request(SAMPLE))
    request = simulator.client.mt_requests()[-1]

    assert request.accepted
    assert request.mt_id is not None
    assert (
        reply.data
        == (
            f"HTTP/1.1 200 OK\r\nX-Request-Id: {request.request_id}\r\nContent-Type: application/json\r\n"
            f'Content-Length: 30\r\nConnection: close\r\n\r\n{{\n   "mtId": {request.mt_id}\n}}'
        ).encode()
    )
    assert (request.source, request.destination, request.details) == ("88600", "447700900750", DETAILS)
    assert request.parts == [
        MtPart(
            content_type="application/vnd.openmarket.remoteContent",
            content_id="MMS-Demo.mp4",
            encoding=None,
            size=62,
            sha256=hashlib.sha256(SAMPLE[-80:-18]).hexdigest(),
        )
    ]
    assert (request.body_size, request.tls_version, request.violations) == (len(SAMPLE), None, [])
    assert request.answer is not None
    assert (request.answer.status, request.answer.size, request.answer.sent) == (200, len(reply.data), len(reply.data))
    assert request.ended is not None


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(build_request(build_body(end=b"--\r\n")), id="a line break behind the closing delimiter"),
        pytest.param(
            build_request(build_body(("content-type: image/gif\r\ncontent-id: a", b"\0\r\n--mime\r\n\n\r"))),
            id="binary bytes, and header names in lower case",
        ),
        pytest.param(
            build_request(
                build_body(
                    ('Content-Type: a/b; c=d; e="f g"\r\nContent-Id: A-b_c.9\r\nContent-Transfer-Encoding: 8bit', b"")
                )
            ),
            id="an empty part whose type has parameters",
        ),
        pytest.param(
            build_request(
                build_body(
                    ("Content-Type: a/b\r\nContent-Id: a\r\nContent-Transfer-Encoding: base64", b"A" * 76 + b"\r\nAAA=")
                )
            ),
            id="base64 in lines",
        ),
        pytest.param(
            build_request(build_body(("Content-Type: text/x-vcard; charset=utf-8\r\nContent-Id: me.vcf", b"\xc3\xbc"))),
            id="a vCard",
        ),
        pytest.param(
            build_request(build_body(details={**DETAILS, "subject": ""} | {"mtConfig": "default"})),
            id="an empty subject",
        ),
        pytest.param(
            build_request(build_body(details={name: DETAILS[name] for name in list(DETAILS)[:5]})), id="no operator"
        ),
        pytest.param(
            build_request(
                build_body().replace(b"mimeboundary", b"a:b=c d"),
                head=[*HEAD[:2], 'content-type: multipart/mixed;boundary="a:b=c d"', HEAD[3], "User-Agent: x"],
            ),
            id="a quoted boundary",
        ),
        pytest.param(
            build_request(build_body(TEXT, ("Content-Type: a/b\r\nContent-Id: b", b"x" * 999_000))), id="large"
        ),
    ],
)
def test_what_is_legal_is_accepted(simulator: RunningSimulator, request_bytes: bytes) -> None:
    reply = exchange(simulator, request_bytes)

    request = simulator.client.mt_requests()[-1]
    assert (reply.status, request.accepted, request.violations) == (200, True, [])
