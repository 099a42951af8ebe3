"""SIGKILL for the processes in which the local stack itself runs the functions, with messages under way."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Slow
from local.simulator.records import State
from local.stack import Stack
from tests.faults.parts.traffic import deliver, is_in_sight
from tests.faults.parts.workers import kill_workers
from tests.faults.races.whole import expect_whole, picture_message
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer

PATIENCE = 60.0
SOON = "3"  # seconds after which the queue brings a message again of whose function it hears no more


@pytest.fixture(autouse=True)
def _long_only(scale: Scale) -> None:
    if not scale.long:
        pytest.skip("the stack's workers are slow to start, and its function's lease is long: 60 s")


def test_callbacks_whose_worker_is_killed_are_whole_after_openmarket_comes_again(
    tallies: Tallies, stack: Stack, stored: ReadBack
) -> None:
    with tallies.of("parts: function killed") as tally, SimulatorClient(stack.open_market_url) as simulator:
        for seed in range(4):
            chance = random.Random(seed)  # noqa: S311 - to be played again, guards nothing
            over = time.monotonic() + PATIENCE
            sent = []
            died = False
            while not died:  # until a kill has come in mid-call
                assert time.monotonic() < over, "no kill came in mid-call"
                for _ in range(8):
                    message = picture_message(chance.getrandbits(32))
                    sent.append((message, deliver(simulator, message)))
                time.sleep(chance.uniform(0, 0.2))
                kill_workers(stack, stack.function_name)
                sent = [(message, simulator.wait(delivery)) for message, delivery in sent]
                died = any(delivery.statuses != [200] for _, delivery in sent)
            for message, delivery in sent:
                case = f"the stack's worker killed, seed {seed}"
                tally.cases += 1
                tally.expect(delivery.state is State.DELIVERED, "stuck", f"{case}: {delivery}")
                expect_whole(tally, stored, message, case)


def test_a_message_whose_worker_is_killed_is_left_in_doubt_and_goes_out_once(
    tallies: Tallies, stack: Stack, stored: ReadBack
) -> None:
    with tallies.of("parts: function killed") as tally, SimulatorClient(stack.open_market_url) as simulator:
        producer = Producer(stack, stored)
        for seed in range(2):
            message = producer.message()
            simulator.behave(Slow(seconds=5), destination=message["destination"], times=1)
            with redelivered_soon(stack):
                producer.enqueue(message)
                simulator.wait_for_request(destination=message["destination"], accepted=True, timeout=PATIENCE)
                killed = kill_workers(stack, stack.send_function_name)
            item = producer.wait(message, lambda item: item.get("status") == "IN_DOUBT", PATIENCE)
            case = f"the stack's worker killed after the acceptance, round {seed}"
            tally.cases += 1
            tally.expect(killed, "wrong", f"{case}: there was no worker")
            tally.expect(is_in_sight(stored, item), "stuck", f"{case}: {item}")
            requests = simulator.mt_requests(destination=message["destination"])
            tally.expect(len(requests) == 1, "doubled", f"{case}: {len(requests)} requests")


@contextmanager
def redelivered_soon(stack: Stack) -> Iterator[None]:
    """What is received from the stack's queue while the block runs is not waited for as long as usual."""
    sqs, name = stack.client("sqs"), "VisibilityTimeout"
    told = sqs.get_queue_attributes(QueueUrl=stack.send_queue_url, AttributeNames=[name])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=stack.send_queue_url, Attributes={name: SOON})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=stack.send_queue_url, Attributes=told)
