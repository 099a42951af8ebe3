"""The built function that sends, as Lambda runs it: how it starts, what it answers, what its end leaves behind."""

import base64
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import jpeg
from local.simulator.mt.behaviours import Silence, Throttle
from local.stack import Stack
from tests.integration.producer import Producer
from tests.runtime.emulator import Answer, Artifact, Emulator, Run
from tests.runtime.events import queue_event

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator runs on Linux only")


@pytest.fixture
def producer(stack: Stack, stored: ReadBack) -> Producer:
    return Producer(stack, stored)


@pytest.fixture
def simulator(stack: Stack) -> Iterator[SimulatorClient]:
    with SimulatorClient(stack.open_market_url) as client:
        yield client
        client.clear_behaviours()


def deliver(emulator: Emulator, *messages: dict[str, Any] | str) -> list[str]:
    """Hand over a batch of messages that no queue knows of; gives those that must come again."""
    bodies = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    return failures(emulator.invoke(queue_event(*({"Body": body} for body in bodies))))


def wait_until(moment: str) -> None:
    time.sleep(max(0.0, (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()) + 0.01)


def failures(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.result
    assert list(answer.result) == ["batchItemFailures"], answer.result
    return [failure["itemIdentifier"] for failure in answer.result["batchItemFailures"]]


# --- start ------------------------------------------------------------------------------------------------------------


def test_the_first_message_starts_the_sender_and_the_second_finds_it_warm(
    run: Run, sender: Artifact, producer: Producer, simulator: SimulatorClient
) -> None:
    picture = jpeg() * 8
    source = producer.upload("parrot.jpg", picture)
    message = producer.message(
        content=[{"contentId": "text.txt", "text": "Here it is"}, {"contentId": "parrot.jpg", "s3": source}]
    )
    with run(sender) as emulator:
        assert deliver(emulator, message) == []
        assert deliver(emulator, message) == []
    (request,) = simulator.mt_requests(destination=message["destination"])
    assert (request.accepted, request.violations) == (True, [])
    assert simulator.mt_part(request, 1) == picture
    item = producer.item(message)
    assert (item["status"], item["mtId"], item["attempts"]) == ("ACCEPTED", request.mt_id, 1)
    lines = [line for line in emulator.json_lines() if "level" in line]
    assert [(line["outcome"], line["cold_start"]) for line in lines] == [
        ("taken", True),
        ("accepted", True),
        ("repeat", False),
    ]
    assert emulator.output().count("INIT RTDONE(status: success)") == 1


def test_what_the_template_got_wrong_is_said_in_one_sentence_at_the_start(run: Run, sender: Artifact) -> None:
    with run(sender, TABLE_NAME="", CALL_SECONDS="soon", PLAIN_HTTP="false") as emulator:
        answer = emulator.invoke(queue_event({"Body": "{}"}))
    assert (answer.status, answer.result["errorType"]) == (502, "ValueError")
    assert answer.result["errorMessage"] == (
        "the function's environment is wrong; deploy the template again: TABLE_NAME is not set; "
        "CALL_SECONDS must be a whole number above 0; "
        "OPENMARKET_ENDPOINTS must be https: the account's password goes there"
    )


# --- batches ----------------------------------------------------------------------------------------------------------


class Poller:
    """A queue of its own, and what Lambda does with one: hand over what is there, delete what is acknowledged."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.client("sqs")
        self.url: str = self._create("own")
        self.dead_letter_url: str = self._create("own-dead")

    def _create(self, name: str) -> str:
        url: str = self._sqs.create_queue(
            QueueName=f"{name}-{time.time_ns()}", Attributes={"VisibilityTimeout": "600"}
        )["QueueUrl"]
        return url

    def close(self) -> None:
        for url in (self.url, self.dead_letter_url):
            self._sqs.delete_queue(QueueUrl=url)

    def enqueue(self, message: dict[str, Any] | str) -> str:
        """Enqueue a message; gives its id."""
        body = message if isinstance(message, str) else json.dumps(message)
        message_id: str = self._sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"]
        return message_id

    def hand_over(self, emulator: Emulator, patience: float = 0) -> tuple[list[str], set[str]]:
        """One call: the ids of the messages handed over, once there are some, and of those that must come again."""
        end = time.monotonic() + patience
        while not (messages := self._receive(self.url)):
            assert time.monotonic() < end, "the queue has no message"
            time.sleep(0.1)
        again = set(failures(emulator.invoke(queue_event(*messages))))
        for message in messages:
            if message["MessageId"] not in again:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["MessageId"] for message in messages], again

    def set_aside(self) -> list[tuple[str, str]]:
        """The messages in the dead-letter queue with their reasons."""
        return [
            (message["Body"], message["MessageAttributes"]["reason"]["StringValue"])
            for message in self._receive(self.dead_letter_url)
        ]

    def _receive(self, url: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            found += messages
        return found


@pytest.fixture
def poller(stack: Stack) -> Iterator[Poller]:
    poller = Poller(stack)
    yield poller
    poller.close()


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_a_batch_is_answered_message_by_message_and_tells_nothing_secret_or_personal(
    run: Run, sender: Artifact, producer: Producer, simulator: SimulatorClient, poller: Poller, *, level: str
) -> None:
    canaries: dict[str, Any] = {"subject": "canary-subject", "content": [{"contentId": "a.txt", "text": "canary-text"}]}
    sound, late, never = (producer.message(**canaries) for _ in range(3))
    never["content"] = [{"contentId": "canary", "url": "https://canary.example/"}]
    simulator.behave(Throttle(retry_after="1"), destination=late["destination"], times=1)
    unusable = json.dumps(producer.message(requestId="canary id"))
    ids = [poller.enqueue(each) for each in (sound, late, never, unusable)]
    queues = {"SEND_QUEUE_URL": poller.url, "DEAD_LETTER_QUEUE_URL": poller.dead_letter_url}
    with run(sender, POWERTOOLS_LOG_LEVEL=level, **queues) as emulator:
        handed_over, again = poller.hand_over(emulator)
        assert (sorted(handed_over), again) == (sorted(ids), {ids[1]})
        assert producer.item(late)["status"] == "RETRY"
        # Untold, the queue would have kept it for ten minutes.
        assert poller.hand_over(emulator, patience=10) == ([ids[1]], set())
    assert [producer.item(each)["status"] for each in (sound, late, never)] == ["ACCEPTED", "ACCEPTED", "REJECTED"]
    ((body, reason),) = poller.set_aside()
    assert body == unusable
    assert reason.startswith("the queue message has no usable requestId; ")
    outcomes = [line["outcome"] for line in emulator.json_lines() if line.get("level", "DEBUG") != "DEBUG"]
    assert sorted(outcomes) == ["accepted", "accepted", "rejected", "retry", "set-aside", "taken", "taken"]
    documents = [line for line in emulator.json_lines() if "_aws" in line]
    counted = [{name for name, one in line.items() if name[0].isupper() and any(one)} for line in documents]
    assert counted == [{"Accepted", "Retried", "Rejected", "SetAside"}, {"Accepted"}]
    personal = [sound["destination"], late["destination"], never["destination"], "canary"]
    personal += [base64.b64encode(b"local:local").decode(), '"password"', "Basic "]
    assert [words for words in personal if words in emulator.output()] == []


def test_a_message_is_put_off_by_a_receipt_that_nobody_knows_without_harm(
    run: Run, sender: Artifact, producer: Producer, simulator: SimulatorClient
) -> None:
    # As with `sam remote invoke`, where a person has made the event up.
    message = producer.message()
    simulator.behave(Throttle(), destination=message["destination"], times=1)
    with run(sender) as emulator:
        assert deliver(emulator, message) == ["message-0"]
        wait_until(producer.item(message)["retryAt"])
        assert deliver(emulator, message) == []
    assert producer.item(message)["status"] == "ACCEPTED"
    lines = [line["outcome"] for line in emulator.json_lines() if "level" in line]
    assert lines == ["retry", "queue", "taken", "accepted"]


# --- end --------------------------------------------------------------------------------------------------------------


def test_a_sender_ended_by_its_time_limit_leaves_a_doubt_and_one_request(
    run: Run, sender: Artifact, producer: Producer, simulator: SimulatorClient
) -> None:
    message = producer.message()
    simulator.behave(Silence(), destination=message["destination"])
    limits = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "6", "CALL_SECONDS": "1", "CONNECT_SECONDS": "1"}
    with run(sender, **limits) as emulator, ThreadPoolExecutor(1) as caller:
        assert deliver(emulator, producer.message()) == []  # it has started, so that all of its time is the message's
        call = caller.submit(emulator.invoke, queue_event({"Body": json.dumps(message)}))
        simulator.wait_for_request(destination=message["destination"], accepted=True)
        emulator.freeze()
        assert call.result().result == "Task timed out after 6.00 seconds"
        item = producer.item(message)
        assert (item["status"], item["attempts"]) == ("SENDING", 1)

        assert deliver(emulator, message) == ["message-0"], "nobody but its owner may touch it while the lease lasts"
        assert producer.item(message) == item
        lease = datetime.fromisoformat(item["leaseUntil"])
        time.sleep(max((lease - datetime.now(UTC)).total_seconds(), 0) + 0.1)
        assert deliver(emulator, message) == []
    item = producer.item(message)
    assert (item["status"], item["attention"]) == ("IN_DOUBT", "IN_DOUBT")
    assert len(simulator.mt_requests(destination=message["destination"])) == 1
    outcomes = [line["outcome"] for line in emulator.json_lines() if "level" in line and line["outcome"] != "queue"]
    assert outcomes == ["taken", "accepted", "busy", "in-doubt"]
