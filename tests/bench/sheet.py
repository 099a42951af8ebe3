"""The cost sheets: what a message uses, times AWS's list prices in us-east-1."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mms_gateway.message_table.store import Item
from tests.bench.work import FULL_PROCESSOR, PICTURE, Costs, Work
from tests.faults.calls import AwsCall
from tests.unit.test_items import size_of

PRICES = {price["id"]: price for price in json.loads(Path(__file__).with_name("prices.json").read_text())}
MILLION = 1_000_000
GB = 2**30
COLD = 0.01  # of all calls
KEPT_DAYS, RAW_DAYS = 30, 7
API_LOG = 250  # bytes of the API's access log for a call
ITEM_OVERHEAD = 100  # bytes that DynamoDB adds to each item and index entry it keeps
PROJECTED = {"pk", "sk", "serviceDay", "serviceOrder", "direction", "handset", "subject", "status"}  # of by-service
A_SECOND = MILLION / (30 * 24 * 3600)  # messages, where a million comes in a month
# X-Ray's default rule: the first call of each second, which so many are of a steady stream, and 5 % of the others.
FIRST = (1 - math.exp(-A_SECOND)) / A_SECOND
TRACED = FIRST + 0.05 * (1 - FIRST)


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
        return sum(dollars_of(price, quantity) for (_, price), quantity in self.quantities.items())


def dollars_of(price: str, quantity: float) -> float:
    """So much of it for each of a million messages."""
    told = PRICES[price]
    return float(told["usd"]) / float(told["per"]) * quantity * MILLION


def _size(item: Item) -> int:
    """Bytes, by DynamoDB's rules."""
    return size_of(json.loads(json.dumps(item, default=int)))


def _projected(item: Item) -> Item:
    return {name: value for name, value in item.items() if name in PROJECTED}


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
