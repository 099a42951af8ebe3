"""An AWS in a process of ours: ministack on a free port of 127.0.0.1."""

import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.leftovers import TEMPORARY_PREFIX, note_down
from local.places import MINISTACK_PYTHON
from local.processes import end_group
from local.progress import LocalStackError, last_lines

REGION = "us-east-1"
ACCESS_KEY_ID = SECRET_ACCESS_KEY = "test"  # ministack's root: may do everything
START_PATIENCE = 30.0
STOP_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedAws:
    """Where the embedded AWS is, and the folder that goes away with it."""

    url: str
    folder: Path
    log: Path


@contextmanager
def running_embedded_aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS that enforces roles, and nothing of it afterwards: no process, no file."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        note = note_down(folder)
        log = folder / "ministack.log"
        try:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                port = listener.getsockname()[1]
                process = _start(listener, port, folder, log)
            try:
                note_down(folder, process.pid)
                aws = EmbeddedAws(url=f"http://127.0.0.1:{port}", folder=folder, log=log)
                _wait_until_ready(aws, process)
                yield aws
            finally:
                _stop(process)
        finally:
            note.unlink(missing_ok=True)


def _start(listener: socket.socket, port: int, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    server = folder / "server"  # the server deletes it itself, for the case that nobody is left to do it
    server.mkdir()
    with log.open("wb") as output:
        return subprocess.Popen(
            [MINISTACK_PYTHON, "-P", Path(__file__).with_name("ministack_server.py"), str(listener.fileno()), folder],
            cwd=server,
            env=_environment(port, server),
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environment(port: int, server: Path) -> dict[str, str]:
    # Nothing of the caller's: functions inherit it, and they may rely on the template alone.
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(server),
        "LANG": "C.UTF-8",
        "TMPDIR": str(server),
        "STATE_DIR": str(server / "state"),
        "S3_DATA_DIR": str(server / "s3"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",  # roles and policies hold
        "IOT_MTLS_ENABLED": "0",  # it would listen on a port of its own, on every address
        "SFTP_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # AWS's own; ministack_server lets calls wait rather than be refused
    }


def _wait_until_ready(aws: EmbeddedAws, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with (
            suppress(urllib.error.URLError, TimeoutError),
            urllib.request.urlopen(f"{aws.url}/_ministack/ready", timeout=2),
        ):
            return
        time.sleep(0.05)
    raise LocalStackError(
        f"{last_lines(aws.log)}\n\nThe embedded AWS did not start. Run `make setup`; if that does not help, delete "
        ".local/tools/ministack and run it again."
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()  # the server takes it as the sign to end
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_PATIENCE)
    end_group(process, patience=0)
