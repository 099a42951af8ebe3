"""What a million messages of 300 KB cost, from what is measured here and AWS's list prices.

Measured: the processor's time of a warm call and of a start, the calls of AWS, the sizes of items and log lines.
Taken as given, and named beside the sheets: how long AWS and OpenMarket take to answer, how many starts are cold.
"""

from rich.console import Console
from rich.table import Table

from local.dashboard.metrics import curves_of_alarm
from local.dashboard.observed import observed
from tests.bench.sheet import (
    COLD,
    KEPT_DAYS,
    PRICES,
    RAW_DAYS,
    TRACED,
    Sheet,
    dollars_of,
    inbound_sheet,
    levers,
    outbound_sheet,
)
from tests.bench.work import OPENMARKET, Work, measured
from tests.bench.workbench import STORE_DELAY, Workbench


def print_costs(bench: Workbench, console: Console) -> None:
    """Measure, and print both sheets with what dominates them and what would change them."""
    costs = measured(bench)
    contents = "a picture of 300 KB and a text"
    _show(console, f"A million messages from handsets (MO), {contents}", inbound_sheet(costs))
    _show(console, f"A million messages to handsets (MT), {contents}, and the report of each", outbound_sheet(costs))
    console.print(f"\nLevers, in dollars for a million: {'; '.join(levers(costs))}.")
    given = (
        f"{STORE_DELAY * 1000:.0f} ms for each answer of AWS and {OPENMARKET * 1000:.0f} ms for OpenMarket's, "
        f"{COLD:.0%} cold starts, media and items kept {KEPT_DAYS} days, whole callbacks {RAW_DAYS} days, a million "
        f"spread over a month ({TRACED:.0%} of the calls are traced then), a processor as quick as this machine's"
    )
    found = f"MO {_told(costs.inbound)}; MT {_told(costs.outbound)}, without TLS; report {_told(costs.report)}"
    months = ("secret-month", "metric-month", "alarm-metric-month", "dashboard-month")
    secret, metric, alarm, dashboard = (PRICES[price]["usd"] for price in months)
    watched = sum(curve.metric is not None for one in observed().alarms.values() for curve in curves_of_alarm(one))
    console.print(
        f"Taken as given: {given}. Measured: {found}. Besides, each month whatever comes: ${secret:.2f} for the "
        f"secret, ${metric:.2f} for each metric that has a value (API Gateway's too), ${alarm * watched:.2f} for the "
        f"alarms, ${dashboard:.2f} for the dashboard, a call of the secret each minute "
        "for each environment that is warm, and the queue's polling. List prices of us-east-1 without free tiers, each "
        "with its source and date in tests/bench/prices.json."
    )


def _told(work: Work) -> str:
    return f"{work.cpu * 1000:.0f} ms of a processor, {work.seconds * 1000:.0f} ms billed at {work.memory} MB"


def _show(console: Console, title: str, sheet: Sheet) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("what")
    for column in ("for each", "$ a million", "share"):
        table.add_column(column, justify="right")
    table.add_column("price of")
    lines = [
        (dollars_of(price, quantity), what, price, quantity) for (what, price), quantity in sheet.quantities.items()
    ]
    for dollars, what, price, quantity in sorted(lines, reverse=True):
        date = PRICES[price]["as_of"] or "no date"
        table.add_row(what, f"{quantity:.3g}", f"{dollars:.2f}", f"{dollars / sheet.dollars():.0%}", str(date))
    console.print(f"\n[bold]{title}: ${sheet.dollars():.2f}[/bold]")
    console.print(table)
