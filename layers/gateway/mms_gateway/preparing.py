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
from mms_gateway.send_request import SendRequest


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
    sources = _sources(request, bucket, faults)
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
            most = f"{rules.max_message_bytes:,} of the parameter MaxMessageBytes"
            faults.append(f"content: takes {size:,} bytes when encoded, more than the {most}")
    if faults:
        raise NeverSendable("; ".join(faults))
    return Prepared(
        record=outbound_record(message, sources, media_bucket=rules.media_bucket, enqueued_at=enqueued_at),
        _request=request,
        _fields=fields,
        _sources=sources,
        _bucket=bucket,
    )


def _sources(request: SendRequest, bucket: Bucket, faults: list[str]) -> dict[int, SourceObject]:
    """The S3 objects by the content's index; adds what is wrong with them to `faults`."""
    named = {index: content for index, content in enumerate(request.content) if content.s3 is not None}
    found = bucket.describe_all([content.s3 for content in named.values() if content.s3 is not None])
    sources = {}
    for (index, content), source in zip(named.items(), found, strict=True):
        if isinstance(source, MissingObject):
            faults.append(f"content[{index}].s3: {source}")
            continue
        if source.size == 0:
            faults.append(f"content[{index}].s3: the object is empty")
        if (fault := type_fault(content.content_id, content_type_of(content, source))) is not None:
            faults.append(f"content[{index}].contentType: of the object, {fault}")
        sources[index] = source
    return sources


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
