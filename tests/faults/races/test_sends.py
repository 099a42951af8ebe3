"""The same message from the queue many times at one moment: one request goes out."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from local.simulator.client import SimulatorClient
from local.simulator.mt.behaviours import Slow
from local.stack import Stack
from mms_gateway.media_bucket import MediaBucket
from mms_gateway.message_table.outbound import OutboundTable
from mms_gateway.openmarket.endpoint import read_endpoints
from mms_gateway.openmarket_client import OpenMarketClient, trusted
from mms_gateway.outbound import Delivery, Outcome, Rules
from mms_gateway.sending import Sender
from send_mms import SystemClock
from tests.faults.races.barrier import at_once
from tests.faults.tally import Scale, Tallies, Tally
from tests.integration.bench import Account
from tests.integration.producer import Producer
from tests.unit.posts import AUTHORIZATION

CROWD = 50
CALL = 12.0
Deliver = Callable[[dict[str, Any]], Outcome]


@pytest.fixture(scope="module")
def senders(stack: Stack) -> list[Deliver]:
    """As many as there are deliveries at once, each with clients of its own, as each Lambda has."""
    session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
    endpoints = read_endpoints(stack.open_market_url, plain_http=True)
    rules = Rules(
        media_bucket=stack.media_bucket,
        mt_config="default",
        link_hosts=frozenset(),
        max_message_bytes=100_000,
        window=timedelta(hours=1),
        call_seconds=CALL,
        backoff_seconds=5,
    )
    account = Account()
    account.header = AUTHORIZATION

    def make() -> Deliver:
        sender = Sender(
            table=OutboundTable(session.client("dynamodb", endpoint_url=stack.aws_endpoint_url), stack.table_name),
            bucket=MediaBucket(
                session.client("s3", endpoint_url=stack.aws_endpoint_url), stack.media_bucket, ThreadPoolExecutor(2)
            ),
            client=OpenMarketClient(endpoints, tls, connect_seconds=CALL, call_seconds=CALL),
            account=account,
            clock=SystemClock(),
            rules=rules,
            tell=lambda _: None,
        )
        return lambda message: sender.send(
            Delivery(
                body=json.dumps(message),
                enqueued_at=datetime.now(UTC),
                receives=1,
                function_ends=time.monotonic() + 2 * CALL,
            )
        )

    tls = trusted()
    return [make() for _ in range(CROWD)]


@pytest.mark.parametrize("number", [8, CROWD])
def test_a_message_raced_against_the_store_goes_out_once(
    tallies: Tallies,
    scale: Scale,
    producer: Producer,
    simulator: SimulatorClient,
    senders: Sequence[Deliver],
    *,
    number: int,
) -> None:
    seen: Counter[str] = Counter()
    with tallies.of("races: sends") as tally:
        for seed in range(scale(short=5 if number < CROWD else 2, long=100)):
            message = producer.message()
            if seed % 2:  # who comes second finds the first one still at it
                simulator.behave(Slow(seconds=0.3), destination=message["destination"], times=1)
            names = Counter(outcome.name for outcome in at_once([partial(send, message) for send in senders[:number]]))
            case = f"{number} at once, slow answer: {bool(seed % 2)}, seed {seed}"
            tally.cases += 1
            tally.expect(names["accepted"] == 1, "wrong", f"{case}: outcomes {dict(names)}")
            tally.expect(set(names) <= {"accepted", "busy", "repeat"}, "wrong", f"{case}: outcomes {dict(names)}")
            again = senders[0](message).name
            tally.expect(again == "repeat", "wrong", f"{case}: afterwards {again}")
            _expect_one_acceptance(tally, producer, simulator, message, case)
            seen += names
        tally.note(f"{number} at once: {', '.join(f'{count} {name}' for name, count in sorted(seen.items()))}")


def test_a_message_enqueued_many_times_goes_out_once(
    tallies: Tallies, scale: Scale, producer: Producer, simulator: SimulatorClient
) -> None:
    if not scale.long:
        # test_sending.py sends one ten times, and waits for it; the race itself is above, and in test_redelivery.py.
        pytest.skip("copies that found the first one at work come again when its lease would be over: in 23 s")
    with tallies.of("races: sends") as tally:
        messages = [(number, producer.message()) for number in (8, CROWD) for _ in range(10)]
        with ThreadPoolExecutor(8) as enqueuing:
            for number, message in messages:
                list(enqueuing.map(producer.enqueue, [message] * number))
        producer.wait_for_all([message for _, message in messages], patience=280)
        producer.empties_the_queue(patience=280)
        for number, message in messages:
            tally.cases += 1
            _expect_one_acceptance(tally, producer, simulator, message, f"enqueued {number} times")


def _expect_one_acceptance(
    tally: Tally, producer: Producer, simulator: SimulatorClient, message: dict[str, Any], case: str
) -> None:
    case = f"{case}, requestId {message['requestId']}"
    requests = simulator.mt_requests(destination=message["destination"])
    tally.expect(len(requests) <= 1, "doubled", f"{case}: {len(requests)} requests")
    tally.expect(any(one.accepted for one in requests), "lost", f"{case}: {len(requests)} requests, none accepted")
    item = producer.item(message)
    told = item.get("status"), item.get("mtId"), item.get("attempts")
    tally.expect(told == ("ACCEPTED", requests[0].mt_id if requests else None, 1), "wrong", f"{case}: item {told}")
