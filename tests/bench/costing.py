"""What a million messages of 300 KB cost, from what is measured here and AWS's list prices in us-east-1.

Measured: the processor's time of a warm call and of a start, the calls of AWS, the sizes of items and log lines.
Taken as given, and named in the sheet: how long AWS and OpenMarket take to answer, and how often a start is a cold one.
"""

import io
import itertools
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.readback import ReadBack
from mms_gateway.message_table.store import Item, deserialize
from tests.bench.bodies import api_event
from tests.bench.starting import NOTED_RUNTIME
from tests.bench.workbench import STORE_DELAY, Workbench
from tests.faults.calls import AwsCall
from tests.faults.security.functions import Functions, functions_of
from tests.integration.producer import Producer
from tests.runtime.emulator import Artifact, deployed_artifact, running_emulator
from tests.runtime.events import queue_event
from tests.unit.test_items import size_of
from tests.wire.bodies import main, message, multipart_type, part, report_json, text

PRICES = {price["id"]: price for price in json.loads(Path(__file__).with_name("prices.json").read_text())}
MILLION = 1_000_000
PICTURE = 300_000  # bytes
FULL_PROCESSOR = 1769  # MB, with which Lambda lends one; less memory, less of it. Source: Lambda's quotas page.
OPENMARKET = 0.5  # seconds for its answer; nothing is documented
COLD = 0.01  # of all calls
KEPT_DAYS, RAW_DAYS = 30, 7
PLATFORM_LOG, API_LOG = 300, 250  # bytes of Lambda's own lines for a call, and of the API's access log
GB = 2**30
ITEM_OVERHEAD = 100  # bytes that DynamoDB adds to each item and index entry it keeps
A_SECOND = MILLION / (30 * 24 * 3600)  # messages, where a million comes in a month
# X-Ray's default rule: the first call of each second, which so many are of a steady stream, and 5 % of the others.
FIRST = (1 - math.exp(-A_SECOND)) / A_SECOND
TRACED = FIRST + 0.05 * (1 - FIRST)
PROJECTED = {"pk", "sk", "serviceDay", "serviceOrder", "direction", "handset", "subject", "status"}  # of by-service
WARM_CALLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a function does for one message."""

    cpu: float
    """Seconds of a whole processor, warm."""
    start: float
    """Likewise, of a start."""
    waits: float
    """Seconds in which it waits for others, one after another."""
    memory: int
    """MB."""
    log_bytes: float
    calls: Sequence[AwsCall]

    @property
    def seconds(self) -> float:
        """What is billed for a warm call, in whole milliseconds."""
        return math.ceil((self.cpu / min(1, self.memory / FULL_PROCESSOR) + self.waits) * 1000) / 1000


@dataclass
class Sheet:
    """Quantities for one message, by price."""

    quantities: dict[tuple[str, str], float] = field(default_factory=dict)
    """By what it is and the price's id."""
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    """Every item that is kept, by its key."""

    def add(self, what: str, price: str, quantity: float) -> None:
        """So much more of it for each message."""
        if quantity:
            self.quantities[what, price] = self.quantities.get((what, price), 0) + quantity

    def add_storage(self) -> "Sheet":
        """What keeping the items takes; gives the sheet. Backups hold the table without its indexes."""
        months = KEPT_DAYS / 30 / GB
        table = sum(_size(item) + ITEM_OVERHEAD for item in self.items.values())
        indexes = sum(
            _size(item) + _size(_projected(item)) + 2 * ITEM_OVERHEAD
            for item in self.items.values()
            if "serviceDay" in item
        )
        self.add("DynamoDB storage", "dynamodb-gb-month", (table + indexes) * months)
        self.add("DynamoDB backup", "dynamodb-backup-gb-month", table * months)
        return self

    def dollars(self) -> float:
        """For a million messages."""
        return sum(_dollars(price, quantity) for (_, price), quantity in self.quantities.items())


