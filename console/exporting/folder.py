"""The folder that an export goes into: what it is an export of, and where each object's file is."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from console.connection import Gateway
from console.problems import Problem
from console.selection import Choice

MAX_NAME = 200  # bytes of a file's name; a temporary name has some more, and file systems allow 255
OWN_FOLDERS = {"mo", "mt", "raw", "outgoing", "quarantine", "odd"}  # under media/; a bucket might have such a name


class ExportFolder:
    """An export's files. Each has a temporary name until it is whole."""

    def __init__(self, folder: Path, gateway: Gateway, choice: Choice) -> None:
        """Take an empty folder, a new one, or one with an earlier export of the same; Problem for any other."""
        self.messages = folder / "messages.jsonl"
        self._media = folder / "media"
        self._bucket = gateway.addresses.media_bucket
        chosen = {name: value for name, value in asdict(choice).items() if value is not None}
        told = {"exportOf": gateway.addresses.table_name, **chosen}
        label = folder / "export.json"
        if folder.exists() and not folder.is_dir():
            raise Problem(f"{folder} is a file. Name a folder.")
        if folder.is_dir() and any(folder.iterdir()) and _read(label) != told:
            raise Problem(
                f"{folder} is not empty, and holds no earlier export of the same messages of the same stack. Name "
                "another folder, or empty it; an export that was interrupted goes on with the same options."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(label, json.dumps(told, indent=2).encode())

    def places_of(self, key: str, bucket: str | None = None, version_id: str | None = None) -> tuple[Path, Path]:
        """Where an object goes, and where it goes instead if a file or folder of another object is in the way.

        The first is under its key, another bucket's under the bucket's name, a version that was asked for with
        its id behind an @; the second, which the first is too where that makes no safe path, is under a SHA-256.
        """
        elsewhere = bucket is not None and bucket != self._bucket
        whole = f"{bucket}/{key}" if elsewhere else key
        whole = f"{whole}@{version_id}" if version_id else whole
        odd = self._media / "odd" / hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
        steps = whole.split("/")
        if not all(_is_safe(step) for step in steps) or (elsewhere and bucket in OWN_FOLDERS):
            return odd, odd
        return self._media.joinpath(*steps), odd


def write_whole(file: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    fresh = file.with_name(f"{file.name}.part")
    fresh.write_bytes(data)
    fresh.replace(file)


def _is_safe(step: str) -> bool:
    """Whether a piece of a key names a file or folder in its folder, on every file system."""
    sane = step not in {"", ".", ".."} and "\\" not in step and not step.endswith(".part")
    return sane and step.isprintable() and len(step.encode("utf-8", "surrogatepass")) <= MAX_NAME


def _read(label: Path) -> object:
    try:
        return json.loads(label.read_text())
    except (OSError, ValueError):
        return None
