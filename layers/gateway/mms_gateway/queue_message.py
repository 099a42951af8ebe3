"""Read a queue message: every fault at once, each in a sentence that names the field and never quotes its value."""

import binascii
import difflib
import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
import pybase64
from msgspec import Meta, Struct

from mms_gateway.errors import MalformedJson, Undeliverable
from mms_gateway.openmarket.content_type import read_content_type
from mms_gateway.openmarket.encode import REMOTE_CONTENT
from mms_gateway.openmarket.notation import read_date
from mms_gateway.openmarket.strict_json import ABSENT, Number, canonical, kind_of, read_object, repair
from mms_gateway.send_request import MAX_CONTENTS, SOURCES, Content, S3Object, SendRequest

MAX_UNKNOWN = 20  # unknown fields of one object that are named; a message of 1 MiB has room for a hundred thousand
MAX_KEY = 1024  # bytes: S3 has no longer one
VCARDS = {"text/vcard", "text/x-vcard", "text/directory"}
_URL = re.compile(r"https://[!#-;=?-Z_a-z~%\[\]]+")  # RFC 3986's characters; no blank, quote, backslash, control
_BLANKS = re.compile(r"[ \t\r\n]+")
_OFFSET = re.compile(r".*([Zz]|[+-][0-9]{2}:[0-9]{2})", re.DOTALL)

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A queue message whose requestId can be used; it can be sent if it has no faults."""

    request_id: str
    request_sha256: str
    """The same for every repeat of this message, however its JSON is written."""
    details: str
    """The message as it came."""
    source: str | None
    destination: str | None
    """As they came, sound or not, so that a faulty message is found where it belongs."""
    fields: Fields
    """Those of the top level that are sound, named as in SendRequest; without `content`."""
    request: SendRequest | None
    """None where there are faults."""
    faults: tuple[str, ...]


def read_queue_message(body: str, *, link_hosts: frozenset[str]) -> QueueMessage:
    """Read a message's body; Undeliverable says why it has no requestId to record it under."""
    try:
        values, _ = read_object(body.encode("utf-8", "surrogatepass"))
    except MalformedJson as error:
        raise Undeliverable(f"the queue message can't be read: {error}") from None
    reader = _Reader(link_hosts)
    fields = reader.fields(SendRequest, values, "", but="content")
    if "request_id" not in fields:
        fault = next(fault for fault in reader.faults if fault.startswith("requestId:"))
        raise Undeliverable(f"the queue message has no usable requestId; {fault}")
    reader.check_not_after(fields)
    contents = reader.contents(values.get("content", ABSENT))
    return QueueMessage(
        request_id=fields["request_id"],
        request_sha256=hashlib.sha256(canonical(values).encode("utf-8", "surrogatepass")).hexdigest(),
        details=body,
        source=_text_or_none(values.get("source")),
        destination=_text_or_none(values.get("destination")),
        fields=fields,
        request=None if reader.faults else SendRequest(**fields, content=tuple(contents)),
        faults=tuple(reader.faults),
    )


def content_bytes(content: Content) -> bytes | None:
    """What a content given as text, base64 or link puts on the wire; None for an S3 object."""
    if content.text is not None:
        return content.text.encode("utf-8")
    if content.base64 is not None:
        return _base64(content.base64)
    return content.url.encode("ascii") if content.url is not None else None


def type_fault(content_id: str, content_type: str) -> str | None:
    """Why a content can't be sent under this media type, or None; the type may be an S3 object's own."""
    media_type = read_content_type(content_type)
    if media_type is None or not content_type.isprintable() or media_type.essence.startswith("multipart/"):
        return "expected a media type such as image/jpeg"
    if media_type.essence == REMOTE_CONTENT.lower():
        return "give a link as url, where its host is checked"
    if media_type.essence in VCARDS and not content_id.lower().endswith(".vcf"):
        return "a vCard's contentId must end in .vcf"
    return None


