"""The built bundle as one file, from which `sam deploy` works without building; the same bytes from the same build."""

import hashlib
import zipfile
from pathlib import Path

BESIDE = ("samconfig.toml", "CHANGELOG.md", "LICENSE")
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can name


def pack(build: Path, root: Path, target: Path) -> None:
    """Write a zip file with the built template, the code it names, and what people read beside it."""
    if not (build / "template.yaml").exists():
        raise ValueError(f"{build} has no template.yaml: run `make build` first.")
    files = {file.relative_to(build).as_posix(): file for file in build.rglob("*") if file.is_file()}
    files |= {name: root / name for name in BESIDE}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{target.stem}/{name}", BEGINNING)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def checksums(folder: Path) -> str:
    """A line for each file of a folder, as `sha256sum --check` takes it."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
