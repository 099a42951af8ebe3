"""A message that a person writes, made into a queue message; refused in the sender's own words."""

import hashlib
import json
import mimetypes
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.problems import Problem
from mms_gateway.errors import MissingObject, Undeliverable
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import Stream
from mms_gateway.outbound import Rules
from mms_gateway.preparing import NeverSendable, prepare
from mms_gateway.queue_message import read_queue_message
from mms_gateway.send_queue import MAX_MESSAGE
from mms_gateway.send_request import S3Object

SAFE_BYTES = 300_000  # of a whole message; what every operator takes, by OpenMarket's documents
MAX_CONTENT_ID = 19  # characters
TEXT_NAME = "text.txt"
TYPES = {  # what handsets send, and Python's table may not know
    ".3gp": "video/3gpp",
    ".amr": "audio/amr",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".smil": "application/smil",
    ".vcf": "text/x-vcard",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send."""

    name: str
    data: bytes
    content_type: str

    @classmethod
    def read(cls, path: Path) -> "Attachment":
        """A file of this machine's; Problem where it can't be read or its name does not tell its type."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Problem(f"{path}: {error.strerror}.") from None
        return cls.named(path.name, data)

    @classmethod
    def named(cls, name: str, data: bytes) -> "Attachment":
        """Bytes with a file's name; Problem where it does not tell their type."""
        content_type = TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
        if content_type is None:
            raise Problem(
                f"{name}: its name does not tell what it is; let it end in .jpg, .gif, .mp4, .vcf or the like."
            )
        return cls(name=name, data=data, content_type=content_type)


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
    """The queue message of a draft; Problem with every fault, in the words that the sender would record.

    Uploads get keys that name their content, so that the same draft under the same id is the same message.
    """
    request_id = draft.request_id if draft.request_id is not None else new_request_id()
    names = content_ids([each.name for each in draft.attachments], taken={TEXT_NAME})
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
        "content": [*_contents(draft, names, uploads, rules.media_bucket)],
    }
    body = json.dumps({name: value for name, value in message.items() if value is not None}, ensure_ascii=False)
    if len(body.encode("utf-8", "surrogatepass")) > MAX_MESSAGE:
        raise Problem("The text is too long: a queue message takes 1 MiB in all. Attach it as a file instead.")
    try:
        read = read_queue_message(body, link_hosts=rules.link_hosts)
        prepared = prepare(read, bucket=_NotUploadedYet(uploads), rules=rules, enqueued_at=datetime.now(UTC))
    except (NeverSendable, Undeliverable) as refusal:
        raise Problem(str(refusal).replace("; ", "\n")) from None
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


def content_ids(names: Iterable[str], taken: set[str] | None = None) -> list[str]:
    """For each file's name a content id as like it as OpenMarket allows, each another one."""
    used = {"main", *(taken or ())}
    found = []
    for name in names:
        stem, suffix = _plain(Path(name).stem), _plain(Path(name).suffix.lstrip("."))[:5]
        ending = f".{suffix}" if suffix else ""
        number = 1
        chosen = f"{(stem or 'file')[: MAX_CONTENT_ID - len(ending)]}{ending}"
        while chosen in used:
            number += 1
            counted = f"-{number}{ending}"
            chosen = f"{(stem or 'file')[: MAX_CONTENT_ID - len(counted)]}{counted}"
        used.add(chosen)
        found.append(chosen)
    return found


def _plain(name: str) -> str:
    return re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9._-]+", "-", name))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _contents(draft: Draft, names: Sequence[str], uploads: Sequence[Upload], bucket: str) -> Iterable[dict[str, Any]]:
    if draft.text:
        yield {"contentId": TEXT_NAME, "contentType": "text/plain", "text": draft.text}
    for name, upload in zip(names, uploads, strict=True):
        yield {
            "contentId": name,
            "contentType": upload.attachment.content_type,
            "s3": {"bucket": bucket, "key": upload.key},
        }
    for number, link in enumerate(draft.links, 1):
        yield {"contentId": f"link-{number}", "url": link}


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
