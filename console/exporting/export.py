"""Chosen items written as JSON Lines, and what they name fetched."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from console.connection import Gateway
from console.exporting.folder import ExportFolder
from console.media import GONE, Media
from console.objects import Object, objects_of
from console.problems import DENIED, Problem
from console.selection import Choice, Selection, in_parallel
from console.watching import Watcher
from mms_gateway.message_table.store import Item


@dataclass(slots=True, kw_only=True)
class Exported:
    """What an export holds, and what it lacks."""

    messages: int = 0
    conflicts: int = 0
    reports: int = 0
    quarantined: int = 0
    files: int = 0
    size: int = 0
    """Bytes of all files."""
    fetched: int = 0
    """Files that were not there from an earlier export."""
    lacking: list[str] = field(default_factory=list)
    """Objects that are gone or denied, each with the reason."""


def export(gateway: Gateway, choice: Choice, folder: Path, watcher: Watcher, *, media: bool = True) -> Exported:
    """Write the chosen items as JSON Lines, and the media they name as files; those that are there already stay."""
    files = ExportFolder(folder, gateway, choice)
    exported = Exported()
    objects = _write_items(files.messages, Selection(gateway, watcher).items(choice), exported)
    if media:
        watcher.begin("Fetching media", objects)
        fetcher = _Fetcher(gateway, files)
        for fetched in in_parallel(fetcher.fetch, _objects_in(files.messages)):
            watcher.advance()
            if isinstance(fetched, str):
                exported.lacking.append(fetched)
                continue
            size, is_new = fetched
            exported.files += 1
            exported.size += size
            exported.fetched += is_new
    exported.lacking.sort()
    return exported


def _write_items(file: Path, portions: Iterator[list[Item]], exported: Exported) -> int:
    """One item a line, each once; the number of objects that they name."""
    fresh = file.with_name(f"{file.name}.part")
    seen: set[bytes] = set()
    objects = 0
    with fresh.open("w", encoding="utf-8") as output:
        for item in (item for items in portions for item in items):
            key = hashlib.blake2b(f"{item['pk']}\n{item['sk']}".encode("utf-8", "surrogatepass"), digest_size=16)
            if key.digest() in seen:
                continue  # two messages that share an mtId
            seen.add(key.digest())
            _count(exported, item)
            objects += len(objects_of(item))
            output.write(f"{json.dumps(item, ensure_ascii=False)}\n")
    fresh.replace(file)
    return objects


def _count(exported: Exported, item: Item) -> None:
    match item["sk"].partition("#")[0]:
        case "MESSAGE":
            exported.messages += 1
        case "CONFLICT":
            exported.conflicts += 1
        case "REPORT":
            exported.reports += 1
        case "CALLBACK":
            exported.quarantined += 1


def _objects_in(messages: Path) -> Iterator[Object]:
    """The objects that an export's items name, each once."""
    seen: set[bytes] = set()
    with messages.open(encoding="utf-8") as lines:
        for line in lines:
            for each in objects_of(json.loads(line)):
                name = f"{each.bucket}/{each.key}@{each.version_id}"
                key = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
                if key not in seen:
                    seen.add(key)
                    yield each


class _Fetcher:
    """Fetches objects into an export's folder."""

    def __init__(self, gateway: Gateway, files: ExportFolder) -> None:
        self._media = Media(gateway)
        self._s3 = gateway.s3
        self._bucket = gateway.addresses.media_bucket
        self._files = files

    def fetch(self, wanted: Object) -> tuple[int, bool] | str:
        """An object's size and whether it had to be fetched; or why it could not be."""
        try:
            return self._fetch(wanted)
        except Problem as gone:
            return str(gone)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in DENIED:
                return f"{wanted.name}: AWS does not let you read it."
            if code in GONE | {"405", "MethodNotAllowed"}:  # the latter: the version is the mark of a deletion
                return f"{wanted.name} is in the bucket no longer."
            raise

    def _fetch(self, wanted: Object) -> tuple[int, bool]:
        file, instead = self._files.places_of(wanted.key, wanted.bucket, wanted.version_id)
        try:
            return self._fetch_into(file, wanted)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):  # one key is the folder of another
            return self._fetch_into(instead, wanted)

    def _fetch_into(self, file: Path, wanted: Object) -> tuple[int, bool]:
        if file.is_dir():
            raise IsADirectoryError(file)
        if file.is_file():
            size = file.stat().st_size
            if size == (wanted.size if wanted.size is not None else self._size(wanted)):
                return size, False
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = self._media.open_object(wanted.key, bucket=wanted.bucket, version_id=wanted.version_id)
        fresh = file.with_name(f"{file.name}.{uuid4().hex[:8]}.part")
        try:
            with fresh.open("wb") as output:
                output.writelines(opened.pieces)
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
        return opened.size, True

    def _size(self, wanted: Object) -> int:
        request: Any = {"Bucket": wanted.bucket or self._bucket, "Key": wanted.key}
        if wanted.version_id:
            request["VersionId"] = wanted.version_id
        return self._s3.head_object(**request)["ContentLength"]
