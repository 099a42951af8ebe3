"""The processes in which the local stack itself runs its functions."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from local.stack import Stack


def kill_workers(stack: Stack, function: str) -> int:
    """SIGKILL for every process of a function of this very stack; how many there were.

    They are told by their folder, named after the function, and by their parent, the embedded AWS at the stack's port.
    """
    port = urlsplit(stack.aws_endpoint_url).port
    workers = [
        place
        for place in Path("/proc").glob("[0-9]*")
        if f"/ministack-lambda-{function}-".encode() in _read(place / "cmdline")
        and f"GATEWAY_PORT={port}".encode() in _read(Path("/proc") / _parent(place) / "environ").split(b"\0")
    ]
    for place in workers:
        with suppress(ProcessLookupError):
            os.kill(int(place.name), signal.SIGKILL)
    return len(workers)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended, or is not ours
        return b""


def _parent(process: Path) -> str:
    stat = _read(process / "stat").decode(errors="replace")
    return stat.rpartition(")")[2].split()[1] if stat else "none"  # see proc(5)
