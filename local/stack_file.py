"""stack.json: how other programs find the stack that `make local` runs."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from local.places import local_folder
from local.stack import Stack


def stack_file() -> Path:
    """Where the running stack is told of."""
    return local_folder() / "stack.json"


def remove_if_stale() -> None:
    """Remove the file if what it tells of no longer runs, so that nobody takes it for the one that is starting."""
    file = stack_file()
    try:
        endpoint = urlsplit(Stack.read(file).aws_endpoint_url)
        socket.create_connection((endpoint.hostname or "", endpoint.port or 0), timeout=1).close()
    except (OSError, ValueError, KeyError):
        file.unlink(missing_ok=True)


@contextmanager
def told_in_stack_file(stack: Stack) -> Iterator[Path]:
    """The file, whole from its first moment, gone at the end."""
    file, text = stack_file(), stack.as_json()
    fresh = file.with_name(f"stack.json.{os.getpid()}")
    fresh.touch(mode=0o600)  # it holds keys
    fresh.write_text(text)
    fresh.replace(file)
    try:
        yield file
    finally:
        if file.exists() and file.read_text() == text:  # not that of a stack started since
            file.unlink(missing_ok=True)
