"""Every version of an object, and their removal for good; removing an object by its key alone would only hide it."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from console.connection import Gateway
from console.problems import Problem
from console.watching import Watcher

BATCH = 1000  # versions that one DeleteObjects takes
TRIES = 5
PASSING = {"InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or the mark of a deletion."""

    key: str
    version_id: str
    size: int = 0
    """In bytes."""


class Versions:
    """The versions in a gateway's media bucket."""

    def __init__(self, gateway: Gateway) -> None:
        self._s3 = gateway.s3
        self._bucket = gateway.addresses.media_bucket

    def under(self, prefix: str) -> Iterator[Version]:
        """All versions and marks whose keys begin so."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for version in page.get("Versions", []):
                yield Version(version["Key"], version["VersionId"], version["Size"])
            for mark in page.get("DeleteMarkers", []):
                yield Version(mark["Key"], mark["VersionId"])

    def of(self, key: str) -> list[Version]:
        """All versions and marks of one object."""
        return [version for version in self.under(key) if version.key == key]

    def remove(self, versions: Iterable[Version], watcher: Watcher) -> None:
        """Remove versions for good; Problem where one could not be removed."""
        rest = iter(versions)
        while batch := list(islice(rest, BATCH)):
            self._remove(batch)
            watcher.advance(len(batch))

    def _remove(self, batch: list[Version]) -> None:
        for number in range(TRIES):
            named: Any = [{"Key": version.key, "VersionId": version.version_id} for version in batch]
            answer = self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": named, "Quiet": True})
            errors = answer.get("Errors", [])
            if not errors:
                return
            if not all(error.get("Code") in PASSING for error in errors):
                break
            failed = {(error.get("Key"), error.get("VersionId")) for error in errors}
            batch = [version for version in batch if (version.key, version.version_id) in failed]
            time.sleep(0.2 * 2**number)
        first = errors[0]
        raise Problem(
            f"S3 did not remove {len(errors)} of the objects, such as {first.get('Key')}: {first.get('Message')} "
            f"({first.get('Code')}). It takes s3:DeleteObjectVersion on the media bucket; then order it again."
        )
