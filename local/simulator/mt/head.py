"""A request's head, read strictly: what the send page asks for, and every departure from it in words."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PATH = "/mms/v2/send"
MAX_HEAD_BYTES = 32_768  # a real one has some 300; bounds what a client that never ends it can make us hold
MAX_DIGITS = 12  # of a Content-Length: int() of a very long number takes long
REQUEST_LINE = re.compile(rb"([!-~]+) ([!-~]+) (HTTP/[0-9.]+)")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
# RFC 2046, 5.1.1: boundary characters; those that are no RFC 2045 token must be quoted.
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
MULTIPART = re.compile(r"multipart/mixed; ?boundary=(?:\"([^\"]+)\"|([0-9A-Za-z'+_.-]+))", re.IGNORECASE)

Header = tuple[str, str]  # the name in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The one account that may send."""

    account_id: str = "local"
    password: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the rest of the request is read by; None where the head doesn't tell."""

    violations: tuple[str, ...]
    authorized: bool
    boundary: str | None
    length: int | None
    expects_continue: bool


def read_head(head: bytes, credentials: Credentials) -> Head:
    """Read a head including its empty line; never fails, but says what is wrong."""
    line, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    violations = [*_judge_request_line(line)]
    headers: list[Header] = []
    for number, field in enumerate(rest, 1):
        if match := FIELD.fullmatch(field):
            headers.append((match[1].decode().lower(), match[2].decode("latin-1")))
        else:
            violations.append(f"header line {number}: expected `Name: value`, ended by CRLF")
    account = [*_judge_authorization(_values(headers, "authorization"), credentials)]
    boundary, content_type = _read_boundary(_values(headers, "content-type"))
    length, content_length = _read_length(_values(headers, "content-length"))
    violations += [*_judge_host(headers), *account, *content_type, *content_length]
    violations += [
        f"{name.title()}: not to be sent; the body has a Content-Length and stands as it is"
        for name in ("transfer-encoding", "content-encoding")
        if _values(headers, name)
    ]
    return Head(
        violations=tuple(violations),
        authorized=not account,
        boundary=boundary,
        length=length,
        expects_continue="100-continue" in (value.lower() for value in _values(headers, "expect")),
    )


def _values(headers: Sequence[Header], name: str) -> list[str]:
    return [value for each, value in headers if each == name]


def _judge_request_line(line: bytes) -> Iterator[str]:
    match = REQUEST_LINE.fullmatch(line)
    if match is None:
        yield "request line: expected `POST /mms/v2/send HTTP/1.1`, ended by CRLF"
        return
    if match[1] != b"POST":
        yield "request line: expected the method POST"
    if match[2] != PATH.encode():
        yield f"request line: expected the path {PATH}, with nothing before or behind it"
    if match[3] != b"HTTP/1.1":
        yield "request line: expected HTTP/1.1"


def _judge_host(headers: Sequence[Header]) -> Iterator[str]:
    hosts = _values(headers, "host")
    if len(hosts) != 1 or not hosts[0]:
        yield f"Host: expected exactly one, got {len(hosts)}" if hosts != [""] else "Host: expected a name"


def _judge_authorization(values: Sequence[str], credentials: Credentials) -> Iterator[str]:
    if len(values) != 1:
        yield f"Authorization: expected exactly one, got {len(values)}"
        return
    scheme, _, encoded = values[0].partition(" ")
    if scheme.lower() != "basic":
        yield "Authorization: expected Basic"
        return
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        yield "Authorization: expected base64 behind Basic"
        return
    if not hmac.compare_digest(given, f"{credentials.account_id}:{credentials.password}".encode()):
        yield "Authorization: not the account id and password of this simulator"


def _read_boundary(values: Sequence[str]) -> tuple[str | None, list[str]]:
    if len(values) != 1:
        return None, [f"Content-Type: expected exactly one, got {len(values)}"]
    match = MULTIPART.fullmatch(values[0])
    if match is None:
        return None, ["Content-Type: expected `multipart/mixed; boundary=...` and no other parameter"]
    boundary = match[1] or match[2]
    if BOUNDARY.fullmatch(boundary) is None:
        return None, ["Content-Type: expected a boundary of 1 to 70 of RFC 2046's characters, the last no blank"]
    return boundary, []


def _read_length(values: Sequence[str]) -> tuple[int | None, list[str]]:
    if len(values) != 1:
        return None, [f"Content-Length: expected exactly one, got {len(values)}"]
    if not re.fullmatch(rf"[0-9]{{1,{MAX_DIGITS}}}", values[0]):
        return None, ["Content-Length: expected digits"]
    return int(values[0]), []
