"""The bundle as `sam build` makes it, for the machine and the Python that run it here."""

import fcntl
import hashlib
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.places import MINISTACK_PYTHON, ROOT, SAM, local_folder
from local.processes import run_tool
from local.progress import Say

INPUTS = ("template.yaml", "samconfig.toml", "layers", "functions", "locks/uv.txt", "locks/sam.txt")


@contextmanager
def built_bundle(environment: dict[str, str], log: Path, say: Say, *, version: str | None = None) -> Iterator[Path]:
    """The built template, made anew only if what it is made of has changed; nobody else rebuilds it meanwhile.

    `version` is that of the Python that will run it, such as 3.13; without one it is the embedded AWS's.
    """
    embedded = _python_version()
    folder = local_folder() / ("build" if version in {None, embedded} else f"build-{version}")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another start in this folder to be done with the build")
            fcntl.flock(lock, fcntl.LOCK_EX)
        template, stamp = folder / "bundle" / "template.yaml", folder / "made-of"
        version = version or embedded
        fingerprint = _fingerprint(version)
        if not (template.exists() and stamp.exists() and stamp.read_text() == fingerprint):
            say("Building the functions and layers (sam build)")
            stamp.unlink(missing_ok=True)
            run_tool(
                [SAM, "build", "--template", ROOT / "template.yaml", "--build-dir", template.parent],
                log=log,
                environment={**environment, "LAYER_PYTHON": version, "LAYER_PLATFORM": ""},
                advice="Run `make build` to see whether the bundle builds for the cloud.",
                pass_fds=[lock.fileno()],  # if we are killed, the lock lasts until the build has ended too
            )
            stamp.write_text(fingerprint)
        yield template


def _python_version() -> str:
    told = subprocess.run(
        [MINISTACK_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def _fingerprint(version: str) -> str:
    digest = hashlib.sha256(repr((version, platform.platform(), platform.machine())).encode())
    for file in sorted(_input_files()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)}\n{file.stat().st_mode & 0o111}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _input_files() -> Iterator[Path]:
    for name in INPUTS:
        place = ROOT / name
        yield from (
            [place]
            if place.is_file()
            else (file for file in place.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        )
