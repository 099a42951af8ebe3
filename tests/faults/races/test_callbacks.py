"""The same callback many times at one moment: recorded once, and every delivery answered 200."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import boto3
import pytest

from local.readback import ReadBack
from local.simulator.callbacks import CallbackRequest, Mo, build_request
from local.simulator.client import SimulatorClient
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect
from local.stack import Stack
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.inbound import InboundTable
from mms_gateway.receiving import Callback, Outcome, receive
from tests.faults.races.barrier import at_once
from tests.faults.races.whole import expect_whole, picture_message
from tests.faults.tally import Scale, Tallies, Tally

CROWD = 50
Receiver = Callable[[CallbackRequest], Outcome]


@pytest.fixture(scope="module")
def receivers(stack: Stack) -> list[Receiver]:
    """As many as there are deliveries at once, each with clients of its own, as each Lambda has."""
    session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)

    def make() -> Receiver:
        table = InboundTable(session.client("dynamodb", endpoint_url=stack.aws_endpoint_url), stack.table_name)
        client = session.client("s3", endpoint_url=stack.aws_endpoint_url)
        bucket = MediaBucket(client, stack.media_bucket, ThreadPoolExecutor(2))
        return lambda request: receive(_callback(request), table=table, bucket=bucket, encoding="auto", keep_raw=True)

    return [make() for _ in range(CROWD)]


def _callback(request: CallbackRequest) -> Callback:
    return Callback(
        content_type=request.content_type.decode(),
        body=request.body,
        body_sha256=hashlib.sha256(request.body).hexdigest(),
        received_at=datetime.now(UTC),
        request_id=request.request_id,
    )


def _deliveries(message: Mo, number: int, *, another_boundary: bool) -> list[CallbackRequest]:
    return [
        build_request(message, Dialect(boundary=f"boundary-{n}" if another_boundary else "boundary"), request_id="r")
        for n in range(number)
    ]


@pytest.mark.parametrize("number", [8, CROWD])
def test_a_callback_raced_against_the_store_is_recorded_once(
    tallies: Tallies, scale: Scale, stored: ReadBack, receivers: Sequence[Receiver], number: int
) -> None:
    with tallies.of("races: callbacks against the store") as tally:
        for seed in range(scale(short=5 if number < CROWD else 2, long=200)):
            another_boundary = bool(seed % 2)
            message = picture_message(seed)
            requests = _deliveries(message, number, another_boundary=another_boundary)
            outcomes = at_once([partial(take, each) for take, each in zip(receivers, requests, strict=False)])
            case = f"{number} at once, another boundary: {another_boundary}, seed {seed}"
            tally.cases += 1
            _expect_one_stored(
                tally, Counter(str(outcome.name) for outcome in outcomes), {"duplicate": number - 1}, case
            )
            expect_whole(tally, stored, message, case)
            for body in {each.body for each in requests}:
                raw = stored.media(f"raw/{hashlib.sha256(body).hexdigest()}")
                tally.expect(raw == body, "lost", f"{case}: the whole body is not what came")


def test_two_contents_under_one_mo_id_raced_against_the_store_are_both_kept(
    tallies: Tallies, scale: Scale, stored: ReadBack, receivers: Sequence[Receiver]
) -> None:
    with tallies.of("races: callbacks against the store") as tally:
        for seed in range(scale(short=5, long=200)):
            first = picture_message(2 * seed)
            second = picture_message(2 * seed + 1, first.mo_id)
            both = zip(*(_deliveries(each, 4, another_boundary=True) for each in (first, second)), strict=True)
            requests = [each for pair in both for each in pair]
            outcomes = at_once([partial(take, each) for take, each in zip(receivers, requests, strict=False)])
            case = f"two contents, four of each at once, seed {seed}"
            tally.cases += 1
            names = Counter(str(outcome.name) for outcome in outcomes)
            _expect_one_stored(tally, names, {"duplicate": 3, "conflict": 4}, case)
            expect_whole(tally, stored, first, case, beside=[second])


@pytest.mark.parametrize("number", [8, CROWD])
def test_a_callback_raced_through_the_stack_is_recorded_once(
    tallies: Tallies, scale: Scale, stored: ReadBack, simulator: SimulatorClient, number: int
) -> None:
    with tallies.of("races: callbacks through the stack") as tally:
        for seed in range(scale(short=2 if number < CROWD else 1, long=20)):
            message = picture_message(seed)
            # Whoever is not answered 200 at the first attempt shows: there is no second.
            policy = Policy(at_once=number, attempts=1, another_boundary=bool(seed % 2), answer_within=60)
            delivery = simulator.send_message(
                message.parts, mo_id=message.mo_id, date=message.date, source=message.source, policy=policy
            )
            case = f"{number} at once, another boundary: {policy.another_boundary}, seed {seed}"
            tally.cases += 1
            answers = Counter(attempt.status for attempt in delivery.attempts)
            tally.expect(answers == {200: number}, "wrong", f"{case}: answered {dict(answers)}")
            _expect_one_stored(tally, Counter(map(str, delivery.outcomes)), {"duplicate": number - 1}, case)
            expect_whole(tally, stored, message, case)


def _expect_one_stored(tally: Tally, names: Counter[str], others: dict[str, int], case: str) -> None:
    tally.expect(names["stored"] >= 1, "lost", f"{case}: outcomes {dict(names)}")
    tally.expect(names["stored"] <= 1, "doubled", f"{case}: outcomes {dict(names)}")
    tally.expect(names == {"stored": 1, **others}, "wrong", f"{case}: outcomes {dict(names)}")
