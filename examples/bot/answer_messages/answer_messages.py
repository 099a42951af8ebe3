"""Lambda on the gateway's stream: new messages from handsets in, answers into the gateway's queue."""

import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBRecordEventName,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from answers import START, STOP, choose_answer, first_word
from messages import Message, Picture, read_message
from opt_outs import OptOuts
from outbox import Outbox

# Bounded, so that ten messages fit into the function's time even while a service answers slowly.
CLIENTS = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})

logger = Logger()
# A batch of which nothing could be answered comes again as it is; only one that ends the function is cut in two.
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Everything that answering needs, built once for all messages."""

    opt_outs: OptOuts
    outbox: Outbox
    parrot: Picture

    def answer(self, message: Message) -> str | None:
        """Answer a message; gives the answer's requestId, None where there is none. May be repeated."""
        if not message.answerable:
            return None
        word = first_word(message)
        if word in STOP | START:  # noted first: should sending fail, the word holds nevertheless
            self.opt_outs.note(message, opted_out=word in STOP)
        answer = choose_answer(message, opted_out=self.opt_outs.has(message), parrot=self.parrot)
        return None if answer is None else self.outbox.send(message, answer)


@lru_cache(maxsize=1)
def bot() -> Bot:
    """The bot that the environment describes."""
    outbox = Outbox(
        boto3.client("sqs", config=CLIENTS),
        boto3.client("s3", config=CLIENTS),
        queue_url=os.environ["SEND_QUEUE_URL"],
        bucket=os.environ["MEDIA_BUCKET"],
    )
    opt_outs = OptOuts(boto3.client("dynamodb", config=CLIENTS), os.environ["OPT_OUT_TABLE"])
    parrot = Picture(key=os.environ["PICTURE_KEY"], content_type="image/jpeg")
    return Bot(opt_outs=opt_outs, outbox=outbox, parrot=parrot)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Answer every message of the batch; what is given back names those that must come again."""
    return process_partial_response(event=event, record_handler=answer, processor=processor, context=context)


def answer(record: DynamoDBRecord) -> None:
    """Answer the message of one record, and leave one line about it: ids, never what was written or whole numbers."""
    item: Mapping[str, Any] = {}
    try:
        item = new_image(record)
        request_id = bot().answer(read_message(item)) if is_new_message(record, item) else None
    except Exception as problem:
        # The frames without the error's own text, which may quote.
        reason, frames = type(problem).__name__, traceback.format_tb(problem.__traceback__)
        logger.error("failed", extra={**facts(item, "failed"), "reason": reason, "frames": frames})  # noqa: TRY400
        raise
    outcome = "answered" if request_id else "silent"
    logger.info(outcome, extra={**facts(item, outcome), "requestId": request_id})


def new_image(record: DynamoDBRecord) -> Mapping[str, Any]:
    """The item as it stands now; LookupError where the stream brings none."""
    image = record.dynamodb.new_image if record.dynamodb else None
    if not image:
        raise LookupError("the stream brings no new images")
    return image


def is_new_message(record: DynamoDBRecord, item: Mapping[str, Any]) -> bool:
    """Whether a record is what the filter lets through: looked at here too, for answering more may never end."""
    new = record.event_name is DynamoDBRecordEventName.INSERT
    return new and (item.get("sk"), item.get("direction")) == ("MESSAGE", "MO")


def facts(item: Mapping[str, Any], outcome: str) -> dict[str, Any]:
    """What every line tells of a message."""
    return {"moId": item.get("moId"), "handset": f"…{item.get('handset', '')[-4:]}", "outcome": outcome}
