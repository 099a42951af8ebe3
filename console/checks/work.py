"""The queues and the functions that work on them, and what waits for a person."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from console.checks.findings import Finding, failed, fine, unknown, warning
from console.connection import Gateway
from console.output import counted
from console.reading import KINDS, Kind
from mms_gateway.message_table.store import serialize

MOST = 10_000  # entries that are counted at most
ADVICE: dict[Kind, str] = {
    "IN_DOUBT": "It is not known whether OpenMarket took them.",
    "REJECTED": "They were not sent, and will not be.",
    "CONFLICT": "One id came with two contents.",
    "QUARANTINED": "These are callbacks that could not be read.",
}


def check_send_queue(gateway: Gateway) -> Iterator[Finding]:
    """How many messages wait, since when, and whether what fails goes to the dead-letter queue."""
    attributes = _attributes(gateway, gateway.addresses.send_queue_url)
    waiting, at_work, later = (
        int(attributes.get(f"ApproximateNumberOfMessages{which}", 0)) for which in ("", "NotVisible", "Delayed")
    )
    oldest = "" if gateway.is_local or not waiting + at_work else _oldest(gateway, attributes["QueueArn"])
    yield fine("send queue", f"{waiting + later:,} wait, {at_work:,} are at work or put off{oldest}")
    target = json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
    expected = _attributes(gateway, gateway.addresses.dead_letter_queue_url)["QueueArn"]
    if target == expected:
        yield fine("send queue's redrive", "what comes too often goes to the dead-letter queue")
    else:
        yield failed(
            "send queue's redrive",
            f"leads to {target or 'nowhere'}, not to {expected}",
            "Messages that can't be sent would be lost; deploy the stack again.",
        )


def check_dead_letters(gateway: Gateway) -> Iterator[Finding]:
    """Whether messages lie in the dead-letter queue."""
    attributes = _attributes(gateway, gateway.addresses.dead_letter_queue_url)
    count = sum(int(attributes.get(f"ApproximateNumberOfMessages{which}", 0)) for which in ("", "NotVisible"))
    if count:
        yield warning(
            "dead-letter queue",
            f"{counted(count, 'message')} in it",
            f"See them with `{gateway.command('dlq', 'list')}`.",
        )
    else:
        yield fine("dead-letter queue", "empty")


def check_functions(gateway: Gateway) -> Iterator[Finding]:
    """Whether both functions can run."""
    client = gateway.client("lambda")
    for name, output in (("receiving function", "ReceiveCallbackName"), ("sending function", "SendMmsName")):
        function = gateway.outputs.get(output)
        if function is None:
            yield unknown(name, f"the stack has no output {output}")
            continue
        told = client.get_function_configuration(FunctionName=function)
        state, update = told.get("State", "Active"), told.get("LastUpdateStatus", "Successful")
        if (
            state in {"Active", "Inactive"} and update == "Successful"
        ):  # Inactive: idle for long, the next call wakes it
            yield fine(name, f"{function} is {state}")
        else:
            why = told.get("StateReason") or told.get("LastUpdateStatusReason") or ""
            yield failed(name, f"{function} is {state}, its update {update}. {why}".strip(), "Deploy the stack again.")


def check_event_source(gateway: Gateway) -> Iterator[Finding]:
    """Whether the sending function is given what is enqueued."""
    function = gateway.outputs.get("SendMmsName")
    if function is None:
        return
    told = gateway.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    queue = gateway.outputs.get("SendQueueArn")
    mapping = next((each for each in told if each.get("EventSourceArn") == queue), None)
    if mapping is None:
        yield failed("queue to function", "the sending function is given nothing", "Deploy the stack again.")
    elif mapping.get("State") == "Enabled":
        yield fine("queue to function", "Enabled")
    else:
        yield failed(
            "queue to function",
            f"{mapping.get('State')}: nothing is sent. {mapping.get('StateTransitionReason', '')}".strip(),
            f"aws lambda update-event-source-mapping --uuid {mapping.get('UUID')} --enabled",
        )


def check_attention(gateway: Gateway) -> Iterator[Finding]:
    """How much waits for a person, by kind."""
    counts = {kind: _count(gateway, kind) for kind in KINDS}
    for kind, count in counts.items():
        if count:
            told = f"{count:,}" if count < MOST else f"{MOST:,} or more"
            see = gateway.command("attention", "--kind", kind)
            yield warning("attention", f"{told} {kind}", f"{ADVICE[kind]} See `{see}`.")
    if not any(counts.values()):
        yield fine("attention", "nothing waits for a person")


def _attributes(gateway: Gateway, url: str) -> dict[str, str]:
    answer: Any = gateway.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = answer["Attributes"]
    return attributes


def _oldest(gateway: Gateway, arn: str) -> str:
    """The age of the oldest message, as far as CloudWatch tells: the queue itself does not."""
    now = datetime.now(UTC)
    try:
        answer = gateway.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": arn.rpartition(":")[2]}],
            StartTime=now - timedelta(minutes=15),
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )
    except Exception:  # noqa: BLE001 - it is only said where it can be had
        return ""
    points = sorted(answer.get("Datapoints", []), key=lambda point: point["Timestamp"])
    return f", the oldest for {timedelta(seconds=int(points[-1]['Maximum']))}" if points else ""


def _count(gateway: Gateway, kind: Kind) -> int:
    pages = gateway.dynamodb.get_paginator("query").paginate(
        TableName=gateway.addresses.table_name,
        IndexName="attention",
        KeyConditionExpression="attention = :kind",
        ExpressionAttributeValues=serialize({":kind": kind}),
        Select="COUNT",
    )
    count = 0
    for page in pages:
        count += page["Count"]
        if count >= MOST:
            break
    return count
