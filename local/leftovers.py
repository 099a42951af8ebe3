"""What a stack that was killed left behind, found by the note it made when it started."""

import json
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from local.places import local_folder
from local.processes import start_time, wait_until_gone

TEMPORARY_PREFIX = "mms-local-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One running stack: its temporary folder, and its processes by number and start time."""

    folder: str
    owner: int
    owner_started: str | None
    server: int | None = None
    server_started: str | None = None


def note_down(folder: Path, server: int | None = None) -> Path:
    """Write the note of a stack that this process runs; gives the note's file, to be deleted at the end."""
    note = Note(
        folder=str(folder),
        owner=os.getpid(),
        owner_started=start_time(os.getpid()),
        server=server,
        server_started=start_time(server) if server else None,
    )
    file = local_folder() / "running" / f"{folder.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(note)))
    return fresh.replace(file)


def clean_up_after_the_dead() -> int:
    """Remove what stacks left whose own process is gone; gives their number. Running stacks are left alone."""
    return sum(map(_clean_up, sorted((local_folder() / "running").glob("*.json"))))


def _clean_up(file: Path) -> bool:
    try:
        note = Note(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):  # gone meanwhile, or not a note
        file.unlink(missing_ok=True)
        return False
    if note.owner_started and start_time(note.owner) == note.owner_started:
        return False
    if note.server and note.server_started and start_time(note.server) == note.server_started:
        with suppress(ProcessLookupError):
            os.killpg(note.server, signal.SIGKILL)  # it leads a group of its own: see embedded_aws
        wait_until_gone(note.server, note.server_started)
    if Path(note.folder).name.startswith(TEMPORARY_PREFIX):
        shutil.rmtree(note.folder, ignore_errors=True)
    file.unlink(missing_ok=True)
    return True
