"""Open and size what a message is made of, before anybody claims it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mms_gateway.errors import MissingObject
from mms_gateway.messages import SourceObject
from mms_gateway.openmarket.encode import MixedEncoder, OutboundPart, Stream, encode, encoded_size, main_fields
from mms_gateway.outbound import Bucket, Rules
from mms_gateway.outbound_record import OutboundRecord, content_type_of, outbound_record
from mms_gateway.queue_message import QueueMessage, content_bytes, type_fault
from mms_gateway.send_request import Content, SendRequest


class NeverSendable(Exception):
    """The message can't be sent, now or later; its text holds every fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A message that is ready to be claimed."""

    record: OutboundRecord
    _request: SendRequest
    _fields: dict[str, Any]
    _sources: Mapping[int, SourceObject]
    _bucket: Bucket

    def new_body(self) -> MixedEncoder:
        """The request's body for one attempt, its objects not read yet."""
        return encode(self._fields, _parts(self._request, self._sources, self._bucket))


def prepare(message: QueueMessage, *, bucket: Bucket, rules: Rules, enqueued_at: datetime) -> Prepared:
    """Look at every content; NeverSendable with all faults, StorageUnavailable where S3 does not tell."""
    if message.request is None:
        raise NeverSendable("; ".join(message.faults))
    request = message.request
    faults: list[str] = []
    sources = {
        index: source
        for index, content in enumerate(request.content)
        if (source := _source(content, f"content[{index}]", bucket, faults)) is not None
    }
    fields = main_fields(
        source=request.source,
        destination=request.destination,
        mt_config=request.mt_config or rules.mt_config,
        subject=request.subject or "",  # the documents call only the operator optional
        mobile_operator_id=request.mobile_operator_id,
    )
    if not faults:
        size = encoded_size(fields, list(_parts(request, sources, bucket)))
        if size > rules.max_message_bytes:
            faults.append(f"content: takes {size} bytes when encoded, more than the {rules.max_message_bytes} allowed")
    if faults:
        raise NeverSendable("; ".join(faults))
    return Prepared(
        record=outbound_record(message, sources, media_bucket=rules.media_bucket, enqueued_at=enqueued_at),
        _request=request,
        _fields=fields,
        _sources=sources,
        _bucket=bucket,
    )


def _source(content: Content, place: str, bucket: Bucket, faults: list[str]) -> SourceObject | None:
    """The S3 object of a content, None where it has none or a faulty one."""
    if content.s3 is None:
        return None
    try:
        source = bucket.describe(content.s3)
    except MissingObject as error:
        faults.append(f"{place}.s3: {error}")
        return None
    if source.size == 0:
        faults.append(f"{place}.s3: the object is empty")
    fault = type_fault(content.content_id, content_type_of(content, source))
    if fault is not None:
        faults.append(f"{place}.contentType: of the object, {fault}")
    return source


def _parts(request: SendRequest, sources: Mapping[int, SourceObject], bucket: Bucket) -> Iterator[OutboundPart]:
    for index, content in enumerate(request.content):
        source = sources.get(index)
        data: bytes | Stream = bucket.open(source) if source is not None else content_bytes(content) or b""
        yield OutboundPart(
            content_id=content.content_id,
            content_type=content_type_of(content, source),
            data=data,
            is_link=content.url is not None,
        )
