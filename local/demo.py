"""`make demo`: the main job played once on the local stack, then what the table and the bucket hold, read back."""

import os
import sys

from local.command import run_command


def play() -> int:
    """Start the stack, play, stop; the exit status is 0 only if all of it held."""
    from rich.console import Console  # noqa: PLC0415 - see run_command

    from local.scenes.conversation import show_conversation  # noqa: PLC0415
    from local.scenes.receiving import Receiving  # noqa: PLC0415
    from local.scenes.sending import Sending  # noqa: PLC0415
    from local.scenes.stage import Stage  # noqa: PLC0415
    from local.stack import running_stack  # noqa: PLC0415

    os.environ.pop("OPENMARKET_ENDPOINTS", None)  # the scenes are played with the simulator
    console = Console(highlight=False)
    with running_stack() as stack:
        stage = Stage(stack, console)
        Receiving(stage).play()
        Sending(stage).play()
        show_conversation(stage)
    held, all_of_it = sum(stage.held), len(stage.held)
    colour = "green" if held == all_of_it else "red"
    console.print(f"\n[bold {colour}]{held} of {all_of_it} claims held.[/bold {colour}]")
    return 0 if held == all_of_it else 1


if __name__ == "__main__":
    sys.exit(run_command(play, status_when_stopped=1))
