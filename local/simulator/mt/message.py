"""An MT message: its JSON and its contents, judged by the send page (facts.md, "Outbound: MT")."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.simulator.mt.multipart import Malformed, Section, split_body

REMOTE_CONTENT = "application/vnd.openmarket.remotecontent"
VCARDS = {"text/vcard", "text/x-vcard"}
ENCODINGS = {"binary", "8bit", "base64"}
MAX_SUBJECT = 255
MAX_CONFIG = 255  # no length is documented
MAX_JSON_BYTES = 8_192  # several times the fields at their longest; bounds what a record holds
BASE64_COLUMNS = 76  # RFC 2045, 6.8
CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,18}")
SOURCE, DESTINATION = re.compile(r"[0-9]{3,15}"), re.compile(r"[0-9]{7,15}")
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
PARAMETER = rf"{TOKEN}=(?:{TOKEN}|\"[^\"\\]*\")"
CONTENT_TYPE = re.compile(rf"({TOKEN}/{TOKEN})((?:; ?{PARAMETER})*)")
CHARSET = re.compile(r"; ?charset=\"?([^\";]*)", re.IGNORECASE)
LINK = re.compile(rb"https://[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One content part, its transfer encoding undone where that was possible."""

    content_type: str
    content_id: str | None
    encoding: str | None  # as declared
    data: bytes


@dataclass(slots=True, kw_only=True)
class Message:
    """As much of a message as could be read, and what is wrong with it."""

    details: dict[str, Any] | None = None  # the JSON part, but no lists or objects in it: it may have none
    contents: list[Content] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """Give a field of the JSON if it is there and a text."""
        value = (self.details or {}).get(name)
        return value if isinstance(value, str) else None


def read_message(body: bytes, boundary: str) -> Message:
    """Read a whole body; never fails, but says what is wrong."""
    message = Message()
    try:
        sections = split_body(body, boundary)
    except Malformed as problem:
        message.violations.append(str(problem))
        return message
    if not sections:
        message.violations.append("part 0: expected the JSON part")
        return message
    main, *rest = sections
    message.violations += [f"part 0: {violation}" for violation in (*main.violations, *_judge_main(main))]
    message.details, problems = _read_details(main.data)
    message.violations += problems
    if not rest:
        message.violations.append("body: expected at least one content part")
    for number, section in enumerate(rest, 1):
        content, problems = _read_content(section)
        if content.content_id in [each.content_id for each in message.contents if each.content_id]:
            problems.append("Content-Id: expected another than those of the parts before")
        message.contents.append(content)
        message.violations += [f"part {number}: {violation}" for violation in (*section.violations, *problems)]
    return message


def _judge_main(section: Section) -> Iterator[str]:
    if section.headers.get("content-type") != "application/json":
        yield "Content-Type: expected application/json"
    if section.headers.get("content-id") != "main":
        yield "Content-Id: expected main"
    if section.headers.get("content-transfer-encoding", "binary") not in {"binary", "8bit"}:
        yield "Content-Transfer-Encoding: expected the JSON as it is"


def _read_details(data: bytes) -> tuple[dict[str, Any] | None, list[str]]:
    if len(data) > MAX_JSON_BYTES:
        return None, [f"JSON: expected at most {MAX_JSON_BYTES} bytes"]
    try:
        details = json.loads(data.decode(), object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant)
        json.dumps(details, ensure_ascii=False, allow_nan=False).encode()  # can a record hold it?
    except UnicodeEncodeError:
        return None, ["JSON: expected no half of a surrogate pair"]
    except Malformed as problem:
        return None, [str(problem)]
    except (ValueError, RecursionError):
        return None, ["JSON: expected JSON in UTF-8"]
    if not isinstance(details, dict):
        return None, ["JSON: expected an object"]
    plain = {name: value for name, value in details.items() if not isinstance(value, dict | list)}
    return plain, [*_judge_details(details)]


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Malformed("JSON: expected each field once")
    return dict(pairs)


