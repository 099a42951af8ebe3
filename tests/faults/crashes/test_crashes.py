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
    simulator = SimulatorClient(stack.open_market_url)
    simulator.report_by_default("before-answer")  # each report comes before its message is written down as accepted
    try:
        with running_functions(stack, folder, **day) as functions:
            yield World(
                stack=stack,
                stored=stored,
                simulator=simulator,
                functions=functions,
                receipt_handle=handle,
                set_aside=partial(_take_set_aside, stack, found),
                picture={"bucket": stack.media_bucket, "key": picture},
                numbers=itertools.count(time.time_ns() // 10**7),
            )
            recorded_calls += (_of_the_stack(call, {queue: stack.send_queue_url}) for call in functions.calls)
    finally:
        simulator.report_by_default("retrieved")
        simulator.clear_behaviours()
        simulator.close()
        sqs.delete_queue(QueueUrl=queue)
        stored.bucket.object_versions.filter(Prefix=picture).delete()


def _of_the_stack(call: AwsCall, queues: Mapping[str, str]) -> AwsCall:
    """A call as it would be on the stack's own queue."""
    url = str(call.parameters.get("QueueUrl"))
    return replace(call, parameters={**call.parameters, "QueueUrl": queues[url]}) if url in queues else call


def _take_set_aside(stack: Stack, found: list[str]) -> list[str]:
    """What this run has put into the dead-letter queue, which others may use too."""
    sqs, url = stack.client("sqs"), stack.dead_letter_queue_url
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5).get("Messages"):
        for message in messages:
            if sends.UNUSABLE in message["Body"]:
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
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
        points = overtaken = 0
        turn = itertools.cycle(REDELIVERIES)
        for scenario in scenarios:
            steps = list_steps(world, scenario)
            own = steps[steps.index(scenario.since) :]
            points += len(own)
            few = scale(short=1, long=len(REDELIVERIES) if scenario is scenarios[0] else 3)
            for mishap in _chosen(own, scale):
                for more in itertools.islice(turn, few):
                    tally.cases += 1
                    doubtful = is_doubtful(steps, mishap)
                    played = play(world, scenario, mishap, more, doubtful=doubtful)
                    if not played.met:  # another one was quicker, or the SDK had to try twice
                        overtaken += 1
                        played = play(world, scenario, mishap, more, doubtful=doubtful)
                    for what, sentence in played.breaches:
                        tally.breach(what, sentence)
                    alone = more.way != "at the same time as it"
                    tally.expect(played.met or not alone, "wrong", f"{mishap.step} of {scenario.name} was not come to")
        tally.note(f"{points} steps; {overtaken} played twice, for another delivery was quicker")


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
        tally.expect(not any(_breaches(world, scenario, step)), "wrong", f"without {bug} something breaks as well")
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
            played = play(world, scenario, mishap, REDELIVERIES[1], doubtful=is_doubtful(steps, mishap))
            yield from (breach for breach in played.breaches if breach[0] != "wrong")


def _chosen(steps: Sequence[str], scale: Scale) -> Iterator[Mishap]:
    """All mishaps, or one for each step, another one for the next; where an answer is read, that it gets lost."""
    for number, step in enumerate(steps):
        each = list(mishaps(step))
        telling = [mishap for mishap in each if step.startswith("openmarket answer") and mishap.words == "answer lost"]
        yield from each if scale.long else telling or [each[number % len(each)]]
