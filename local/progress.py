"""Tells a person what is going on, and what to do when it goes wrong."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]

SHOWN_LINES = 25  # of a failed program's output: enough to hold a traceback's end, little enough for one screen


class LocalStackError(Exception):
    """The local stack could not do something; the text says what, and what a person can do about it."""


def elapsed_time_printer() -> Say:
    """A function that prints a line with the seconds gone by since now."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", file=sys.stderr, flush=True)

    return say


def last_lines(log: Path) -> str:
    """The end of what a program wrote."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
    except OSError:
        return ""
