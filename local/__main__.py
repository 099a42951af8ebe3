"""`python -m local`: the whole gateway on this machine, until Ctrl-C."""

import signal
import sys
from pathlib import Path
from types import FrameType

from local.progress import LocalStackError
from local.stack import Stack, running_stack
from local.stack_file import remove_if_stale, told_in_stack_file


class _Stopped(BaseException):
    """Somebody asked us to stop."""


def main() -> int:
    """Run the stack until SIGINT or SIGTERM; the exit status is 0 then, and 1 if it could not be started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    remove_if_stale()
    try:
        with running_stack() as stack, told_in_stack_file(stack) as file:
            print(_description(stack, file), flush=True)
            while True:
                signal.pause()
    except _Stopped:
        print("Stopped; nothing is left running.", file=sys.stderr)
        return 0
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # once is enough: what follows must not be interrupted
        signal.signal(number, signal.SIG_IGN)
    raise _Stopped


def _description(stack: Stack, file: Path) -> str:
    return f"""
The MMS gateway is running on this machine.

  OpenMarket posts to   {stack.callback_url}
  OpenMarket simulator  {stack.open_market_url}
  AWS                   {stack.aws_endpoint_url}   (region {stack.region}, keys \
{stack.access_key_id} / {stack.secret_access_key})
  table                 {stack.table_name}
  media bucket          {stack.media_bucket}

For programs, all of it stands in {file}.
Ctrl-C ends it and leaves nothing behind.
"""


if __name__ == "__main__":
    sys.exit(main())
