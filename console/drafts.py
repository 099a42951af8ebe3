"""A message that a person writes, made into a queue message; refused in the sender's own words."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.file_names import content_ids, media_type, shown
from console.problems import Problem
from mms_gateway.errors import MissingObject, Undeliverable
from mms_gateway.lifetime import Lifetime
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import Stream
from mms_gateway.openmarket.notation import read_date
from mms_gateway.outbound import Rules
from mms_gateway.preparing import NeverSendable, Prepared, prepare
from mms_gateway.queue_message import QueueMessage, read_queue_message
from mms_gateway.send_queue import MAX_MESSAGE
from mms_gateway.send_request import S3Object

SAFE_BYTES = 300_000  # of a whole message; what every operator takes, by OpenMarket's documents
TEXT_NAME = "text.txt"
MAX_FILE = 100_000_000  # bytes: it is held in memory, and no operator takes a hundredth of it
_INDEX = re.compile(r"content\[([0-9]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send."""

    name: str
    data: bytes
    content_type: str

    @classmethod
    def read(cls, path: Path) -> "Attachment":
        """A file of this machine's; Problem where it can't be read or its name does not tell its type."""
        content_type = media_type(path.name)  # first: a device has no end
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except OSError as error:
            raise Problem(f"{shown(str(path))}: {error.strerror}.") from None
        if len(data) > MAX_FILE:
            raise Problem(f"{shown(str(path))}: it has over {MAX_FILE:,} bytes, far more than any operator takes.")
        return cls(name=path.name, data=data, content_type=content_type)

    @classmethod
    def named(cls, name: str, data: bytes) -> "Attachment":
        """Bytes with a file's name; Problem where it does not tell their type."""
        return cls(name=name, data=data, content_type=media_type(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person wants sent; checked by `finish`."""

    source: str
    destination: str
    subject: str | None = None
    text: str | None = None
    attachments: Sequence[Attachment] = ()
    links: Sequence[str] = ()
    request_id: str | None = None
    mt_config: str | None = None
    mobile_operator_id: int | None = None
    not_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An attachment, and where it is to lie in the media bucket."""

    key: str
    attachment: Attachment


class Refused(Problem):
    """The sender would refuse the draft; the text has its faults, one a line, and which content is which."""

    def __init__(self, faults: Sequence[str], pieces: Sequence[str]) -> None:
        self.faults = tuple(faults)
        """In the words that the sender would record."""
        meant = sorted({int(index) for fault in faults for index in _INDEX.findall(fault)})
        super().__init__("\n".join([*faults, *(f"(content[{index}] is {shown(pieces[index])})" for index in meant)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A message that the sender would take."""

    request_id: str
    request_sha256: str
    body: str
    """The queue message."""
    uploads: tuple[Upload, ...]
    """What must lie in the bucket before it is enqueued."""
    size: int
    """Bytes on the wire."""


def finish(draft: Draft, rules: Rules) -> Finished:
    """The queue message of a draft; Refused with every fault, in the words that the sender would record.

    Uploads get keys that name their content, so that the same draft under the same id is the same message.
    """
    request_id = draft.request_id if draft.request_id is not None else new_request_id()
    links = {f"link-{number}": link for number, link in enumerate(draft.links, 1)}
    names = content_ids([each.name for each in draft.attachments], taken={TEXT_NAME, *links})
    uploads = tuple(
        Upload(key=f"outgoing/{request_id}/{_digest(each.data)}-{name}", attachment=each)
        for name, each in zip(names, draft.attachments, strict=True)
    )
    message = {
        "requestId": request_id,
        "source": draft.source,
        "destination": draft.destination,
        "subject": draft.subject,
        "mtConfig": draft.mt_config,
        "mobileOperatorId": draft.mobile_operator_id,
        "notAfter": draft.not_after,
        "content": [*_contents(draft.text, names, uploads, links, rules.media_bucket)],
    }
    body = _write({name: value for name, value in message.items() if value is not None})
    pieces = [*(["the text"] if draft.text else []), *(each.name for each in draft.attachments), *draft.links]
    read, prepared = _look_at(body, uploads, pieces, rules)
    if len(body.encode()) > MAX_MESSAGE:
        raise Problem("The text is too long: a queue message takes 1 MiB in all. Attach it as a file instead.")
    return Finished(
        request_id=request_id,
        request_sha256=read.request_sha256,
        body=body,
        uploads=uploads,
        size=int(prepared.new_body().len),
    )


def new_request_id() -> str:
    """An id that nobody has used, and that tells a person when it was made."""
    return f"mms-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def plain_number(typed: str) -> str:
    """A number without the + and the blanks that people write; whatever else was typed stays as it is."""
    digits = re.sub(r"\s", "", typed).removeprefix("+")
    return digits if re.fullmatch("[0-9]+", digits) else typed


def _write(message: dict[str, Any]) -> str:
    """A message as JSON that the queue takes."""
    written = json.dumps(message, ensure_ascii=False)
    # SQS takes no U+FFFE and U+FFFF; half of a surrogate pair is for the reader to name.
    return json.dumps(message) if re.search("[\ud800-\udfff\ufffe\uffff]", written) else written


def _look_at(
    body: str, uploads: Sequence[Upload], pieces: Sequence[str], rules: Rules
) -> tuple[QueueMessage, Prepared]:
    """A queue message as the sender will look at it, in the same order; Refused where it would not send it."""
    now = datetime.now(UTC)
    try:
        read = read_queue_message(body, link_hosts=rules.link_hosts)
        if read.request is None:
            raise Refused(read.faults, pieces)
        not_after = read_date(read.request.not_after or "")
        late = Lifetime(enqueued_at=now, not_after=not_after, window=rules.window).too_late(None, now)
        if late is not None:
            raise Refused([late.description], pieces)
        return read, prepare(read, bucket=_NotUploadedYet(uploads), rules=rules, enqueued_at=now)
    except Undeliverable as refusal:
        raise Refused([str(refusal)], pieces) from None
    except NeverSendable as refusal:
        raise Refused(str(refusal).split("; "), pieces) from None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _contents(
    text: str | None, names: Sequence[str], uploads: Sequence[Upload], links: Mapping[str, str], bucket: str
) -> Iterable[dict[str, Any]]:
    if text:
        yield {"contentId": TEXT_NAME, "contentType": "text/plain", "text": text}
    for name, upload in zip(names, uploads, strict=True):
        yield {
            "contentId": name,
            "contentType": upload.attachment.content_type,
            "s3": {"bucket": bucket, "key": upload.key},
        }
    for name, link in links.items():
        yield {"contentId": name, "url": link}


class _NotUploadedYet:
    """The bucket as it will be: so that what can't be sent is refused before anything is uploaded."""

    def __init__(self, uploads: Iterable[Upload]) -> None:
        self._uploads = {upload.key: upload.attachment for upload in uploads}

    def put_all(self, _blobs: object) -> None:
        """Nothing is written down of a draft."""

    def describe_all(self, sources: Sequence[S3Object]) -> list[SourceObject | MissingObject]:
        """The attachments as the bucket will describe them."""
        return [
            SourceObject(
                bucket=source.bucket,
                key=source.key,
                version_id=None,
                etag="",
                size=len(self._uploads[source.key].data),
                content_type=self._uploads[source.key].content_type,
            )
            for source in sources
        ]

    def open(self, source: SourceObject) -> Stream:
        """A content of which only the length is asked."""
        return _Length(source.size)


@dataclass(frozen=True, slots=True)
class _Length:
    len: int

    def read(self, _size: int = -1) -> bytes:
        """Nothing: a draft is measured, not sent."""
        return b""
