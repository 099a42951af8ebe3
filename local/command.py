"""How a command of the local stack ends: done, stopped by a signal, or with a sentence on what it could not do."""

import errno
import io
import signal
import sys
from collections.abc import Callable
from types import FrameType

from local.places import local_folder
from local.progress import LocalStackError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


class Stopped(KeyboardInterrupt):
    """Somebody asked us to stop."""


def run_command(command: Callable[[], int], *, status_when_stopped: int) -> int:
    """Run it until it is done or a signal comes; gives the exit status, 1 if it could not do its work.

    A command imports what it needs itself: that takes long enough for a signal to come meanwhile.
    """
    stop_on_signals()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # rather a question mark than no line, where it can't be written
    try:
        return command()
    except Stopped:
        print("Stopped; nothing is left running.", file=sys.stderr)
        return status_when_stopped
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        print(f"\n{error.strerror}: {error.filename}. {local_folder()} and all in it must be yours.", file=sys.stderr)
    return 1


def stop_on_signals() -> None:
    """Let the first SIGINT or SIGTERM raise Stopped; no later one disturbs what is then done to end in order."""
    for number in SIGNALS:
        signal.signal(number, _stop)


def is_stopping() -> bool:
    """Whether a signal has come: Stopped may be lost, where it is raised in a callback of the garbage collector."""
    return signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped
