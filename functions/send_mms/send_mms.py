"""Lambda behind the queue: messages to send in, those to come again out."""

import gc
import os

IN_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ  # elsewhere (tests, tools) importing this module does nothing
if IN_LAMBDA:
    gc.disable()  # until the start is over: nothing it makes is garbage, and looking for it takes 7 % of its time

import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from mms_gateway.aws import client_config, share_trust
from mms_gateway.credentials import Account
from mms_gateway.errors import NotDone, StorageRefused, StorageUnavailable, Undeliverable
from mms_gateway.function_time import COMMIT_SECONDS
from mms_gateway.logs import send_line
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.outbound import OutboundTable
from mms_gateway.openmarket_client import OpenMarketClient, trusted
from mms_gateway.outbound import Delivery, Outcome, Rules
from mms_gateway.send_queue import SendQueue
from mms_gateway.send_settings import SendSettings, read_send_settings
from mms_gateway.sending import Sender

MEDIA_AT_A_TIME = 8  # connections to the bucket; an MMS has a handful of contents

METRICS = {
    "accepted": "Accepted",
    "rejected": "Rejected",
    "in-doubt": "InDoubt",
    "retry": "Retried",
    "conflict": "Conflicts",
    "repeat": "Duplicates",
    "busy": "Busy",
    "unavailable": "Unavailable",
}
ALARMS = {
    "credentials": "CredentialsRefused",
    "redirect": "Redirected",
    "secret": "SecretUnreadable",
    "shared": "Conflicts",
}
COMPARED = {"Accepted", "Rejected", "Retried"}  # an alarm looks at the share that one of them has of all three
QUIET = {"accepted", "repeat", "busy"}  # nothing that a person must look at

logger = Logger()
metrics = Metrics()
# A batch of which nothing could be done is no error of the function's.
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything that sending needs, built once for all messages."""

    settings: SendSettings
    sender: Sender
    queue: SendQueue


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@lru_cache(maxsize=1)
def gateway() -> Gateway:
    """The gateway that the environment describes."""
    settings = read_send_settings(os.environ)
    share_trust()
    few = client_config(connections=2)
    bucket = boto3.client("s3", config=client_config(connections=MEDIA_AT_A_TIME))
    sender = Sender(
        table=OutboundTable(boto3.client("dynamodb", config=few), settings.table_name, settings.retention),
        bucket=MediaBucket(bucket, settings.media_bucket, ThreadPoolExecutor(MEDIA_AT_A_TIME)),
        client=OpenMarketClient(
            settings.endpoints,
            trusted(),
            connect_seconds=settings.connect_seconds,
            call_seconds=settings.call_seconds,
        ),
        account=Account(boto3.client("secretsmanager", config=few), settings.secret_arn, warn=warn_of_the_secret),
        clock=SystemClock(),
        rules=Rules(
            media_bucket=settings.media_bucket,
            mt_config=settings.mt_config,
            link_hosts=settings.link_hosts,
            max_message_bytes=settings.max_message_bytes,
            window=settings.window,
            call_seconds=settings.call_seconds,
            backoff_seconds=settings.backoff_seconds,
        ),
        tell=tell_of_acceptance,
    )
    queue = SendQueue(
        boto3.client("sqs", config=few), url=settings.send_queue_url, dead_letter_url=settings.dead_letter_queue_url
    )
    return Gateway(settings=settings, sender=sender, queue=queue)


def warn_of_the_secret(reason: str) -> None:
    """Tell that somebody must look at the secret, while messages still go out."""
    logger.warning("secret", extra={"outcome": "secret", "reason": reason})
    _count("SecretUnreadable")


def tell_of_acceptance(outcome: Outcome) -> None:
    """Tell the mtId before it is written down: should that fail, the doubt can be settled with this line."""
    logger.info("taken", extra={**send_line(outcome), "outcome": "taken"})


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Send every message of the batch as far as it goes; the answer names those that must come again."""
    return process_partial_response(event=event, record_handler=send, processor=processor, context=context)


def send(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Send one message; NotDone where the queue must bring it again."""
    whole, receives = gateway(), 1
    try:
        receives = int(record.attributes.approximate_receive_count)
        wait = _take(whole, record, receives, lambda_context.get_remaining_time_in_millis() / 1000)
    except Exception as bug:  # noqa: BLE001 - it comes again; the trace goes without its text, which may quote
        _tell_of_mistake(record, bug)
        wait = whole.sender.backoff(receives)
    if wait is not None:
        _put_off(whole.queue, record, wait)
        raise NotDone("come again")


def _take(whole: Gateway, record: SQSRecord, receives: int, seconds: float) -> float | None:
    """Take a message as far as it goes: seconds after which it must come again, None where it is done with."""
    if seconds < whole.settings.call_seconds + COMMIT_SECONDS:
        logger.info("handed-back", extra={"outcome": "handed-back", "messageId": record.message_id})
        _count("HandedBack")
        return 1.0
    sent_at = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
    delivery = Delivery(
        body=record.body,
        enqueued_at=min(sent_at, datetime.now(UTC)),  # the sample events' lies in the future, and so is never too old
        receives=receives,
        function_ends=time.monotonic() + seconds,
    )
    try:
        outcome = whole.sender.send(delivery)
    except Undeliverable as error:
        return None if _set_aside(whole.queue, record, str(error)) else whole.sender.backoff(receives)
    _tell(outcome, record, receives)
    return outcome.come_again_in


def _tell(outcome: Outcome, record: SQSRecord, receives: int) -> None:
    quiet = outcome.name in QUIET and outcome.reason is None
    log = logger.error if outcome.alarm else logger.info if quiet else logger.warning
    log(outcome.name, extra=send_line(outcome) | {"messageId": record.message_id, "receives": receives})
    _count(METRICS[outcome.name])
    if outcome.alarm:
        _count(ALARMS[outcome.alarm])


def _tell_of_mistake(record: SQSRecord, bug: Exception) -> None:
    reason, frames = f"a mistake of the gateway's: {type(bug).__name__}", traceback.format_tb(bug.__traceback__)
    facts = {"outcome": "mistake", "messageId": record.message_id, "reason": reason, "frames": frames}
    _alert("mistake", facts)
    _count("Mistakes")


def _alert(message: str, facts: Mapping[str, object]) -> None:
    logger.error(message, extra=facts)  # without the exception's text, which may quote


def _count(metric: str) -> None:
    metrics.add_metric(metric, MetricUnit.Count, 1)
    for other in COMPARED - {metric} if metric in COMPARED else ():
        metrics.add_metric(other, MetricUnit.Count, 0)  # nothing is no number


def _set_aside(queue: SendQueue, record: SQSRecord, reason: str) -> bool:
    """Put what can't be recorded where a person finds it; false where that can't be done now."""
    facts = {"outcome": "set-aside", "messageId": record.message_id, "reason": reason}
    try:
        queue.set_aside(record.body, reason)
    except (StorageUnavailable, StorageRefused) as trouble:
        _alert("unavailable", facts | {"outcome": "unavailable", "reason": f"{reason}; {trouble}"})
        _count(METRICS["unavailable"])
        return False
    logger.warning("set-aside", extra=facts)
    _count("SetAside")
    return True


def _put_off(queue: SendQueue, record: SQSRecord, seconds: float) -> None:
    """Have the queue bring a record again after so many seconds, or, where it does not listen, after its own time."""
    try:
        queue.put_off(record.receipt_handle, seconds)
    except (StorageUnavailable, StorageRefused) as trouble:
        logger.warning("queue", extra={"outcome": "queue", "messageId": record.message_id, "reason": str(trouble)})


# The clients are built while the function starts: AWS lends a full processor then, and the first message finds them
# ready.
if IN_LAMBDA:
    gateway()
    gc.freeze()  # what has been made stays, so it need not be looked at again
    gc.enable()
