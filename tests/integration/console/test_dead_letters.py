"""Dead letters on the running stack, which has no message move task; each test has a queue of its own for them."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.connection import Gateway, local_gateway
from console.dead_letters import DeadLetters
from local.stack import Stack
from mms_gateway.send_queue import SendQueue
from tests.integration.console.conftest import Mms
from tests.integration.producer import Producer

REASON = "the queue message can't be read: the JSON is not valid at line 1, column 1"


@dataclass(frozen=True, slots=True)
class Own:
    """A dead-letter queue that only one test knows, and the gateway that has it."""

    gateway: Gateway
    url: str

    def put(self, message: dict[str, Any]) -> None:
        """Put a message there as SQS itself does after 200 receives."""
        self.gateway.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(message))

    def set_aside(self, body: str) -> None:
        """Put a message there as the sender does."""
        SendQueue(self.gateway.sqs, url="", dead_letter_url=self.url).set_aside(body, REASON)

    def bodies(self) -> list[str]:
        """What anybody may receive there now."""
        got = self.gateway.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in got.get("Messages", [])]


@pytest.fixture
def own(stack: Stack, mms: Mms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    del mms  # it has named the stack to the command, and this names another
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName=f"dead-letters-{uuid.uuid4()}")["QueueUrl"]
    told = {**json.loads(stack.as_json()), "deadLetterQueueUrl": url}
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(told))
    monkeypatch.setenv("MMS_STACK_JSON", str(file))
    yield Own(local_gateway(told), url)
    sqs.delete_queue(QueueUrl=url)


def test_dead_letters_are_listed_oldest_first_with_their_reason_and_stay(
    mms: Mms, own: Own, producer: Producer
) -> None:
    often = producer.message()
    own.put(often)
    own.set_aside("\x9b2J[b]no\nJSON\nat\nall")
    for _ in range(2):
        said = mms("dlq", "list").out
        assert said.index(f"  {often['requestId']}  to {often['destination']}") < said.index("(no usable requestId)")
        assert f"    {REASON}\n    \ufffd2J[b]no\n    JSON\n    at…\n" in said
    first, second = mms("dlq", "list", "--json").json
    assert (first["requestId"], first["destination"], first["reason"]) == (
        often["requestId"],
        often["destination"],
        None,
    )
    assert (second["requestId"], second["reason"], second["receives"]) == (None, REASON, 3)
    few = mms("dlq", "list", "--limit", "1")
    assert often["requestId"] in few.out
    assert "At least 1; SQS says about 2" in few.err
    assert len(own.bodies()) == 2, "they are not hidden from others afterwards"


def test_many_are_listed_once_each(mms: Mms, own: Own, producer: Producer) -> None:
    messages = [producer.message() for _ in range(25)]
    for message in messages:
        own.put(message)
    assert [one["requestId"] for one in mms("dlq", "list", "--json").json] == [one["requestId"] for one in messages]


def test_an_empty_queue_is_said_to_be(mms: Mms, own: Own) -> None:
    assert mms("dlq", "list").err == "The dead-letter queue is empty.\n"
    assert mms("dlq", "redrive").err == "The dead-letter queue is empty.\n"
    own.set_aside("no JSON")
    own.gateway.sqs.receive_message(QueueUrl=own.url, VisibilityTimeout=30)
    assert mms("dlq", "list").err == "The dead-letter queue is empty. About 1 are hidden, look again.\n"


def test_dead_letters_are_sent_again_but_for_those_that_would_come_back(mms: Mms, own: Own, producer: Producer) -> None:
    messages = [producer.message() for _ in range(12)]
    for message in messages:
        own.put(message)
    own.set_aside("no JSON")
    refused = mms("dlq", "redrive", typed="n\n")
    assert refused.status == 1
    assert "1 would come back, for the reasons in `mms dlq list`, and stay" in refused.err
    assert "Send 12 dead letters again? [y/n] (n)" in refused.err
    assert producer.item(messages[0]) == {}
    said = mms("dlq", "redrive", typed="y\n")
    assert (said.status, said.out) == (0, "12 sent again, 1 stay.\n")
    assert {item["status"] for item in producer.wait_for_all(messages, 60)} == {"ACCEPTED"}
    assert own.bodies() == ["no JSON"]
    nothing = mms("dlq", "redrive")
    assert (nothing.status, nothing.out) == (0, "")
    assert "1 would come back" in nothing.err


def test_those_that_come_back_are_sent_once_if_they_are_wanted(mms: Mms, own: Own, producer: Producer) -> None:
    text = f"no JSON {uuid.uuid4()}"
    own.set_aside(text)
    said = mms("dlq", "redrive", "--all", "--yes")
    assert (said.status, said.out) == (0, "1 sent again.\n")
    assert own.bodies() == []
    (back,) = producer.set_aside(text)  # by the sender, where it always does
    assert back["MessageAttributes"]["reason"]["StringValue"] == REASON


def test_one_that_comes_back_while_they_are_sent_stays(own: Own) -> None:
    text = f"no JSON {uuid.uuid4()}"
    own.set_aside(text)
    rounds = []

    def bring_back(moved: int) -> None:
        assert moved < 4, "it goes round in circles"
        time.sleep(1.1)  # which is as exactly as SQS tells its time
        own.set_aside(text)
        rounds.append(moved)

    moved = DeadLetters(own.gateway).move(those_that_come_back=True, on_moved=bring_back)
    assert (moved.moved, moved.left, rounds) == (1, 1, [1])
    assert own.bodies() == [text]


def test_none_is_deleted_that_could_not_be_sent(own: Own, producer: Producer, monkeypatch: pytest.MonkeyPatch) -> None:
    message = producer.message()
    own.put(message)
    letters = DeadLetters(own.gateway)
    monkeypatch.setattr(letters, "_send_url", f"{own.gateway.addresses.send_queue_url}-of-nobody")
    moved = letters.move(those_that_come_back=False)
    assert (moved.moved, len(moved.problems)) == (0, 1)
    assert "SendMessage" in moved.problems[0]
    assert own.bodies() == [json.dumps(message)]


def test_a_stack_without_a_move_task_says_so_by_none(gateway: Gateway) -> None:
    assert DeadLetters(gateway).move_all() is None