class _Reader:
    """Collects faults while it reads."""

    def __init__(self, link_hosts: frozenset[str]) -> None:
        self._link_hosts = link_hosts
        self.faults: list[str] = []

    def fields(self, kind: type[Struct], given: Mapping[str, Any], place: str, *, but: str = "") -> Fields:
        """The sound fields of a `kind` in `given`, all but the nested one."""
        known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        unknown = [name for name in given if name not in known]
        for name in unknown[:MAX_UNKNOWN]:
            self._fault(place, _printable(name), f"no such field{_did_you_mean(name, known)}")
        if len(unknown) > MAX_UNKNOWN:
            self._fault("", place or "the message", f"{len(unknown) - MAX_UNKNOWN} more fields that there are not")
        fields = {}
        for name, field in known.items():
            value = given.get(name)
            if name == but or (value is None and not field.required):
                continue
            try:
                fields[field.name] = _convert(given.get(name, ABSENT), field.type)
            except ValueError as error:
                self._fault(place, name, str(error))
        return fields

    def check_not_after(self, fields: Fields) -> None:
        """A time must say in which zone: an hour too late is an annoyed person."""
        text = fields.get("not_after")
        if text is not None and not (read_date(text) and _OFFSET.fullmatch(text)):
            self._fault("", "notAfter", "expected a time with its offset such as 2026-12-01T18:00:00Z")

    def contents(self, given: object) -> list[Content]:
        """The sound contents."""
        if not isinstance(given, list) or not 0 < len(given) <= MAX_CONTENTS:
            got = f"{len(given) or 'none'}" if isinstance(given, list) else kind_of(given)
            self._fault("", "content", f"expected a list of 1 to {MAX_CONTENTS} pieces, got {got}")
            return []
        contents = [self._content(one, f"content[{index}]") for index, one in enumerate(given)]
        names = Counter(one.get("contentId") for one in given if isinstance(one, dict) and _is_text(one, "contentId"))
        for index, one in enumerate(given):
            name = one.get("contentId") if isinstance(one, dict) else None
            if isinstance(name, str) and names[name] > 1:
                self._fault(f"content[{index}]", "contentId", "another piece has the same")
        return [content for content in contents if content is not None]

    def _content(self, given: object, place: str) -> Content | None:
        if not isinstance(given, dict):
            self._fault("", place, f"expected an object, got {kind_of(given)}")
            return None
        before = len(self.faults)
        fields = self.fields(Content, given, place, but="s3")
        if given.get("s3") is not None:
            fields["s3"] = self._s3(given["s3"], f"{place}.s3")
        sources = [name for name in SOURCES if given.get(name) is not None]
        if len(sources) != 1:
            self._fault(
                "", place, f"expected exactly one of text, base64, s3 and url, got {' and '.join(sources) or 'none'}"
            )
        self._check(fields, sources, place)
        return Content(**fields) if len(self.faults) == before else None

    def _s3(self, given: object, place: str) -> S3Object | None:
        if not isinstance(given, dict):
            self._fault("", place, f"expected an object, got {kind_of(given)}")
            return None
        before = len(self.faults)
        fields = self.fields(S3Object, given, place)
        if len(fields.get("key", "").encode("utf-8")) > MAX_KEY:
            self._fault(place, "key", f"expected at most {MAX_KEY} bytes of UTF-8")
        return S3Object(**fields) if len(self.faults) == before else None

    def _check(self, fields: Fields, sources: list[str], place: str) -> None:
        """What a field's type can't tell."""
        content_id, content_type = fields.get("content_id", ".vcf"), fields.get("content_type")
        if content_id == "main":
            self._fault(place, "contentId", "main is the name of the request's own part")
        # Beside a url the type is for those who read the table; OpenMarket asks the link for its own.
        if content_type is not None and "url" not in sources and (fault := type_fault(content_id, content_type)):
            self._fault(place, "contentType", fault)
        if content_type is not None and "text" in sources and not _is_utf8(content_type):
            self._fault(place, "contentType", "a text is sent in UTF-8, so its charset can be nothing else")
        if content_type is None and "base64" in sources and "contentType" not in self._faulty(place):
            self._fault(place, "contentType", "expected a media type beside base64, got nothing")
        if "base64" in fields and not _base64(fields["base64"]):
            self._fault(place, "base64", "expected base64 of at least one byte, got something else")
        if "url" in fields and (fault := self._url_fault(fields["url"])):
            self._fault(place, "url", fault)

    def _url_fault(self, url: str) -> str | None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if not host or not _URL.fullmatch(url):
            return "expected a link that begins with https://, in ASCII and without blanks"
        if parts.username is not None or parts.password is not None:
            return "a link can't carry a user name or password"
        if _is_address(host):
            return "expected a host's name, got an address"
        if port not in {None, 443}:
            return "expected the usual port, 443"
        if host not in self._link_hosts:
            return "its host is none of those in the stack's parameter LinkHosts"
        return None

    def _faulty(self, place: str) -> set[str]:
        start = f"{place}."
        return {fault[len(start) :].partition(":")[0] for fault in self.faults if fault.startswith(start)}

    def _fault(self, place: str, name: str, what: str) -> None:
        self.faults.append(f"{place}{'.' if place and name else ''}{name}: {what}")


def _convert(value: object, kind: Any) -> Any:
    """A field's value as its type; ValueError says what was expected instead."""
    meta = next(one for one in _metas(kind))
    expected = meta.extra["expected"] if meta.extra else ""
    plain = value
    if isinstance(value, Number) and re.fullmatch("-?[0-9]{1,18}", value.literal):
        plain = int(value.literal)
    if isinstance(value, str) and repair(value) != value:
        raise ValueError("expected whole characters, got half of a surrogate pair")
    try:
        converted = msgspec.convert(plain, kind)
    except msgspec.ValidationError:
        converted = None
    # A pattern's $ would let a line feed through at the end.
    if converted is None or (meta.pattern and not re.fullmatch(meta.pattern, converted)):
        got = "a number without quotes" if isinstance(value, Number) and meta.ge is None else kind_of(value)
        raise ValueError(f"expected {expected}, got {got}")
    return converted


def _metas(kind: Any) -> list[Meta]:
    """What is said of a type, also where it is one of a union."""
    return [found for one in get_args(kind) for found in ([one] if isinstance(one, Meta) else _metas(one))]


def _base64(text: str) -> bytes:
    """The bytes of base64, with or without line breaks; nothing where it is none."""
    try:
        return pybase64.b64decode(_BLANKS.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_text(given: Mapping[str, object], name: str) -> bool:
    return isinstance(given.get(name), str)


def _text_or_none(value: object) -> str | None:
    return repair(value) if isinstance(value, str) else None


def _is_utf8(content_type: str) -> bool:
    media_type = read_content_type(content_type)
    return media_type is None or {value.lower() for value in media_type.values("charset")} <= {"utf-8", "utf8"}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", host) is not None  # forms that resolvers take for addresses
    return True


def _printable(name: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:40])


def _did_you_mean(name: str, known: Mapping[str, object]) -> str:
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name[:40].lower(), lower, n=1, cutoff=0.75)
    return f"; did you mean {lower[close[0]]}?" if close else ""
