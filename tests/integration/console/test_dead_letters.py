"""The dead-letter queue of the running stack, which has no message move task."""

import json
import time
import uuid
from typing import Any

import pytest

from console.connection import Gateway
from console.dead_letters import DeadLetters
from local.stack import Stack
from tests.integration.console.conftest import Mms, Said
from tests.integration.producer import Producer


@pytest.fixture
def came_too_often(stack: Stack, producer: Producer) -> dict[str, Any]:
    """A message as SQS itself moves it after 200 receives."""
    message = producer.message()
    stack.client("sqs").send_message(QueueUrl=stack.dead_letter_queue_url, MessageBody=json.dumps(message))
    return message


@pytest.fixture
def set_aside(producer: Producer) -> str:
    """A message that the sender can't record; what it says."""
    text = f"\x01[b]no JSON {uuid.uuid4()}"
    producer.enqueue(text.replace("\x01", "~"))
    producer.empties_the_queue()
    return text[1:]


def entry(said: Said, text: str) -> dict[str, Any]:
    """The one listed message that holds a text."""
    (found,) = (one for one in said.json if text in one["body"])
    return dict(found)


def test_dead_letters_are_listed_with_their_reason_and_stay(
    mms: Mms, came_too_often: dict[str, Any], set_aside: str, producer: Producer
) -> None:
    for _ in range(2):
        said = mms("dlq", "list")
        assert f"  {came_too_often['requestId']}  to {came_too_often['destination']}" in said.out
        assert "(no usable requestId)" in said.out
        assert (
            f"    the queue message can't be read: the JSON is not valid at line 1, column 1\n    ~{set_aside}"
            in said.out
        )
    listed = mms("dlq", "list", "--json")
    often, aside = entry(listed, came_too_often["requestId"]), entry(listed, set_aside)
    assert (often["requestId"], often["reason"]) == (came_too_often["requestId"], None)
    assert often["sentAt"] < aside["sentAt"]
    assert listed.json.index(often) < listed.json.index(aside)
    assert (aside["requestId"], aside["reason"][:35]) == (None, "the queue message can't be read: th")
    few = mms("dlq", "list", "--limit", "1")
    assert "At least 1; SQS says about" in few.err
    assert producer.set_aside(set_aside), "it is not hidden from others afterwards"
    assert producer.set_aside(came_too_often["requestId"])


def test_dead_letters_are_sent_again_but_for_those_that_would_come_back(
    mms: Mms, came_too_often: dict[str, Any], set_aside: str, producer: Producer
) -> None:
    refused = mms("dlq", "redrive", typed="n\n")
    assert refused.status == 1
    assert "would come back, for the reasons in `mms dlq list`, and stay" in refused.err
    assert "again? [y/N]" in refused.err
    assert producer.item(came_too_often) == {}
    said = mms("dlq", "redrive", typed="y\n")
    assert said.status == 0
    assert " sent again, " in said.out
    assert producer.wait(came_too_often, lambda item: item.get("status") == "ACCEPTED")["attempts"] == 1
    listed = mms("dlq", "list", "--json")
    assert came_too_often["requestId"] not in listed.out
    assert entry(listed, set_aside)["reason"].startswith("the queue message can't be read")
    assert producer.set_aside(set_aside)


def test_with_all_those_that_come_back_do_so_once_and_it_ends(mms: Mms, set_aside: str, producer: Producer) -> None:
    before = entry(mms("dlq", "list", "--json"), set_aside)
    assert mms("dlq", "redrive", "--all", "--yes").status == 0
    producer.empties_the_queue()
    after = entry(mms("dlq", "list", "--json"), set_aside)
    assert after["messageId"] != before["messageId"]
    assert after["reason"] == before["reason"], "the sender's own, anew"
    assert len(producer.set_aside(set_aside)) == 1


def test_one_that_comes_back_while_they_are_sent_stays(gateway: Gateway, set_aside: str, producer: Producer) -> None:
    def wait_until_it_is_back(moved: int) -> None:
        assert moved < 10, "it goes round in circles"
        producer.empties_the_queue()
        time.sleep(0.5)

    moved = DeadLetters(gateway).move(those_that_come_back=True, on_moved=wait_until_it_is_back)
    assert moved.left > 0
    assert producer.set_aside(set_aside)


def test_none_is_deleted_that_could_not_be_sent(
    gateway: Gateway, came_too_often: dict[str, Any], producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = DeadLetters(gateway)
    monkeypatch.setattr(letters, "_send_url", f"{gateway.addresses.send_queue_url}-of-nobody")
    moved = letters.move(those_that_come_back=False)
    assert moved.moved == 0
    assert moved.problems
    assert "SendMessage" in moved.problems[0]
    assert producer.set_aside(came_too_often["requestId"])


def test_a_stack_without_a_move_task_says_so_by_none(gateway: Gateway) -> None:
    assert DeadLetters(gateway).move_all() is None
