"""The example bot on the local stack: deployed with the tools and the template that go to the cloud."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local.deployment import sam_environment
from local.places import ROOT, SAM
from local.processes import run_tool
from local.stack import Stack

BOT = ROOT / "examples" / "bot"
NAME = "mms-bot"
LOGS = f"/aws/lambda/{NAME}-answer-messages"
PATIENCE = 30.0

Record = dict[str, Any]
T = TypeVar("T")


def wait_for(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `look` gives as soon as it gives anything."""
    end = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < end, f"waited {patience} s in vain"
        time.sleep(0.05)
    return found


class BotStack:
    """A deployed bot, and what a test wants to know of it."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._logs = stack, stack.client("logs")
        self.stacks, self.functions = stack.client("cloudformation"), stack.client("lambda")
        outputs = outputs_of(stack, NAME)
        self.function = outputs["AnswerMessagesName"]
        self.opt_outs = stack.resource("dynamodb").Table(outputs["OptOutTableName"])
        self._unanswered = outputs["UnansweredQueueUrl"]
        self.role = self.functions.get_function_configuration(FunctionName=self.function)["Role"].rpartition("/")[2]

    @property
    def source(self) -> dict[str, Any]:
        """The event source as it is deployed."""
        (one,) = self.functions.list_event_source_mappings(FunctionName=self.function)["EventSourceMappings"]
        return dict(one)

    def lines(self, mo_id: str) -> list[dict[str, Any]]:
        """What the function has logged about a message."""
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=LOGS)
        texts = [event["message"] for page in pages for event in page["events"] if '"outcome"' in event["message"]]
        return [line for line in map(json.loads, texts) if line["moId"] == mo_id]

    def wait_for_line(self, mo_id: str, outcome: str) -> dict[str, Any]:
        """The first line that tells that this became of a message."""
        return wait_for(lambda: [line for line in self.lines(mo_id) if line["outcome"] == outcome])[0]

    def invoke(self, *records: Record) -> list[str]:
        """Deliver records by hand; the sequence numbers of those that must come again."""
        event = json.dumps({"Records": records}, default=lambda moment: moment.timestamp())
        answer = json.load(self.functions.invoke(FunctionName=self.function, Payload=event)["Payload"])
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def set_aside(self) -> list[dict[str, Any]]:
        """What lies in the queue of messages that were given up, taken out of it."""
        sqs = self._stack.client("sqs")
        found = sqs.receive_message(QueueUrl=self._unanswered, MaxNumberOfMessages=10).get("Messages", [])
        for one in found:
            sqs.delete_message(QueueUrl=self._unanswered, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(one["Body"]) for one in found]

    def delete(self) -> None:
        """Delete the stack, as `sam delete` does."""
        self.stacks.delete_stack(StackName=NAME)
        self.stacks.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def outputs_of(stack: Stack, name: str) -> dict[str, str]:
    """A deployed stack's outputs."""
    (told,) = stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in told["Outputs"]}


def stream_records(stack: Stack, *keys: str) -> list[Record]:
    """The records of the gateway's stream about items whose pk is one of these, as a function gets them."""
    streams, arn = stack.client("dynamodbstreams"), outputs_of(stack, "mms-gateway")["TableStreamArn"]
    found: list[Record] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            found += [one for one in page["Records"] if one["dynamodb"]["Keys"]["pk"]["S"] in keys]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


@contextmanager
def deployed_bot(stack: Stack) -> Iterator[BotStack]:
    """The bot, deployed, and deleted again."""
    with tempfile.TemporaryDirectory(prefix="mms-bot-") as name:
        _deploy(stack, Path(name))
    bot = BotStack(stack)
    try:
        yield bot
    finally:
        bot.delete()
        bot.opt_outs.delete()


def _deploy(stack: Stack, folder: Path) -> None:
    environment = sam_environment(stack.aws_endpoint_url, folder)
    steps: dict[str, list[str | Path]] = {
        "build": ["--template", BOT / "template.yaml", "--build-dir", folder / "built"],
        "deploy": [
            *("--template-file", folder / "built" / "template.yaml", "--parameter-overrides"),
            *(f"{name}={value}" for name, value in outputs_of(stack, "mms-gateway").items()),  # it takes its own
        ],
    }
    for step, arguments in steps.items():
        run_tool(
            [SAM, step, "--config-file", BOT / "samconfig.toml", *arguments],
            log=folder / f"{step}.log",
            environment=environment,
            advice="The example bot does not deploy.",
        )
