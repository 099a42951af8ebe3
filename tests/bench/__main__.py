"""Measures every row, or those whose names begin as told, and prints them chapter by chapter.

Each row is ours beside something else, taken in turn in this very run, as medians; the ratio is what counts.
"""

import argparse
import os
import platform
import sys

from rich.console import Console

from local.command import run_command
from local.progress import elapsed_time_printer
from tests.bench.table import Figure, show
from tests.bench.workbench import Workbench

WIDTH = 150  # columns: in fewer a row takes two lines
COSTS, FLOW = "cost", "end-to-end"  # printed below the table


def run() -> int:
    """Measure and print; a missed goal is marked, and is no failure."""
    arguments = _arguments()
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the peers make their clients when they are imported
    from tests.bench import costing, decoding, flowing, growing, hostile, posting, starting, storing  # noqa: PLC0415

    console = Console(width=WIDTH, highlight=False)
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors"
    console.print(f"{machine}{'; measured once, to see that it works: no figures' if arguments.quick else ''}")
    figures: list[Figure] = []
    with Workbench(arguments.row, quick=arguments.quick, say=elapsed_time_printer()) as bench:
        for chapter in (decoding, hostile, starting, storing, posting, growing):
            title = str(chapter.__doc__).partition("\n")[0]
            if not arguments.row:
                bench.say(title)
            if rows := list(chapter.measure(bench)):
                show(rows, title, console)
                figures += rows
        if bench.wants(COSTS):
            costing.print_costs(bench, console)
        if bench.wants(FLOW):
            console.print(f"\n{flowing.observe(bench)}")
        if not (figures or bench.wants(COSTS) or bench.wants(FLOW)):
            print(f"No row's name begins with {' or '.join(arguments.row)}; make bench shows all.", file=sys.stderr)
            return 2
    if not figures:
        return 0
    missed = [figure.row for figure in figures if figure.missed]
    goals = sum(figure.goal is not None for figure in figures)
    console.print(f"\n{goals - len(missed)} of {goals} goals kept{f'; missed: {_once(missed)}' if missed else ''}.")
    return 0


def _once(rows: list[str]) -> str:
    return ", ".join(dict.fromkeys(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("row", nargs="*", help="how the names of the rows begin that are wanted, such as decode-email")
    parser.add_argument("--quick", action="store_true", help="measure each once, to see that it works")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run_command(run, status_when_stopped=1))
