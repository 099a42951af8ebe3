"""Every step of both chains, found by running them: a crash before it, after it, its answer lost; then redeliveries."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest

from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.simulator.media import PARROT, jpeg
from local.stack import Stack
from tests.faults.calls import AwsCall
from tests.faults.crashes import callbacks, sends
from tests.faults.crashes.bugs import BUGS
from tests.faults.crashes.functions import running_functions
from tests.faults.crashes.play import REDELIVERIES, Mishap, is_doubtful, list_steps, mishaps, play
from tests.faults.crashes.world import Scenario, World
from tests.faults.tally import Breach, Scale, Tallies


@pytest.fixture(scope="module")
def world(
    stack: Stack, stored: ReadBack, recorded_calls: list[AwsCall], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    simulator = SimulatorClient(stack.open_market_url)
    sqs = stack.client("sqs")
    hours = {"VisibilityTimeout": "43200"}
    queue = sqs.create_queue(QueueName=f"crashes-{time.time_ns()}", Attributes=hours)["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="whose visibility the sender changes")
    handle = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
    picture = f"outgoing/crashes-{time.time_ns()}.jpg"
    stored.bucket.Object(picture).put(Body=jpeg(PARROT) + bytes(100_000), ContentType="image/jpeg")
    found: list[str] = []
    folder = tmp_path_factory.mktemp("functions")
    day = {"SEND_QUEUE_URL": queue, "SEND_WINDOW_HOURS": "24", "LONGEST_WINDOW_SECONDS": "86400"}
    simulator.report_by_default("before-answer")  # each report comes before its message is written down as accepted
    try:
        with running_functions(stack, folder, **day) as functions:
            yield World(
                stack=stack,
                stored=stored,
                simulator=simulator,
                functions=functions,
                receipt_handle=handle,
                set_aside=partial(_take_all, stack, found),
                picture={"bucket": stack.media_bucket, "key": picture},
                numbers=itertools.count(time.time_ns() // 10**7),
            )
            recorded_calls += (_of_the_stack(call, {queue: stack.send_queue_url}) for call in functions.calls)
    finally:
        simulator.report_by_default("retrieved")
        simulator.clear_behaviours()
        _take_all(stack, found)
        sqs.delete_queue(QueueUrl=queue)


def _of_the_stack(call: AwsCall, queues: Mapping[str, str]) -> AwsCall:
    """A call as it would be on the stack's own queue."""
    url = str(call.parameters.get("QueueUrl"))
    return replace(call, parameters={**call.parameters, "QueueUrl": queues[url]}) if url in queues else call


def _take_all(stack: Stack, found: list[str]) -> list[str]:
    sqs = stack.client("sqs")
    while messages := sqs.receive_message(QueueUrl=stack.dead_letter_queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=stack.dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.mark.parametrize(
    ("kind", "scenarios"),
    [("crashes: receiving", callbacks.SCENARIOS), ("crashes: sending", sends.SCENARIOS)],
    ids=["receiving", "sending"],
)
def test_whatever_step_a_function_dies_at_nothing_is_lost_doubled_or_stuck(
    world: World, tallies: Tallies, scale: Scale, kind: str, scenarios: Sequence[Scenario]
) -> None:
    with tallies.of(kind) as tally:
        points = 0
        turn = itertools.cycle(REDELIVERIES)
        for scenario in scenarios:
            steps = list_steps(world, scenario)
            own = steps[steps.index(scenario.since) :]
            points += len(own)
            main = scenario is scenarios[0]
            few = scale(short=1, long=len(REDELIVERIES) if main else 3)
            for mishap in _chosen(own, scale):
                for _ in range(few):
                    tally.cases += 1
                    for what, sentence in play(
                        world, scenario, mishap, next(turn), doubtful=is_doubtful(steps, mishap)
                    ):
                        tally.breach(what, sentence)
        tally.note(f"{points} steps")


@pytest.mark.parametrize(
    ("bug", "scenario", "step"),
    [
        ("acknowledge_a_repeat_before_its_media", callbacks.SCENARIOS[0], "dynamodb PutItem"),
        ("leave_a_repeated_report_alone", callbacks.SCENARIOS[1], "dynamodb GetItem"),
        ("try_a_lost_answer_again", sends.SCENARIOS[0], "openmarket answer"),
        ("send_an_expired_claim_again", sends.SCENARIOS[0], "openmarket answer"),
        ("join_only_once", sends.SCENARIOS[0], "dynamodb Query"),
    ],
    ids=BUGS,
)
def test_a_mistake_in_a_function_would_be_found(
    world: World, tallies: Tallies, bug: str, scenario: Scenario, step: str
) -> None:
    with tallies.of("crashes: mistakes that are found") as tally:
        tally.cases += 1
        world.functions.bug = bug
        try:
            found = any(_breaches(world, scenario, step))
        finally:
            world.functions.bug = None
        tally.expect(found, "wrong", f"{bug} goes unnoticed")


def _breaches(world: World, scenario: Scenario, name: str) -> Iterator[tuple[Breach, str]]:
    """What breaks at steps of a name; played while it is asked for, so that the first breach ends the search."""
    steps = list_steps(world, scenario)
    for step in [each for each in steps if each.startswith(name)]:
        for mishap in mishaps(step):
            yield from play(world, scenario, mishap, REDELIVERIES[1], doubtful=is_doubtful(steps, mishap))


def _chosen(steps: Sequence[str], scale: Scale) -> Iterator[Mishap]:
    """All mishaps, or one for each step, another one for the next."""
    for number, step in enumerate(steps):
        each = list(mishaps(step))
        yield from each if scale.long else [each[number % len(each)]]
