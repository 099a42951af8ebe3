"""The bucket: inbound media, whole callback bodies; the only module that knows S3."""

import base64
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from mms_gateway.aws import storage_errors
from mms_gateway.receiving import Blob

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
