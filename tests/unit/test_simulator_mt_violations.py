"""Every departure from the documented MT request is refused and named; each row is one, in exact bytes."""

import base64
import json
from collections.abc import Iterator

import pytest

from local.simulator.server import RunningSimulator, running_simulator
from tests.unit.test_simulator_mt_requests import (
    AUTHORIZATION,
    DETAILS,
    HEAD,
    MAIN,
    SAMPLE,
    TEXT,
    build_body,
    build_request,
    exchange,
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def with_head(*changes: tuple[str, str]) -> bytes:
    head = "\r\n".join(HEAD)
    for old, new in changes:
        assert old in head
        head = head.replace(old, new)
    return build_request(build_body(), head=head.split("\r\n"))


def with_details(**changes: object) -> bytes:
    kept = {**DETAILS, **changes}
    return build_request(build_body(details={name: value for name, value in kept.items() if value is not ...}))


def with_content(head: str, data: bytes = b"x") -> bytes:
    return build_request(build_body((head, data)))


IMAGE = "Content-Type: image/gif\r\nContent-Id: a.gif"
LINK = "Content-Type: application/vnd.openmarket.remoteContent\r\nContent-Id: a.mp4"
BASE64 = "Content-Type: image/gif\r\nContent-Id: a.gif\r\nContent-Transfer-Encoding: base64"
ONLY_ID = "Content-Id: expected 1 to 19 letters"

VIOLATIONS = [
    ("another method", with_head(("POST", "PUT")), "request line: expected the method POST"),
    ("another path", with_head(("/send", "/send/")), "request line: expected the path /mms/v2/send"),
    ("a query", with_head(("/send", "/send?a=b")), "request line: expected the path /mms/v2/send"),
    ("a whole URL", with_head(("/mms", "http://127.0.0.1/mms")), "request line: expected the path /mms/v2/send"),
    ("HTTP/1.0", with_head(("HTTP/1.1", "HTTP/1.0")), "request line: expected HTTP/1.1"),
    ("no request line", with_head(("POST ", "POST  ")), "request line: expected `POST /mms/v2/send HTTP/1.1`"),
    ("no Host", with_head((HEAD[1] + "\r\n", "")), "Host: expected exactly one, got 0"),
    ("an empty Host", with_head((HEAD[1], "Host:")), "Host: expected a name"),
    ("two Hosts", with_head((HEAD[1], HEAD[1] + "\r\nHost: b")), "Host: expected exactly one, got 2"),
    ("a folded header", with_head((HEAD[1], "Host: a\r\n b")), "header line 2: expected `Name: value`"),
    ("LF in the head", with_head((HEAD[1], "Host: a\nX: b")), "header line 1: expected `Name: value`"),
    ("a blank before the colon", with_head(("Host:", "Host :")), "header line 1: expected `Name: value`"),
    (
        "two Content-Types",
        with_head((HEAD[2], HEAD[2] + "\r\n" + HEAD[2])),
        "Content-Type: expected exactly one, got 2",
    ),
    ("no Content-Type", with_head((HEAD[2] + "\r\n", "")), "Content-Type: expected exactly one, got 0"),
    ("form data", with_head(("mixed", "form-data")), "Content-Type: expected `multipart/mixed; boundary=...`"),
    ("no boundary", with_head(("; boundary=mimeboundary", "")), "Content-Type: expected `multipart/mixed; boundary"),
    ("a parameter more", with_head(("=mimeboundary", "=mimeboundary; a=b")), "Content-Type: expected `multipart/mixed"),
    ("a bare colon in it", with_head(("=mimeboundary", "=a:b")), "Content-Type: expected `multipart/mixed; boundary"),
    ("a long boundary", with_head(("=mimeboundary", "=" + "b" * 71)), "Content-Type: expected a boundary of 1 to 70"),
    ("a blank at its end", with_head(("=mimeboundary", '="a "')), "Content-Type: expected a boundary of 1 to 70"),
    (
        "two lengths",
        with_head((HEAD[1], HEAD[1] + "\r\nContent-Length: 1")),
        "Content-Length: expected exactly one, got 2",
    ),
    (
        "chunks",
        "\r\n".join([*HEAD, "Transfer-Encoding: chunked", "", "5\r\nhello\r\n0\r\n\r\n"]).encode(),
        "Content-Length: expected exactly one, got 0; Transfer-Encoding: not to be sent",
    ),
    (
        "chunks and a length",
        with_head((HEAD[1], HEAD[1] + "\r\nTransfer-Encoding: chunked")),
        "Transfer-Encoding: not to",
    ),
    ("gzip", with_head((HEAD[1], HEAD[1] + "\r\nContent-Encoding: gzip")), "Content-Encoding: not to be sent"),
    ("a negative length", build_request(b"", length=-1), "Content-Length: expected digits"),
    (
        "a length too small",
        build_request(build_body(), length=len(build_body()) - 2),
        "Content-Length: expected as many",
    ),
    ("an empty body", build_request(b""), "body: expected to begin with the delimiter"),
    ("a preamble", build_request(b"Hello\r\n" + build_body()), "body: expected to begin with the delimiter"),
    ("a line break first", build_request(b"\r\n" + build_body()), "body: expected to begin with the delimiter"),
    (
        "an epilogue",
        build_request(build_body(end=b"--\r\n\r\n")),
        "body: expected nothing behind the closing delimiter",
    ),
    ("words behind the end", build_request(build_body(end=b"--x")), "body: expected nothing behind the closing"),
    ("the sample as printed", build_request(SAMPLE[:-2]), "body: expected a closing delimiter"),
    ("only the end", build_request(b"--mimeboundary--"), "part 0: expected the JSON part"),
    ("two ends", build_request(build_body() + b"\r\n--mimeboundary--"), "part 2: expected CRLF right behind"),
    ("LF everywhere", build_request(build_body().replace(b"\r\n", b"\n")), "body: expected a closing delimiter"),
    ("LF behind a delimiter", build_request(build_body().replace(b"y\r\n", b"y\n", 1)), "part 0: expected CRLF right"),
    ("a blank behind it", build_request(build_body().replace(b"y\r\n", b"y \r\n", 1)), "part 0: expected CRLF right"),
    ("the delimiter inside", with_content(IMAGE, b"\r\n--mimeboundaryx"), "part 2: expected CRLF right behind"),
    (
        "no empty line",
        build_request(build_body().replace(b"main\r\n\r\n", b"main\r\n")),
        "part 0: expected an empty line",
    ),
    ("LF between headers", with_content(IMAGE.replace("\r", "")), "part 1: expected header lines `Name: value`"),
    ("a blank at a line's end", with_content(IMAGE + " "), "part 1: expected header lines `Name: value`"),
    ("a disposition", with_content(IMAGE + "\r\nContent-Disposition: inline"), "part 1: expected no headers but"),
    ("a header twice", with_content(IMAGE + "\r\nContent-Id: a"), "part 1: Content-Id: expected at most once"),
    (
        "the other order",
        with_content("Content-Id: a\r\nContent-Type: a/b"),
        "part 1: expected the headers in the order",
    ),
    ("no type", with_content("Content-Id: a"), "part 1: Content-Type: expected `type/subtype`"),
    ("half a type", with_content(IMAGE.replace("image/", "")), "part 1: Content-Type: expected `type/subtype`"),
    ("no id", with_content("Content-Type: a/b"), "part 1: Content-Id: expected one"),
    ("brackets", with_content("Content-Type: a/b\r\nContent-Id: <a.gif>"), f"part 1: {ONLY_ID}"),
    ("20 characters", with_content("Content-Type: a/b\r\nContent-Id: " + "a" * 20), f"part 1: {ONLY_ID}"),
    ("a dot first", with_content("Content-Type: a/b\r\nContent-Id: .gif"), f"part 1: {ONLY_ID}"),
    (
        "main again",
        with_content("Content-Type: a/b\r\nContent-Id: main"),
        "part 1: Content-Id: expected another than main",
    ),
    ("an id twice", build_request(build_body(TEXT, TEXT)), "part 2: Content-Id: expected another than those"),
    (
        "quoted-printable",
        with_content(BASE64.replace("base64", "quoted-printable")),
        "part 1: Content-Transfer-Encoding:",
    ),
    (
        "BASE64",
        with_content(BASE64.replace("base64", "BASE64"), b"AAAA"),
        "part 1: Content-Transfer-Encoding: expected",
    ),
    ("no base64", with_content(BASE64, b"AA*A"), "part 1: expected base64"),
    ("no padding", with_content(BASE64, b"AAA"), "part 1: expected base64"),
    ("bits left over", with_content(BASE64, b"AAB="), "part 1: expected base64"),
    ("a long line", with_content(BASE64, b"AAAA" * 20), "part 1: expected base64"),
    ("LF in base64", with_content(BASE64, b"AAAA\nAAAA"), "part 1: expected base64"),
    ("http", with_content(LINK, b"http://example.com/a"), "part 1: expected a bare https:// URL"),
    ("a line behind it", with_content(LINK, b"https://example.com/a\r\n"), "part 1: expected a bare https:// URL"),
    ("no host", with_content(LINK, b"https:///a"), "part 1: expected a bare https:// URL"),
    ("a user", with_content(LINK, b"https://a@example.com/a"), "part 1: expected a bare https:// URL"),
    ("a port that is none", with_content(LINK, b"https://a:b/"), "part 1: expected a bare https:// URL"),
    ("a blank", with_content(LINK, b"https://example.com/a b"), "part 1: expected a bare https:// URL"),
    ("a vCard's name", with_content("Content-Type: text/vcard\r\nContent-Id: me"), "part 1: Content-Id: expected .vcf"),
    ("Latin-1", with_content("Content-Type: text/html\r\nContent-Id: a", b"\xfc"), "part 1: expected text in UTF-8"),
    (
        "a charset",
        with_content("Content-Type: text/html; charset=latin1\r\nContent-Id: a"),
        "part 1: Content-Type: exp",
    ),
    (
        "no content",
        build_request(build_body().split(b"--mimeboundary\r\nContent-Type: text")[0] + b"--mimeboundary--"),
        "body: expected at least one content part",
    ),
    ("102 parts", build_request(build_body(*[TEXT] * 101)), "body: expected at most 101 parts"),
    (
        "JSON of another type",
        build_request(build_body(main=MAIN.replace("json", "xml"))),
        "part 0: Content-Type: expected a",
    ),
    (
        "JSON of another name",
        build_request(build_body(main=MAIN.replace("main", "x"))),
        "part 0: Content-Id: expected main",
    ),
    (
        "JSON in base64",
        build_request(build_body(main=MAIN + "\r\nContent-Transfer-Encoding: base64")),
        "part 0: Content-Transfer-Encoding: expected the JSON as it is",
    ),
    ("no JSON", build_request(build_body(details=b"{")), "JSON: expected JSON in UTF-8"),
    ("JSON in Latin-1", build_request(build_body(details=b'{"a": "\xfc"}')), "JSON: expected JSON in UTF-8"),
    ("a list", build_request(build_body(details=b"[]")), "JSON: expected an object"),
    ("NaN", build_request(build_body(details=b'{"a": NaN}')), "JSON: expected neither NaN nor Infinity"),
    (
        "a field twice",
        build_request(build_body(details=b'{"type": "MT", "type": "MT"}')),
        "JSON: expected each field once",
    ),
    ("deep JSON", build_request(build_body(details=b"[" * 8_000)), "JSON: expected JSON in UTF-8"),
    ("long JSON", build_request(build_body(details=b" " * 8_193)), "JSON: expected at most 8192 bytes"),
    ("a number beyond all", build_request(build_body(details=b'{"a": 1e999}')), "JSON: expected JSON in UTF-8"),
    (
        "a number of many digits",
        build_request(build_body(details=b'{"a": %s}' % (b"1" * 8_000))),
        "JSON: expected JSON in",
    ),
    (
        "deep inside",
        build_request(build_body(details=b'{"a": %s}' % (b"[" * 400 + b"]" * 400))),
        "JSON: expected no fie",
    ),
    ("an unknown field", with_details(moId=1), "JSON: expected no fields but"),
    ("an MO", with_details(type="MO"), 'type: expected "MT"'),
    ("no type in it", with_details(type=...), 'type: expected "MT"'),
    ("a number as a number", with_details(source=88600), "source: expected a text of 3 to 15 digits"),
    ("a short source", with_details(source="88"), "source: expected a text of 3 to 15 digits"),
    ("a plus", with_details(destination="+447700900750"), "destination: expected a text of 7 to 15 digits"),
    ("a short destination", with_details(destination="123456"), "destination: expected a text of 7 to 15 digits"),
    ("a long destination", with_details(destination="1" * 16), "destination: expected a text of 7 to 15 digits"),
    ("other digits", with_details(destination="٤" * 8), "destination: expected a text of 7 to 15 digits"),
    ("a list of them", with_details(destination=["447700900750"]), "destination: expected a text of 7 to 15 digits"),
    ("no mtConfig", with_details(mtConfig=...), "mtConfig: expected a text of 1 to 255 characters"),
    ("an empty mtConfig", with_details(mtConfig=""), "mtConfig: expected a text of 1 to 255 characters"),
    ("no subject", with_details(subject=...), "subject: expected a text of at most 255 characters"),
    ("a long subject", with_details(subject="x" * 256), "subject: expected a text of at most 255 characters"),
    ("half a pair", with_details(subject="\ud83d"), "JSON: expected no half of a surrogate pair"),
    ("an operator as text", with_details(mobileOperatorId="77"), "mobileOperatorId: expected a whole number"),
    ("an operator that is true", with_details(mobileOperatorId=True), "mobileOperatorId: expected a whole number"),
    ("null for one", with_details(mobileOperatorId=None), "mobileOperatorId: expected a whole number"),
    ("too many bytes", with_content(IMAGE, bytes(1_000_000)), "body: expected at most 1000000 bytes"),
]


@pytest.mark.parametrize(
    ("request_bytes", "violation"), [row[1:] for row in VIOLATIONS], ids=[row[0] for row in VIOLATIONS]
)
def test_a_violation_is_refused_with_400_named_and_recorded(
    simulator: RunningSimulator, request_bytes: bytes, violation: str
) -> None:
    before = len(simulator.client.mt_requests())

    reply = exchange(simulator, request_bytes)

    [request] = simulator.client.mt_requests()[before:]
    assert (reply.status, request.accepted, request.mt_id) == (400, False, None)
    assert any(each.startswith(violation.partition("; ")[0]) for each in request.violations)
    assert violation in reply.description
    assert json.loads(reply.body)["error"]["code"] == 400
    assert f"X-Request-Id: {request.request_id}\r\n".encode() in reply.data


def basic(account: bytes) -> str:
    return "Authorization: Basic " + base64.b64encode(account).decode()


@pytest.mark.parametrize(
    ("authorization", "violation"),
    [
        ([], "Authorization: expected exactly one, got 0"),
        ([AUTHORIZATION, AUTHORIZATION], "Authorization: expected exactly one, got 2"),
        (["Authorization: Bearer bG9jYWw6bG9jYWw="], "Authorization: expected Basic"),
        (["Authorization: Basic local:local"], "Authorization: expected base64 behind Basic"),
        (["Authorization: Basic"], "Authorization: not the account id and password of this simulator"),
        ([basic(b"local:Local")], "Authorization: not the account id and password of this simulator"),
        ([basic(b"\xff")], "Authorization: not the account id and password of this simulator"),
    ],
)
def test_a_wrong_account_is_refused_with_401(
    simulator: RunningSimulator, authorization: list[str], violation: str
) -> None:
    reply = exchange(simulator, build_request(build_body(), head=[*HEAD[:3], *authorization]))

    request = simulator.client.mt_requests()[-1]
    assert (reply.status, request.accepted, request.destination) == (401, False, "447700900750")
    assert request.violations == [violation]
    assert b"\r\nWWW-Authenticate: Basic " in reply.data
    assert json.loads(reply.body) == {"error": {"code": 401, "description": violation}}


def test_all_violations_are_named_together(simulator: RunningSimulator) -> None:
    body = build_body(("Content-Type: text/plain", b"\xff"), details={**DETAILS, "source": "", "mtConfig": 1})

    reply = exchange(simulator, build_request(body, head=["PUT /mms/v2/send HTTP/1.1", *HEAD[1:]]))

    assert reply.description == (
        "request line: expected the method POST; "
        "source: expected a text of 3 to 15 digits, international, without +; "
        "mtConfig: expected a text of 1 to 255 characters; "
        "part 1: Content-Id: expected one; part 1: expected text in UTF-8"
    )