def _refuse_constant(_name: str) -> None:
    raise Malformed("JSON: expected neither NaN nor Infinity")


def _judge_details(details: dict[str, Any]) -> Iterator[str]:
    """Only `mobileOperatorId` is called optional; a message without a subject has an empty one."""
    if details.get("type") != "MT":
        yield 'type: expected "MT"'
    for name, pattern, least in (("source", SOURCE, 3), ("destination", DESTINATION, 7)):
        value = details.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{name}: expected a text of {least} to 15 digits, international, without +"
    config, subject = details.get("mtConfig"), details.get("subject")
    if not isinstance(config, str) or not 1 <= len(config) <= MAX_CONFIG:
        yield f"mtConfig: expected a text of 1 to {MAX_CONFIG} characters"
    if not isinstance(subject, str) or len(subject) > MAX_SUBJECT:
        yield f"subject: expected a text of at most {MAX_SUBJECT} characters"
    if type(details.get("mobileOperatorId", 0)) is not int:
        yield "mobileOperatorId: expected a whole number"
    if details.keys() - {"type", "source", "destination", "mtConfig", "subject", "mobileOperatorId"}:
        yield "JSON: expected no fields but type, source, destination, mtConfig, subject, mobileOperatorId"


def _read_content(section: Section) -> tuple[Content, list[str]]:
    given_type = section.headers.get("content-type", "")
    content_id = section.headers.get("content-id")
    encoding = section.headers.get("content-transfer-encoding")
    problems = [*_judge_content_id(content_id)]
    match = CONTENT_TYPE.fullmatch(given_type)
    kind = match[1].lower() if match else ""
    if match is None:
        problems.append("Content-Type: expected `type/subtype`, perhaps with parameters")
    if encoding is not None and encoding not in ENCODINGS:
        problems.append("Content-Transfer-Encoding: expected binary, 8bit or base64, or none")
    data = section.data
    if encoding == "base64":
        try:
            data = _undo_base64(data)
        except (binascii.Error, ValueError):
            problems.append(f"expected base64: lines of at most {BASE64_COLUMNS} columns ended by CRLF, rightly padded")
    problems += _judge_data(kind, match[2] if match else "", content_id or "", data)
    content = Content(content_type=given_type, content_id=content_id, encoding=encoding, data=data)
    return content, problems


def _judge_content_id(content_id: str | None) -> Iterator[str]:
    if content_id is None:
        yield "Content-Id: expected one"
    elif not CONTENT_ID.fullmatch(content_id):
        yield "Content-Id: expected 1 to 19 letters, digits or any of ._- that begin with a letter or digit"
    elif content_id == "main":
        yield "Content-Id: expected another than main"


def _judge_data(kind: str, parameters: str, content_id: str, data: bytes) -> Iterator[str]:
    if kind == REMOTE_CONTENT and not _is_link(data):
        yield "expected a bare https:// URL and nothing else"
    if kind in VCARDS and not content_id.endswith(".vcf"):
        yield "Content-Id: expected .vcf at the end, for iPhones"
    if kind.startswith("text/"):
        charset = CHARSET.search(parameters)
        if charset and charset[1].lower() not in {"utf-8", "us-ascii"}:
            yield "Content-Type: expected UTF-8 as the charset"
        try:
            data.decode()
        except UnicodeDecodeError:
            yield "expected text in UTF-8"


def _is_link(data: bytes) -> bool:
    if not LINK.fullmatch(data):
        return False
    try:
        split = urlsplit(data.decode())
        return bool(split.hostname) and split.username is None and split.port != 0
    except ValueError:
        return False


def _undo_base64(data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    if max(map(len, lines)) > BASE64_COLUMNS:
        raise ValueError
    text = b"".join(lines)
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded) != text:  # bits behind the last byte: no encoder writes them
        raise ValueError
    return decoded
