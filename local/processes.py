"""Processes of ours: run one to its end, end a group, recognise one again."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local.places import ROOT
from local.progress import LocalStackError, last_lines


def run_tool(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    advice: str,
    pass_fds: Sequence[int] = (),
) -> None:
    """Run a program to its end with its output in a file; LocalStackError with the last of it if it fails.

    It gets a process group of its own, so that Ctrl-C reaches it through us alone and nothing it started outlives it.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait()
        except BaseException:
            end_group(process)
            raise
    if status:
        name = " ".join(str(word) for word in [Path(command[0]).name, *command[1:2]])
        raise LocalStackError(f"{last_lines(log)}\n\n`{name}` failed (exit status {status}). {advice}")


def end_group(process: subprocess.Popen[bytes], patience: float = 5) -> None:
    """End a process that leads its group, and the group with it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_time(pid: int) -> str | None:
    """When a process started, in words that tell it from a later one of the same number; None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _start_time_told_by_ps(pid)
    state, *rest = stat.rpartition(")")[2].split()  # the name before it may hold blanks
    return None if state in {"Z", "X"} else rest[18]  # field 22 of proc(5): starttime


def _start_time_told_by_ps(pid: int) -> str | None:  # where there is no /proc, as on macOS
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def wait_until_gone(pid: int, started: str, patience: float = 5) -> None:
    """Return when that very process is gone, or after a while."""
    deadline = time.monotonic() + patience
    while start_time(pid) == started and time.monotonic() < deadline:
        time.sleep(0.02)
