"""`python -m local`: the whole gateway on this machine, until Ctrl-C."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local.command import run_command

if TYPE_CHECKING:
    from local.stack import Stack


def serve() -> int:
    """Run the stack and tell of it in stack.json; only a signal ends it."""
    from local.stack import running_stack  # noqa: PLC0415 - see run_command
    from local.stack_file import only_one_told, told_in_stack_file  # noqa: PLC0415

    with only_one_told(), running_stack() as stack, told_in_stack_file(stack) as file:
        print(_description(stack, file), flush=True)
        while True:
            signal.pause()


def _description(stack: "Stack", file: Path) -> str:
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
    sys.exit(run_command(serve, status_when_stopped=0))
