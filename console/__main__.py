"""The `mms` command."""

import sys

from botocore.exceptions import BotoCoreError, ClientError

from console.command import app
from console.output import aside
from console.problems import Problem, explain
from mms_gateway.errors import GatewayError


def main() -> None:
    """Run the command; what can't be done is said in a sentence on stderr, with exit status 1."""
    try:
        app(prog_name="mms")
    except (Problem, GatewayError) as problem:
        _complain(str(problem))
    except (ClientError, BotoCoreError) as error:
        _complain(explain(error))
    except KeyboardInterrupt:
        aside.print("\nStopped.")
        sys.exit(130)


def _complain(sentence: str) -> None:
    aside.print(sentence, style="red", markup=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
