"""Post a hostile row to the running stack, and compare what lies in table and bucket afterwards with its label."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import httpx
from botocore.exceptions import ClientError

from local.readback import Item, ReadBack
from mms_gateway.messages import DeliveryReport
from mms_gateway.openmarket.decode import decode_callback
from tests.faults.tally import Breach
from tests.wire.rows import Kept, Q, Refused, Reported, Row, Stored

Finding = tuple[Breach, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a row was answered; `told` as a label has it: status and outcome."""

    told: tuple[int, str]
    reason: str
    body: bytes


@dataclass(frozen=True)
class Request:
    """A row as it is posted; `headers` where the request itself is what is wrong with it."""

    row: Row
    headers: Mapping[str, str] = field(default_factory=dict)
    second_type: str | None = None

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """The header fields, as bytes."""
        types = [self.row.content_type, *([self.second_type] if self.second_type else [])]
        named = [*(("Content-Type", each) for each in types), *self.headers.items()]
        # HTTP takes the blanks around a value away.
        return [(name.encode(), value.strip(" \t").encode("latin-1")) for name, value in named]

    @cached_property
    def key(self) -> str:
        """Under which partition key the table has what it becomes."""
        if isinstance(self.row.expected, Refused):
            return f"RAW#{self.sha256}"
        result = decode_callback(self.row.content_type, self.row.body)
        return f"MTID#{result.mt_id}" if isinstance(result, DeliveryReport) else f"MO#{result.mo_id}"

    @cached_property
    def sha256(self) -> str:
        """The body's hash."""
        return hashlib.sha256(self.row.body).hexdigest()


class Desk:
    """Posts rows one after another, each as if it had never been seen."""

    def __init__(self, url: str, stored: ReadBack, http: httpx.Client) -> None:
        self._url, self._stored, self._http = url, stored, http

    def try_out(self, request: Request) -> Iterator[Finding]:
        """What is not as the row's label has it."""
        row = request.row
        if not row.repeats:
            self.forget(request)
        answer = self._post(request)
        if answer.body:
            yield "wrong", f"{row.label}: a body in the answer: {answer.body[:80]!r}"
        if answer.told != row.over_http:
            yield "wrong", f"{row.label}: answered {answer.told}, {answer.reason!r}, expected {row.over_http}"
            return
        found = {
            Stored: self._message_findings,
            Reported: self._report_findings,
            Refused: self._raw_findings,
        }[type(row.expected)](request, answer.reason)
        yield from ((what, f"{row.label}: {sentence}") for what, sentence in found)

    def forget(self, request: Request) -> None:
        """Take out of table and bucket what the row becomes there: another test may have posted it, or will."""
        items = self._stored.items(request.key)
        for item in items:
            self._stored.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        if items or request.row.repeats:  # whose items went with those of the first
            media = [part["s3Key"] for item in items for part in item.get("parts", []) if "s3Key" in part]
            raw = {request.sha256, *(item["bodySha256"] for item in items if "bodySha256" in item)}
            keys = [*(f"raw/{each}" for each in raw), f"quarantine/{request.sha256}", *media]
            self._stored.bucket.delete_objects(Delete={"Objects": [{"Key": key} for key in keys]})

    def _post(self, request: Request) -> Answer:
        answer = self._http.post(self._url, content=request.row.body, headers=request.fields)
        outcome, _, reason = answer.headers.get("X-Mms-Outcome", "").partition("; ")
        return Answer((answer.status_code, outcome), reason, answer.content)

    def _raw_findings(self, request: Request, reason: str) -> Iterator[Finding]:
        if not self._holds(f"quarantine/{request.sha256}", request.row.body):
            yield "lost", "the body is not under quarantine/"
        item = self._stored.item(request.key, "CALLBACK")
        if item.get("attention") != "QUARANTINED" or item.get("size") != len(request.row.body):
            yield "lost", "no item asks a person to look at it"
        if request.row.expected is Q and item.get("reason") != reason:
            yield "wrong", "the item's reason is not the one that was answered"
        again = self._post(request)
        if (again.told, again.body) != ((200, "quarantined"), b""):
            yield "wrong", f"posted again: answered {again.told}, {again.body[:80]!r}, expected 200 quarantined"
        if len(self._stored.items(request.key)) != 1:
            yield "doubled", "posted again: not one item"

    def _report_findings(self, request: Request, _: str) -> Iterator[Finding]:
        items = self._stored.items(request.key)
        if len(items) != 1:
            yield ("doubled" if items else "lost"), f"{len(items)} reports stand in the table"
        wanted = _camel_case(request.row.expected.fields) if isinstance(request.row.expected, Reported) else {}
        for name in wanted.keys() - {"date"}:  # stands in the format of all times
            if items and items[0].get(name) != wanted[name]:
                yield "lost", f"{name} is not in the item as it came"

    def _message_findings(self, request: Request, _: str) -> Iterator[Finding]:
        expected, items = request.row.expected, self._stored.items(request.key)
        assert isinstance(expected, Stored)
        if len(items) != 1:
            yield ("doubled" if items else "lost"), f"{len(items)} items stand under {request.key}"
            return
        item = items[0]
        if expected.flags is not None and set(item.get("flags", [])) != expected.flags:
            yield "wrong", f"the item's flags are {item.get('flags')}"
        for name, value in _camel_case(expected.fields).items():
            if (item.get(name) or None) != (value or None):
                yield "wrong", f"{name} is {item.get(name)!r}"
        if len(item["parts"]) != len(expected.parts):
            yield "lost", f"{len(item['parts'])} parts, expected {len(expected.parts)}"
        for part, wanted in zip(item["parts"], expected.parts, strict=False):
            yield from self._part_findings(part, wanted)
        # The raw body of a repeat is another one, and kept all the same.
        if not self._holds(f"raw/{request.sha256}", request.row.body):
            yield "lost", "the body is not under raw/"

    def _part_findings(self, part: Item, wanted: Kept) -> Iterator[Finding]:
        name = f"part {part['index']}"
        if (part["size"], part["sha256"]) != (len(wanted.data), hashlib.sha256(wanted.data).hexdigest()):
            yield "lost", f"{name} has another size or hash than what was sent"
        elif "s3Key" in part and not self._holds(part["s3Key"], wanted.data):
            yield "lost", f"{name} is not in the bucket"
        elif "text" in part and part["text"].encode(part.get("charset", "utf-8")) != wanted.data:
            yield "lost", f"{name}'s text is not what was sent"
        if set(part.get("flags", [])) != wanted.flags:
            yield "wrong", f"{name}'s flags are {part.get('flags')}"
        for field_name, value in _camel_case({k: v for k, v in wanted.fields.items() if k != "text"}).items():
            if part.get(field_name) != value:
                yield "wrong", f"{name}'s {field_name} is {part.get(field_name)!r}"

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self._stored.media(key) == data
        except ClientError:  # there is none
            return False


def _camel_case(fields: Mapping[str, object]) -> dict[str, object]:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    return {camel(name): value for name, value in fields.items()}
