"""The inputs worth keeping, by harness: tests/faults/corpus/HARNESS.zip; the same bytes for the same inputs."""

from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HERE = Path(__file__).resolve().parent.parent / "corpus"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # what zip calls no date


def kept(harness: str) -> dict[str, bytes]:
    """The inputs of a harness, each under the beginning of its hash."""
    with ZipFile(HERE / f"{harness}.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def keep(harness: str, inputs: Iterable[bytes]) -> None:
    """Make these the inputs of a harness."""
    whole = BytesIO()
    with ZipFile(whole, "w") as archive:
        for name, data in sorted((sha256(data).hexdigest()[:12], data) for data in set(inputs)):
            archive.writestr(ZipInfo(name, LONG_AGO), data, ZIP_DEFLATED, 9)
    (HERE / f"{harness}.zip").write_bytes(whole.getvalue())
