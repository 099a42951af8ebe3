"""Short by default; MMS_FAULTS=long tries all of it. Ends with the table of what was tried and what broke."""

import os

import pytest
from rich.console import Console
from rich.table import Table

from tests.faults.calls import AwsCall
from tests.faults.tally import BREACHES, Scale, Tallies

TALLIES = pytest.StashKey[Tallies]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLIES] = Tallies()


@pytest.fixture(scope="session")
def tallies(request: pytest.FixtureRequest) -> Tallies:
    return request.config.stash[TALLIES]


@pytest.fixture(scope="session")
def scale() -> Scale:
    return Scale(long=os.environ.get("MMS_FAULTS") == "long")


@pytest.fixture(scope="session")
def recorded_calls() -> list[AwsCall]:
    """What the functions' code has asked of AWS in this run, for the comparison with what their roles allow."""
    return []


@pytest.fixture(scope="session")
def secrets_of_this_run() -> dict[str, str]:
    """What no log may have, by its kind, as far as nobody can know it before; for the scan of all logs at the end."""
    return {}


@pytest.fixture(scope="session")
def own_logs() -> list[str]:
    """What functions have logged that ran in this very process, for the same scan."""
    return []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[TALLIES].rows.values()
    if not rows:
        return
    table = Table("kind", title="Faults", title_justify="left")
    for column in ("cases", *BREACHES, "seconds"):
        table.add_column(column, justify="right")
    table.add_column("figures")
    for row in rows:
        counts = [str(row.count(what)) for what in BREACHES]
        kind = f"{row.kind} (failed)" if row.failed else row.kind
        table.add_row(kind, f"{row.cases:,}", *counts, f"{row.seconds:.0f}", "; ".join(row.notes))
    terminalreporter.write_line("")
    console = Console(width=max(Console().width, 120), force_terminal=False)
    with console.capture() as printed:
        console.print(table)
    terminalreporter.write_line(printed.get())
