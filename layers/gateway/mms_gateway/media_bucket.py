"""The bucket: media, whole callback bodies, and the objects that producers send; the only module that knows S3."""

import base64
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from mms_gateway.aws import storage_errors
from mms_gateway.errors import MissingObject, StorageUnavailable
from mms_gateway.messages import Blob, SourceObject

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, HeadObjectRequestTypeDef

    from mms_gateway.send_request import S3Object

GONE = {"404", "NoSuchKey", "NoSuchBucket", "NoSuchVersion", "405", "MethodNotAllowed"}
"""What S3 says of an object that is not there, or whose version is the mark of its deletion."""
DENIED = {"403", "AccessDenied", "Forbidden"}
WHERE_IT_MAY = (
    "the gateway may read under outgoing/ in its own bucket, and in those of the parameter SourceBuckets as far as "
    "their own policy and key allow"
)


class MediaBucket:
    """Writes blobs under content-addressed keys, several at a time."""

    def __init__(self, client: "S3Client", bucket: str, executor: Executor) -> None:
        self._client = client
        self._bucket = bucket
        self._executor = executor

    def put_all(self, blobs: Sequence[Blob]) -> None:
        """Write all blobs; raises StorageUnavailable or StorageRefused where one could not be written."""
        if len(blobs) == 1:
            self._put(blobs[0])
            return
        writes = [self._executor.submit(self._put, blob) for blob in blobs]
        try:
            for write in writes:
                write.result()
        finally:
            for write in writes:
                write.cancel()  # after a failure the rest need not be tried

    def _put(self, blob: Blob) -> None:
        content_type = blob.callback_content_type
        with storage_errors("the bucket"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=blob.key,
                Body=bytes(blob.data),
                ContentType=blob.content_type,
                # A stranger's HTML or SVG must be saved by a browser, never run.
                ContentDisposition="attachment",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(blob.sha256)).decode("ascii"),
                Metadata={"callback-content-type": content_type} if content_type else {},
            )

    def describe_all(self, sources: Sequence["S3Object"]) -> list[SourceObject | MissingObject]:
        """What is known of objects before they are read, all asked for at the same time."""
        return list(self._executor.map(self._describe_or_missing, sources))

    def _describe_or_missing(self, source: "S3Object") -> SourceObject | MissingObject:
        try:
            return self.describe(source)
        except MissingObject as missing:
            return missing

    def describe(self, source: "S3Object") -> SourceObject:
        """What is known of an object before it is read; MissingObject where there is none."""
        request: HeadObjectRequestTypeDef = {"Bucket": source.bucket, "Key": source.key}
        if source.version_id is not None:
            request["VersionId"] = source.version_id
        with storage_errors(f"the bucket {source.bucket}"):
            try:
                found = self._client.head_object(**request)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in GONE:
                    raise MissingObject("there is no such object") from None
                if code in DENIED:
                    raise StorageUnavailable(f"the bucket {source.bucket} answered {code}: {WHERE_IT_MAY}") from None
                raise
        return SourceObject(
            bucket=source.bucket,
            key=source.key,
            version_id=source.version_id,
            etag=found["ETag"],
            size=found["ContentLength"],
            content_type=found.get("ContentType", ""),
        )

    def open(self, source: SourceObject) -> "ObjectStream":
        """The bytes of an object as it was described; nothing is asked of S3 before the first read."""
        return ObjectStream(self._client, source)


class ObjectStream:
    """An object's bytes, straight from S3, of the length that was told before."""

    def __init__(self, client: "S3Client", source: SourceObject) -> None:
        self._client = client
        self._source = source
        self._body: StreamingBody | None = None
        self.len = source.size
        """The number of bytes not read yet."""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; StorageUnavailable where they do not come or are no longer the same."""
        wanted = self.len if size < 0 else min(size, self.len)
        if wanted == 0:
            return b""
        with storage_errors(f"the bucket {self._source.bucket}"):
            if self._body is None:
                self._body = self._open()
            piece = self._read(self._body, wanted)
        if not piece:
            raise StorageUnavailable(f"the bucket {self._source.bucket} gave fewer bytes than it had told")
        self.len -= len(piece)
        return piece

    def __del__(self) -> None:
        """Close the connection of an object that was not read to its end, now and not when garbage is collected."""
        if self._body is not None:
            self._body.close()

    def _read(self, body: "StreamingBody", size: int) -> bytes:
        try:
            return body.read(size)
        except HTTPError as error:  # such as TLS that breaks: the SDK lets it through
            raise StorageUnavailable(
                f"the bucket {self._source.bucket} could not be reached: {type(error).__name__}"
            ) from error

    def _open(self) -> "StreamingBody":
        request: GetObjectRequestTypeDef = {
            "Bucket": self._source.bucket,
            "Key": self._source.key,
            "IfMatch": self._source.etag,  # another object in its place would have another length
        }
        if self._source.version_id is not None:
            request["VersionId"] = self._source.version_id
        return self._client.get_object(**request)["Body"]
