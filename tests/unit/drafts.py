"""Drafts of a person's, faulty ones too, and the queue message that one would write of each past every check."""

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from console.drafts import Attachment, Draft
from console.file_names import content_ids
from local.simulator.media import jpeg
from tests.unit.queue_messages import LINK

SOUND = Draft(source="88600", destination="447700900750", text="Here it is")
PICTURE = Attachment(name="parrot.jpg", data=jpeg(), content_type="image/jpeg")
EMPTY = Attachment(name="empty.gif", data=b"", content_type="image/gif")


def drafted(**fields: Any) -> Draft:
    """The sound draft with some fields changed."""
    return replace(SOUND, **fields)


def named(name: str, content_type: str, data: bytes = b"x") -> Attachment:
    return Attachment(name=name, data=data, content_type=content_type)


FAULTY = {
    "nothing to send": drafted(text=None),
    "an empty text alone": drafted(text=""),
    "a source in letters": drafted(source="Parrots"),
    "a destination with a plus": drafted(destination="+447700900750"),
    "no destination": drafted(destination=""),
    "a long subject": drafted(subject="x" * 256),
    "half an emoji": drafted(text="half \ud83e"),
    "an empty mtConfig": drafted(mt_config=""),
    "a negative operator": drafted(mobile_operator_id=-1),
    "a vast operator": drafted(mobile_operator_id=10**30),
    "a day for a time": drafted(not_after="2026-12-01"),
    "a time without an offset": drafted(not_after="2999-12-01T18:00:00"),
    "too late already": drafted(not_after="2020-01-01T00:00:00Z"),
    "too late already, and an empty file": drafted(not_after="2020-01-01T00:00:00Z", attachments=[EMPTY]),
    "a link to a foreign host": drafted(links=[LINK, "https://example.invalid/demo.mp4"]),
    "a link without TLS": drafted(links=["http://www.openmarket.com/demo.mp4"]),
    "too many links": drafted(links=[LINK] * 32),
    "an empty file": drafted(attachments=[PICTURE, EMPTY]),
    "two empty files": drafted(text=None, attachments=[EMPTY, EMPTY]),
    "a vCard that is not named so": drafted(attachments=[named("polly", "text/vcard")]),
    "a file that is a multipart": drafted(attachments=[named("a.eml", "multipart/mixed")]),
    "a file that would be a link": drafted(attachments=[named("a.x", "application/vnd.openmarket.remoteContent")]),
    "a file of no type": drafted(attachments=[named("a.x", "")]),
    "a large text": drafted(text="x" * 1_000_000),
    "a large file": drafted(attachments=[named("a.mp4", "video/mp4", b"x" * 1_000_000)]),
    "much at once": drafted(source="", destination="0", subject="\udfff", links=["ftp://x"], attachments=[EMPTY]),
    "an id with a blank": drafted(request_id="order 4711"),
    "an empty id": drafted(request_id=""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A queue message and what must lie in the bucket for it: bytes and type by key."""

    body: str
    objects: dict[str, tuple[bytes, str]]


def by_hand(draft: Draft, request_id: str, bucket: str) -> ByHand:
    """What one would upload and enqueue of a draft without having it checked."""
    links = {f"link-{number}": link for number, link in enumerate(draft.links, 1)}
    names = content_ids([each.name for each in draft.attachments], {"text.txt", *links})
    folder = f"outgoing/by-hand/{uuid.uuid4()}"
    contents: list[dict[str, Any]] = []
    objects = {}
    if draft.text:
        contents.append({"contentId": "text.txt", "contentType": "text/plain", "text": draft.text})
    for number, (name, each) in enumerate(zip(names, draft.attachments, strict=True)):
        key = f"{folder}-{number}"
        objects[key] = (each.data, each.content_type)
        contents.append({"contentId": name, "contentType": each.content_type, "s3": {"bucket": bucket, "key": key}})
    contents += [{"contentId": name, "url": link} for name, link in links.items()]
    fields = {
        "requestId": request_id,
        "source": draft.source,
        "destination": draft.destination,
        "subject": draft.subject,
        "mtConfig": draft.mt_config,
        "mobileOperatorId": draft.mobile_operator_id,
        "notAfter": draft.not_after,
        "content": contents,
    }
    return ByHand(
        body=json.dumps({name: value for name, value in fields.items() if value is not None}), objects=objects
    )
