"""OpenMarket's callbacks as HTTP requests: a typed description and a dialect in, headers and body bytes out."""

import base64
import json
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.simulator.dialect import (
    Base64Lines,
    DestinationsForm,
    Dialect,
    IdForm,
    JsonLayout,
    MediaEncoding,
)
from local.simulator.fields import require

BASE64_COLUMNS = 76  # RFC 2045, 6.8
INDENT = 3  # blanks, on both pages
# An MO's fields on the flow page; what is not named here follows behind.
FLOW_PAGE_ORDER = (
    *("type", "destinations", "ccs", "bccs", "source", "subject"),
    *("moId", "mobileOperatorId", "date", "userAgent"),
)
OPENMARKET_ID = re.compile(r"0|[1-9][0-9]{0,39}")  # a JSON number can't begin with a zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a message; without its own encoding it is written in the dialect's."""

    content_type: str
    data: bytes
    content_id: str | None = None
    encoding: MediaEncoding | None = None

    def __post_init__(self) -> None:
        _require_header("content_type", self.content_type)
        _require_header("content_id", self.content_id or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mo:
    """A message from a handset; `more` adds fields to the JSON, or replaces them, whatever their type."""

    mo_id: str
    source: str
    date: str
    destinations: tuple[str, ...] = ("88600",)
    ccs: tuple[str, ...] = ()
    bccs: tuple[str, ...] = ()
    mobile_operator_id: int | None = 77
    subject: str | None = ""
    user_agent: str | None = "HTC One"
    parts: tuple[Part, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id("mo_id", self.mo_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A delivery report; `more` adds fields to the JSON, or replaces them, whatever their type."""

    mt_id: str
    date: str
    status: str = "Retrieved"
    outcome_id: int | None = 1
    outcome_description: str | None = "Success."
    user_agent: str | None = "HTC One"
    more: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id("mt_id", self.mt_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Bytes that are no callback, or not a whole one."""

    content_type: str
    data: bytes

    def __post_init__(self) -> None:
        _require_header("content_type", self.content_type)


Callback = Mo | Report | Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """A POST without what depends on its target: the headers in their printed order, and the body."""

    request_id: str
    content_type: bytes
    body: bytes
    boundary: str | None = None

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Give the headers that both pages print below `Host`."""
        return (b"X-Request-Id", self.request_id.encode()), (b"Content-Type", self.content_type)


def require_id(name: str, value: str) -> None:
    """Refuse what OpenMarket could not send as a number."""
    require(OPENMARKET_ID.fullmatch(value) is not None, name, "expected 1 to 40 digits without a leading zero")


def build_request(callback: Callback, dialect: Dialect, *, request_id: str) -> CallbackRequest:
    """Write a callback in a dialect."""
    boundary = None
    match callback:
        case Mo():
            boundary, body = _write_multipart(callback, dialect)
            content_type = f"multipart/mixed; boundary={boundary}"
        case Report():
            content_type, body = "application/json", _write_report(callback, dialect)
        case Raw():
            content_type, body = callback.content_type, callback.data
    if dialect.blank_after_content_type and not isinstance(callback, Raw):
        content_type += dialect.blank
    return CallbackRequest(request_id=request_id, content_type=content_type.encode(), body=body, boundary=boundary)


def choose_boundary(preferred: str, contents: Iterable[bytes]) -> str:
    """Give the preferred boundary, or the first numbered one that occurs in none of the contents."""
    contents = tuple(contents)
    boundary, number = preferred, 0
    while any(boundary.encode() in content for content in contents):
        number += 1
        boundary = f"{preferred}-{number}"
    return boundary


def _write_multipart(message: Mo, dialect: Dialect) -> tuple[str, bytes]:
    end = dialect.line_end.encode()
    main = Part(content_type="application/json", content_id="main", data=_write_mo(message, dialect))
    sections = [(_write_headers(main, MediaEncoding.BINARY, dialect), main.data)]
    for part in message.parts:
        encoding = part.encoding or dialect.media_encoding
        sections.append((_write_headers(part, encoding, dialect), _encode(part.data, encoding, dialect)))
    boundary = choose_boundary(dialect.boundary, (text for section in sections for text in section))
    delimiter = b"--" + boundary.encode()
    pieces: list[bytes] = []
    for index, (headers, content) in enumerate(sections):
        line_break = b"" if index == 0 and not dialect.break_after_first_boundary else end
        pieces += (delimiter, line_break, headers, content, end)
    pieces += (delimiter, b"--", end if dialect.line_end_after_body else b"")
    return boundary, b"".join(pieces)


def _write_headers(part: Part, encoding: MediaEncoding, dialect: Dialect) -> bytes:
    blank = dialect.blank if dialect.blank_after_content_id else ""
    lines = [f"Content-Type: {part.content_type}"]
    if encoding is MediaEncoding.BASE64:
        lines.append(f"Content-Transfer-Encoding: {dialect.encoding_name}")
    if part.content_id is not None:
        lines.append(f"Content-Id: {part.content_id}{blank}")
    if dialect.blank_line_after_headers:
        lines.append("")
    return "".join(line + dialect.line_end for line in lines).encode()


def _encode(data: bytes, encoding: MediaEncoding, dialect: Dialect) -> bytes:
    if encoding is MediaEncoding.BINARY:
        return data
    text = base64.b64encode(data)
    if dialect.base64_lines is Base64Lines.ONE:
        return text
    lines = (text[start : start + BASE64_COLUMNS] for start in range(0, len(text), BASE64_COLUMNS))
    return dialect.line_end.encode().join(lines)


def _write_mo(message: Mo, dialect: Dialect) -> bytes:
    destinations = list(message.destinations)
    fields: dict[str, object] = {
        "type": "MO",
        "moId": _write_id(message.mo_id, dialect),
        "source": message.source,
        "destinations": destinations if dialect.destinations_form is DestinationsForm.LIST else ",".join(destinations),
        "ccs": list(message.ccs),
        "bccs": list(message.bccs),
        "date": message.date,
        "mobileOperatorId": message.mobile_operator_id,
        "subject": message.subject,
        "userAgent": message.user_agent if dialect.user_agent else None,
    }
    fields = {name: value for name, value in fields.items() if value is not None} | dict(message.more)
    if dialect.json_layout is JsonLayout.FLOW_PAGE:
        fields = {name: fields[name] for name in FLOW_PAGE_ORDER if name in fields} | fields
    return _write_json(fields, dialect, own_line=dialect.json_layout is JsonLayout.FLOW_PAGE)


def _write_report(report: Report, dialect: Dialect) -> bytes:
    fields: dict[str, object] = {
        "type": "REPORT",
        "mtId": _write_id(report.mt_id, dialect),
        "date": report.date,
        "status": report.status,
        "outcomeId": report.outcome_id,
        "outcomeDescription": report.outcome_description,
        "userAgent": report.user_agent if dialect.user_agent else None,
    }
    fields = {name: value for name, value in fields.items() if value is not None} | dict(report.more)
    body = _write_json(fields, dialect, own_line=True)
    return body + dialect.line_end.encode() if dialect.line_end_after_body else body


def _write_id(value: str, dialect: Dialect) -> int | str:
    return value if dialect.id_form is IdForm.TEXT else int(value)


def _write_json(fields: Mapping[str, object], dialect: Dialect, *, own_line: bool) -> bytes:
    if dialect.json_layout is JsonLayout.COMPACT:
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    else:
        blank = dialect.blank if dialect.json_layout is JsonLayout.FLOW_PAGE else ""
        lines = [
            f"{dialect.blank * INDENT}{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
            for name, value in fields.items()
        ]
        commas = [*["," + (blank if value == [] else "") for value in fields.values()][:-1], ""]
        inner = dialect.line_end.join(map(operator.add, lines, commas))
        text = "{" + dialect.line_end + inner + (dialect.line_end if own_line else "") + "}"
    # Half of a surrogate pair has no UTF-8: backslashreplace writes it as JSON's own escape.
    return text.encode("utf-8", "backslashreplace")


def _require_header(name: str, value: str) -> None:
    require(_has_utf8(value), name, "expected text that can be written as UTF-8")
    require("\r" not in value and "\n" not in value, name, "expected one line")


def _has_utf8(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)  # no half of a surrogate pair
