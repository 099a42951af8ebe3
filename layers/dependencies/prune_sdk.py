"""Leaves of the SDK's descriptions of AWS what the functions use: reading them is most of what a client takes to make.

    python prune_sdk.py <folder of botocore's data>

Gone are other services, other operations, documentation, and whatever compression there was; the requests stay the
same to the letter, in every region of every partition (tests/unit/test_pruned_sdk.py compares them).
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": ("GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"),
    "s3": ("GetObject", "HeadBucket", "HeadObject", "PutObject"),  # HeadBucket: the client's own, of another region's
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("ChangeMessageVisibility", "SendMessage"),
}
"""All that the functions ask of AWS; to any other operation a client says that it has no such attribute."""

DESCRIPTIONS = ("service-2", "service-2.sdk-extras", "endpoint-rule-set-1", "paginators-1")
TEXTS = {"documentation", "documentationUrl"}


def prune(data: Path) -> None:
    """Prune the descriptions under `data`, in place."""
    for folder in [each for each in data.iterdir() if each.is_dir()]:
        if folder.name not in OPERATIONS:
            shutil.rmtree(folder)
            continue
        *older, newest = sorted(folder.iterdir())  # a client takes the newest version
        for version in older:
            shutil.rmtree(version)
        _prune_service(newest, OPERATIONS[folder.name])
    endpoints = data / "endpoints.json"
    told = json.loads(endpoints.read_bytes())
    for partition in told["partitions"]:
        partition["services"] = {name: partition["services"][name] for name in OPERATIONS}
    _write(endpoints, told)


def _prune_service(version: Path, operations: tuple[str, ...]) -> None:
    files = {file.name.removesuffix(".gz").removesuffix(".json"): file for file in version.iterdir()}
    read = {name: _read(file) for name, file in files.items() if name in DESCRIPTIONS}
    for file in files.values():
        file.unlink()
    service, pages = read["service-2"], read["paginators-1"]["pagination"]
    service["operations"] = {name: service["operations"][name] for name in operations}
    errors = [{"shape": name} for name, shape in service["shapes"].items() if shape.get("exception")]
    used = set(_shapes_of([service["operations"], errors], service["shapes"], set()))
    service["shapes"] = {name: shape for name, shape in service["shapes"].items() if name in used}
    read["paginators-1"]["pagination"] = {name: page for name, page in pages.items() if name in operations}
    for name, told in read.items():
        _write(version / f"{name}.json", told)


def _shapes_of(described: Any, shapes: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """The names of all shapes that something refers to, directly or through others."""
    if isinstance(described, list):
        for each in described:
            yield from _shapes_of(each, shapes, seen)
    if not isinstance(described, dict):
        return
    name = described.get("shape")
    if isinstance(name, str) and name not in seen:
        seen.add(name)
        yield name
        yield from _shapes_of(shapes[name], shapes, seen)
    for each in described.values():
        yield from _shapes_of(each, shapes, seen)


def _read(file: Path) -> Any:
    content = file.read_bytes()
    return _without_texts(json.loads(gzip.decompress(content) if file.suffix == ".gz" else content))


def _without_texts(told: Any) -> Any:
    if isinstance(told, list):
        return [_without_texts(each) for each in told]
    if isinstance(told, dict):
        # A member may be called so, and is no text; and botocore wants some of the texts to be there.
        return {
            name: "" if name in TEXTS and isinstance(value, str) else _without_texts(value)
            for name, value in told.items()
        }
    return told


def _write(file: Path, told: Any) -> None:
    file.write_text(json.dumps(told, separators=(",", ":")))


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