def _dollars(price: str, quantity: float) -> float:
    told = PRICES[price]
    return float(told["usd"]) / float(told["per"]) * quantity * MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What is done for a message in, a message out, and a report."""

    inbound: Work
    outbound: Work
    report: Work
    item_of: Callable[[AwsCall], Item]
    """The item that a call writes, of a change as it is afterwards."""


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
    secret, metric = (PRICES[price]["usd"] for price in ("secret-month", "metric-month"))
    console.print(
        f"Taken as given: {given}. Measured: {found}. Besides, each month whatever comes: ${secret:.2f} for the "
        f"secret, ${metric:.2f} for each metric that has a value (API Gateway's too), a call of the secret each minute "
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
    lines = [(_dollars(price, quantity), what, price, quantity) for (what, price), quantity in sheet.quantities.items()]
    for dollars, what, price, quantity in sorted(lines, reverse=True):
        date = PRICES[price]["as_of"] or "no date"
        table.add_row(what, f"{quantity:.3g}", f"{dollars:.2f}", f"{dollars / sheet.dollars():.0%}", str(date))
    console.print(f"\n[bold]{title}: ${sheet.dollars():.2f}[/bold]")
    console.print(table)


# --- what is measured -------------------------------------------------------------------------------------------------


def measured(bench: Workbench) -> Costs:
    """Run each function once for its calls, and often for its processor's time."""
    stored = ReadBack(bench.stack)
    producer, functions = Producer(bench.stack, stored), functions_of(bench.stack, [])
    picture = message(
        main(moId=time.time_ns()), part(bytes(PICTURE), "image/jpeg", "parrot.jpg"), text("Is this parrot dead?")
    )
    source = producer.upload("parrot.jpg", bytes(PICTURE))

    def outgoing() -> dict[str, Any]:
        return producer.message(
            content=[{"contentId": "parrot.jpg", "s3": source}, {"contentId": "text.txt", "text": "It is"}]
        )

    one = outgoing()
    inbound = _calls(functions, lambda: functions.take(picture, multipart_type()))
    outbound = _calls(functions, lambda: functions.send(one))
    mt_id = producer.item(one)["mtId"]
    report = _calls(functions, lambda: functions.take(report_json(mtId=mt_id), "application/json"))

    receiver = bench.artifacts.ours("ReceiveCallback")
    sender = bench.artifacts.ours("SendMms")
    deployed = deployed_artifact(bench.stack, bench.stack.send_function_name, bench.new_folder())
    sender = sender.with_environment(**deployed.environment)
    json_event = {**api_event(report_json()), "headers": {"Content-Type": "application/json"}, "multiValueHeaders": {}}
    memory = {name: _memory(bench, name) for name in (bench.stack.function_name, bench.stack.send_function_name)}
    received, sent = memory.values()
    return Costs(
        inbound=_work(
            bench, receiver, lambda: json.dumps(api_event(picture)), inbound, received, waits=2 * STORE_DELAY
        ),
        report=_work(
            bench, receiver, lambda: json.dumps(json_event), report, received, waits=len(report) * STORE_DELAY
        ),
        outbound=_work(
            bench,
            sender,
            lambda: queue_event({"Body": json.dumps(outgoing())}),
            outbound,
            sent,
            waits=len(outbound) * STORE_DELAY + OPENMARKET,
        ),
        item_of=partial(_item_of, stored),
    )


def _calls(functions: Functions, deliver: Callable[[], object]) -> list[AwsCall]:
    """The calls for one delivery, without that for the secret, which comes once a minute."""
    functions.calls.clear()
    with redirect_stdout(io.StringIO()):  # metrics
        assert deliver()
    return [call for call in functions.calls if call.service != "secretsmanager"]


def _memory(bench: Workbench, name: str) -> int:
    return int(bench.stack.client("lambda").get_function_configuration(FunctionName=name)["MemorySize"])


def _work(
    bench: Workbench,
    artifact: Artifact,
    next_event: Callable[[], str],
    calls: Sequence[AwsCall],
    memory: int,
    *,
    waits: float,
) -> Work:
    """Deliver events under the emulator, and read its notes."""
    place = bench.new_folder()
    note = place / "note"
    times = 2 if bench.quick else WARM_CALLS
    with running_emulator(artifact.with_environment(BENCH_NOTE=str(note)), place, [NOTED_RUNTIME]) as emulator:
        for _ in range(times + 1):
            answer = emulator.invoke(next_event())
            assert answer.result.get("statusCode", 200) == 200, answer
            assert not answer.result.get("batchItemFailures"), answer
    clock = [json.loads(line)["cpu"] for line in note.read_text().splitlines()]
    warm = [later - earlier for earlier, later in itertools.pairwise(clock[1:])]
    own_lines = [line for line in emulator.output().splitlines() if line.startswith("{")]
    return Work(
        cpu=statistics.median(warm),
        start=clock[0],
        waits=waits,
        memory=memory,
        log_bytes=sum(map(len, own_lines)) / (times + 1) + PLATFORM_LOG,
        calls=calls,
    )


def _item_of(stored: ReadBack, call: AwsCall) -> Item:
    if "Item" in call.parameters:
        return deserialize(call.parameters["Item"])
    key = deserialize(call.parameters["Key"])
    return stored.item(key["pk"], key["sk"])


def _size(item: Item) -> int:
    """Bytes, by DynamoDB's rules."""
    return size_of(json.loads(json.dumps(item, default=int)))


def _projected(item: Item) -> Item:
    return {name: value for name, value in item.items() if name in PROJECTED}


# --- the sheets -------------------------------------------------------------------------------------------------------


