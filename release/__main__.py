"""`python -m release`: what the workflows and the Makefile do to release a version."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from release import bundle, changelog, importing, versions

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT, TEMPLATE, CHANGELOG = (ROOT / name for name in ("pyproject.toml", "template.yaml", "CHANGELOG.md"))


def show_version() -> None:
    """Print the version of this checkout."""
    print(versions.of_pyproject(PYPROJECT.read_text()))


def show_notes(version: str) -> None:
    """Print what the changelog says of a version."""
    print(changelog.notes(CHANGELOG.read_text(), versions.checked(version.removeprefix("v"))), end="")


def check(tag: str) -> None:
    """ValueError where the tag, pyproject.toml, the template and the changelog do not agree."""
    version = versions.checked(tag.removeprefix("v"))
    told = {
        "pyproject.toml": versions.of_pyproject(PYPROJECT.read_text()),
        "template.yaml": versions.of_template(TEMPLATE.read_text()),
    }
    others = [f"{name} says {other}" for name, other in told.items() if other != version]
    if others or tag != f"v{version}":
        raise ValueError(f"The tag is {tag}, but {', '.join(others) or f'that of version {version} is v{version}'}.")
    changelog.notes(CHANGELOG.read_text(), version)
    print(f"{tag}: the tag, pyproject.toml, template.yaml and CHANGELOG.md agree.")


def cut(version: str) -> None:
    """Write a new version into all its places; nothing is committed."""
    versions.checked(version)
    released = changelog.with_release(CHANGELOG.read_text(), version, datetime.now(UTC).date())
    CHANGELOG.write_text(released)
    PYPROJECT.write_text(versions.pyproject_of(PYPROJECT.read_text(), version))
    TEMPLATE.write_text(versions.template_of(TEMPLATE.read_text(), version))
    print(f"Version {version} stands in CHANGELOG.md, pyproject.toml and template.yaml. Read the changelog over; then")
    print(f'  git commit --all --message "Version {version}" && git tag v{version} && git push origin HEAD v{version}')


def pack(build: str, folder: str) -> None:
    """Write the bundle of what was built into a folder."""
    version = versions.of_pyproject(PYPROJECT.read_text())
    bundle.pack(Path(build), ROOT, Path(folder) / f"mms-gateway-{version}.zip")


def sums(folder: str) -> None:
    """Write the checksums of a folder's files into it."""
    (Path(folder) / "SHA256SUMS").write_text(bundle.checksums(Path(folder)))
    print((Path(folder) / "SHA256SUMS").read_text(), end="")


def show_import() -> None:
    """Print the template of what a new stack takes over, made of the translated one in standard input."""
    print(importing.import_template(json.load(sys.stdin)), end="")


COMMANDS: dict[str, Callable[..., None]] = {
    "version": show_version,
    "notes": show_notes,
    "check": check,
    "cut": cut,
    "pack": pack,
    "checksums": sums,
    "import": show_import,
}


def main() -> int:
    """Do what the command line says; the exit status is 1, with a sentence, where that can't be done."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs="*")
    told = parser.parse_args()
    try:
        COMMANDS[told.command](*told.arguments)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
