"""`python -m local`: the whole gateway on this machine, until Ctrl-C."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.command import run_command

if TYPE_CHECKING:
    from local.stack import Stack

EXAMPLE = (
    '{"requestId": "hello-1", "source": "88600", "destination": "447700900750", "subject": "Your parrot", '
    '"content": [{"contentId": "text.txt", "contentType": "text/plain", "text": "Here it is"}]}'
)


def serve() -> int:
    """Run the stack and tell of it in stack.json; only a signal ends it."""
    from local.stack import running_stack  # noqa: PLC0415 - see run_command
    from local.stack_file import only_one_told, told_in_stack_file  # noqa: PLC0415

    with only_one_told(), running_stack() as stack, told_in_stack_file(stack) as file:
        print(describe(stack, file), flush=True)
        while True:  # no signal.pause(): a signal may come to another thread, and the pause would go on
            time.sleep(0.5)


def describe(stack: "Stack", file: Path) -> str:
    """What a person needs to use the running stack; `file` tells it to programs."""
    return f"""
The MMS gateway is running on this machine.

  Console and a phone   {stack.console_url}

  OpenMarket posts to   {stack.callback_url}
  OpenMarket simulator  {stack.open_market_url}
  AWS                   {stack.aws_endpoint_url}   (region {stack.region}, keys \
{stack.access_key_id} / {stack.secret_access_key})
  table                 {stack.table_name}
  media bucket          {stack.media_bucket}
  queue to send from    {stack.send_queue_url}
  dead-letter queue     {stack.dead_letter_queue_url}

For the pages' programs and the AWS CLI, here as in the cloud:

  export AWS_ENDPOINT_URL={stack.aws_endpoint_url} AWS_DEFAULT_REGION={stack.region} \\
    AWS_ACCESS_KEY_ID={stack.access_key_id} AWS_SECRET_ACCESS_KEY={stack.secret_access_key}

To send a message:

  aws sqs send-message --endpoint-url {stack.aws_endpoint_url} --queue-url {stack.send_queue_url} \\
    --message-body '{EXAMPLE}'

For programs, all of it stands in {file}.
Ctrl-C ends it and leaves nothing behind.
"""


if __name__ == "__main__":
    sys.exit(run_command(serve, status_when_stopped=0))
