"""A bucket of objects in memory, for messages that name some."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mms_gateway.errors import MissingObject
from mms_gateway.messages import Blob, SourceObject
from mms_gateway.send_request import S3Object


class Bytes:
    """An object's bytes as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.len = len(data)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        end = self.len if size < 0 else min(size, self.len)
        piece, self._data = self._data[:end], self._data[end:]
        self.len -= len(piece)
        return piece


@dataclass
class ObjectBucket:
    """Objects by bucket and key; `fault` is raised for every look, `streams` are those that were opened."""

    objects: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    fault: Exception | None = None
    streams: list[Bytes] = field(default_factory=list)
    blobs: dict[str, Blob] = field(default_factory=dict)

    def put_all(self, blobs: Sequence[Blob]) -> None:
        """Keep them."""
        self.blobs.update({blob.key: blob for blob in blobs})

    def describe_all(self, sources: Sequence[S3Object]) -> list[SourceObject | MissingObject]:
        """What is known of objects."""
        return [self.describe(source) for source in sources]

    def describe(self, source: S3Object) -> SourceObject | MissingObject:
        """What is known of an object."""
        if self.fault is not None:
            raise self.fault
        if (source.bucket, source.key) not in self.objects:
            return MissingObject("there is no such object")
        data, content_type = self.objects[source.bucket, source.key]
        return SourceObject(
            bucket=source.bucket,
            key=source.key,
            version_id=source.version_id,
            etag='"e"',
            size=len(data),
            content_type=content_type,
        )

    def open(self, source: SourceObject) -> Bytes:
        """Its bytes."""
        stream = Bytes(self.objects[source.bucket, source.key][0])
        self.streams.append(stream)
        return stream
