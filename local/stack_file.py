"""stack.json: how other programs find the stack that `make local` runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.places import local_folder
from local.progress import LocalStackError
from local.stack import Stack


def stack_file() -> Path:
    """Where the running stack is told of."""
    return local_folder() / "stack.json"


@contextmanager
def only_one_told() -> Iterator[None]:
    """stack.json is this process's alone, and absent until it is written; LocalStackError if another one has it."""
    local_folder().mkdir(parents=True, exist_ok=True)
    with (local_folder() / "stack.lock").open("a+") as lock:  # not "w": it names the one that holds it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalStackError(
                f"`make local` runs here already, as process {lock.read()}; {stack_file()} is about that one. Use it, "
                "or end it first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        stack_file().unlink(missing_ok=True)  # of one that was killed: nobody is to take it for the one that starts
        yield


@contextmanager
def told_in_stack_file(stack: Stack) -> Iterator[Path]:
    """The file, whole from its first moment, gone at the end."""
    file = stack_file()
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)  # it holds keys
    fresh.write_text(stack.as_json())
    fresh.replace(file)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
