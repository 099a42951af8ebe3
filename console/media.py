"""The contents of messages: where their bytes lie, and how they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.problems import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

CHUNK = 256 * 1024  # bytes
GONE = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A content's bytes, to be read once."""

    pieces: Iterator[bytes]
    size: int
    """Of what is read."""
    range: str | None = None
    """`bytes first-last/whole`, where only a part was asked for."""

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)


class Media:
    """Reads the contents of a gateway's messages."""

    def __init__(self, gateway: Gateway) -> None:
        self._s3 = gateway.s3
        self._bucket = gateway.addresses.media_bucket

    def open(self, part: dict[str, Any], wanted: str | None = None) -> Opened:
        """A part's bytes as they came; with `wanted` the range of them, as HTTP's Range has it.

        Problem where they are no longer there, and for a link, which only its host has.
        """
        if "text" in part:
            data = part["text"].encode(part.get("charset", "utf-8"))
            return Opened(pieces=iter([data]), size=len(data))
        if "s3Key" not in part:
            raise Problem("This content is a link: its bytes lie where it leads to.")
        return self.open_object(
            part["s3Key"], bucket=part.get("s3Bucket"), version_id=part.get("s3VersionId"), wanted=wanted
        )

    def open_object(
        self, key: str, *, bucket: str | None = None, version_id: str | None = None, wanted: str | None = None
    ) -> Opened:
        """An object's bytes, of the media bucket where no other is named."""
        request: Any = {"Bucket": bucket or self._bucket, "Key": key}
        if version_id:
            request["VersionId"] = version_id
        if wanted:
            request["Range"] = wanted
        try:
            found: GetObjectOutputTypeDef = self._s3.get_object(**request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                raise Problem(f"{key} is in the bucket no longer.") from None
            raise
        return Opened(
            pieces=found["Body"].iter_chunks(CHUNK), size=found["ContentLength"], range=found.get("ContentRange")
        )


def file_name(part: dict[str, Any]) -> str:
    """A name for a part's file that no file system and no browser stumbles over; unique within its message."""
    given = str(part.get("contentId") or "part")
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in given).lstrip(".")[:100]
    return f"{part['index']}-{kept or 'part'}"