def inbound_sheet(costs: Costs, *, raw: bool = True) -> Sheet:
    """A message from a handset; without `raw` its body is not kept."""
    sheet = Sheet()
    _add_api(sheet)
    _add_function(sheet, costs.inbound, costs, raw=raw)
    sheet.add("S3 storage of media", "s3-gb-month", PICTURE / GB * KEPT_DAYS / 30)
    sheet.add("S3 storage of whole callbacks", "s3-gb-month", PICTURE / GB * RAW_DAYS / 30 * raw)
    return sheet.add_storage()


def outbound_sheet(costs: Costs, *, link: bool = False) -> Sheet:
    """A message to a handset and its report; as a `link` OpenMarket fetches the picture elsewhere."""
    sheet = Sheet()
    sheet.add("SQS requests: send, receive, delete", "sqs-request", 3)
    calls = [call for call in costs.outbound.calls if not (link and call.service == "s3")]
    _add_function(sheet, replace(costs.outbound, calls=calls), costs)
    sheet.add("data out to OpenMarket", "internet-gb", (0 if link else PICTURE) / GB)
    sheet.add("S3 puts, the producer's", "s3-put", 0 if link else 1)
    sheet.add("S3 storage of media", "s3-gb-month", (0 if link else PICTURE) / GB * KEPT_DAYS / 30)
    _add_api(sheet)
    _add_function(sheet, costs.report, costs)
    return sheet.add_storage()


def _add_api(sheet: Sheet) -> None:
    sheet.add("API Gateway calls", "api-call", 1)
    sheet.add("CloudWatch Logs", "log-gb", API_LOG / GB)


def _add_function(sheet: Sheet, work: Work, costs: Costs, *, raw: bool = True) -> None:
    sheet.add("Lambda calls", "lambda-request", 1)
    sheet.add("Lambda time", "lambda-gb-second", work.seconds * work.memory / 1024)
    sheet.add("Lambda time of cold starts", "lambda-gb-second", COLD * work.start * work.memory / 1024)
    for call in work.calls:
        match call.operation:
            case "PutObject" if raw or not call.parameters["Key"].startswith("raw/"):
                sheet.add("S3 puts", "s3-put", 1)
            case "GetObject" | "HeadObject":
                sheet.add("S3 gets and heads", "s3-get", 1)
            case "GetItem" | "Query":
                sheet.add("DynamoDB reads", "dynamodb-read-unit", 1)  # of 4 KB at most, consistent
            case "TransactWriteItems":
                for action in call.parameters["TransactItems"]:
                    ((_, parameters),) = action.items()
                    _add_write(sheet, replace(call, parameters=parameters), costs, units=2)
            case "PutItem" | "UpdateItem":
                _add_write(sheet, call, costs, units=1)
    sheet.add("CloudWatch Logs", "log-gb", work.log_bytes / GB)
    sheet.add("X-Ray traces", "trace", TRACED)


def _add_write(sheet: Sheet, call: AwsCall, costs: Costs, *, units: int) -> None:
    """A write of the table, at so many units a kilobyte, and what it changes in the indexes."""
    item = costs.item_of(call)
    kilobytes = math.ceil(_size(item) / 1024)
    sheet.items[item["pk"], item["sk"]] = item
    sheet.add("DynamoDB writes", "dynamodb-write-unit", units * kilobytes)
    if "serviceDay" not in item:
        return
    sheet.add("DynamoDB writes of by-handset", "dynamodb-write-unit", kilobytes)
    if "#status =" in call.parameters.get("UpdateExpression", "#status ="):  # else nothing changes that stands there
        sheet.add("DynamoDB writes of by-service", "dynamodb-write-unit", 1)


def levers(costs: Costs) -> Iterator[str]:
    """What would change the sums, each alone."""
    inbound, outbound = inbound_sheet(costs).dollars(), outbound_sheet(costs).dollars()
    yield f"RawDays=0: MO {inbound_sheet(costs, raw=False).dollars() - inbound:+.2f}"
    for memory in (512, FULL_PROCESSOR):
        other = replace(costs, inbound=replace(costs.inbound, memory=memory))
        yield f"CallbackMemory={memory}: MO {inbound_sheet(other).dollars() - inbound:+.2f}"
    yield f"links in place of pictures: MT {outbound_sheet(costs, link=True).dollars() - outbound:+.2f}"
    untraced = Sheet({key: value for key, value in inbound_sheet(costs).quantities.items() if key[1] != "trace"})
    yield f"Tracing: PassThrough: MO {untraced.dollars() - inbound:+.2f}"
    slower = replace(costs, outbound=replace(costs.outbound, waits=costs.outbound.waits + 0.1))
    yield f"OpenMarket 100 ms slower: MT {outbound_sheet(slower).dollars() - outbound:+.2f}"
    smaller = replace(costs, outbound=replace(costs.outbound, memory=256))
    yield f"SendMemory=256: MT {outbound_sheet(smaller).dollars() - outbound:+.2f}"
