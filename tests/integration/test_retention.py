"""Retention on the running stack: what is written with the parameter set expires, and each write puts that off."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest

from console import resolving
from console.connection import local_gateway
from local.readback import Item, ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from mms_gateway.message_table.store import deserialize
from tests.faults.calls import AwsCall
from tests.faults.security.door import JSON
from tests.faults.security.functions import Functions, functions_of
from tests.faults.security.scenarios import SILENT, play, receiving, sending
from tests.integration.console.doubtful import in_doubt
from tests.integration.producer import Producer
from tests.wire.bodies import report_json

DAY = 86_400
DAYS = 40
KINDS = {
    *(("MO", "MESSAGE"), ("MO", "CONFLICT")),
    *(("MT", "MESSAGE"), ("MT", "CONFLICT")),
    *(("MTID", "REQUEST"), ("MTID", "REPORT")),
    ("RAW", "CALLBACK"),
}


def written(calls: Iterable[AwsCall]) -> set[tuple[str, str]]:
    """The keys of the items that calls write."""
    found = set()
    for call in calls:
        in_one = [write for each in call.parameters.get("TransactItems", []) for write in each.values()]
        for write in in_one or ([call.parameters] if call.operation in {"PutItem", "UpdateItem"} else []):
            key = deserialize(write.get("Key") or write["Item"])
            found.add((key["pk"], key["sk"]))
    return found


def items_of_everything(functions: Functions, producer: Producer, stored: ReadBack) -> list[Item]:
    """All items that both functions write in all that they do."""
    reported = producer.message(destination=SILENT)
    assert functions.send(reported)
    with SimulatorClient(functions.stack.open_market_url) as simulator:
        for scenarios in (
            receiving(functions, producer.item(reported)["mtId"]),
            sending(functions, producer, simulator),
        ):
            list(play(scenarios, functions.calls))
    items = [stored.item(pk, sk) for pk, sk in written(functions.calls)]
    return [item for item in items if item]  # a report's condition may have been refused for want of a message


def kind(item: Item) -> tuple[str, str]:
    return item["pk"].partition("#")[0], item["sk"].partition("#")[0]


def test_every_kind_of_item_expires_after_the_retention(stack: Stack, producer: Producer, stored: ReadBack) -> None:
    began = int(time.time())
    items = items_of_everything(functions_of(stack, [], RETENTION_DAYS=str(DAYS)), producer, stored)
    assert {kind(item) for item in items} == KINDS
    for item in items:
        assert began <= item["expiresAt"] - DAYS * DAY <= time.time(), item


def test_without_a_retention_nothing_expires(stack: Stack, producer: Producer, stored: ReadBack) -> None:
    items = items_of_everything(functions_of(stack, []), producer, stored)
    assert {kind(item) for item in items} == KINDS
    assert [item for item in items if "expiresAt" in item] == []


@pytest.fixture
def functions(stack: Stack) -> Functions:
    return functions_of(stack, [], RETENTION_DAYS=str(DAYS))


def about_to_expire(functions: Functions, message: dict[str, Any]) -> int:
    """Have a message stand as one that was written long ago; when it would expire."""
    soon = int(time.time()) + 60
    functions.table.update_item(
        Key={"pk": f"MT#{message['requestId']}", "sk": "MESSAGE"},
        UpdateExpression="SET expiresAt = :soon",
        ExpressionAttributeValues={":soon": soon},
    )
    return soon


def test_a_late_report_keeps_its_message(functions: Functions, producer: Producer) -> None:
    message = producer.message(destination=SILENT)
    assert functions.send(message)
    soon = about_to_expire(functions, message)
    body = report_json(mtId=int(producer.item(message)["mtId"]))
    assert functions.take(body, JSON) == (200, "report")
    assert producer.item(message)["expiresAt"] > soon + (DAYS - 1) * DAY


def test_a_message_that_is_tried_again_does_not_expire_meanwhile(
    functions: Functions, producer: Producer, simulator: SimulatorClient
) -> None:
    message = in_doubt(producer, simulator, destination=SILENT)
    soon = about_to_expire(functions, message)
    gateway = local_gateway(json.loads(functions.stack.as_json()))
    gateway.parameters["RetentionDays"] = str(DAYS)
    resolving.resend(gateway, producer.item(message))
    assert producer.item(message)["expiresAt"] > soon + (DAYS - 1) * DAY
    producer.wait(message, lambda item: item["status"] == "ACCEPTED")


def test_once_everything_is_kept_whoever_writes_an_item_takes_its_end_away(
    stack: Stack, producer: Producer, simulator: SimulatorClient
) -> None:
    functions = functions_of(stack, [])
    reported, closed = producer.message(destination=SILENT), in_doubt(producer, simulator, destination=SILENT)
    assert functions.send(reported)
    for message in (reported, closed):
        about_to_expire(functions, message)
    assert functions.take(report_json(mtId=int(producer.item(reported)["mtId"])), JSON) == (200, "report")
    resolving.close(local_gateway(json.loads(stack.as_json())), producer.item(closed))
    assert [message for message in (reported, closed) if "expiresAt" in producer.item(message)] == []


def test_a_repeat_does_not_touch_what_has_settled(functions: Functions, producer: Producer) -> None:
    """So that an item, once nothing new is written on it, goes when it was said to."""
    message = producer.message(destination=SILENT)
    assert functions.send(message)
    soon = about_to_expire(functions, message)
    assert functions.send(message)
    assert producer.item(message)["expiresAt"] == soon
