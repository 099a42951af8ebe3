"""`make demo`: the main job played once on the local stack, then what the table and the bucket hold, read back."""

import sys

from local.command import run_command


def play() -> int:
    """Start the stack, play, stop; the exit status is 0 only if all of it held."""
    from rich.console import Console  # noqa: PLC0415 - see run_command

    from local.scenes import Demo  # noqa: PLC0415
    from local.stack import running_stack  # noqa: PLC0415

    console = Console(highlight=False)
    with running_stack() as stack:
        demo = Demo(stack, console)
        demo.play()
    held, all_of_it = sum(demo.held), len(demo.held)
    colour = "green" if held == all_of_it else "red"
    console.print(f"\n[bold {colour}]{held} of {all_of_it} claims held.[/bold {colour}]")
    return 0 if held == all_of_it else 1


if __name__ == "__main__":
    sys.exit(run_command(play, status_when_stopped=1))
