"""Callbacks, sends and reports at the same time, a share of each failing or repeated; then every id is looked up.

One run for all tests here. Its figures are of this machine and of the embedded AWS, and say nothing of AWS's.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.deployment import ACCOUNT
from local.readback import ReadBack
from local.simulator.client import SimulatorClient
from local.stack import Stack
from tests.faults.load.inbound import plan_posts
from tests.faults.load.inbound_check import check_inbound
from tests.faults.load.load import PATIENCE, Generator, Load, Snapshot, cleaned_up
from tests.faults.load.load_run import LoadRun, choose_seed
from tests.faults.load.log_scan import find_secrets, read_lines
from tests.faults.load.outbound import Planner, choose_behaviours
from tests.faults.load.outbound_check import check_dead_letters, check_outbound
from tests.faults.load.report_check import check_reports
from tests.faults.tally import Scale, Tallies
from tests.integration.producer import Producer
from tests.integration.test_callbacks import SecretEditor


@pytest.fixture(scope="module")
def load(
    stack: Stack, stored: ReadBack, tallies: Tallies, scale: Scale, secrets_of_this_run: dict[str, str]
) -> Iterator[Load]:
    """The load, over and at rest."""
    run, producer = LoadRun(seed=choose_seed(new=scale.long)), Producer(stack, stored)
    secrets_of_this_run |= run.secrets()
    producer.empties_the_queue(PATIENCE)
    with SimulatorClient(stack.open_market_url) as simulator:
        strangers = {str(request.mt_id) for request in simulator.mt_requests(accepted=True)}
    before = Snapshot.take(stored)
    planner = Planner(run, producer)
    made = Load(
        run=run,
        posts=plan_posts(run, scale(short=40, long=2000), largest=scale(short=1, long=10)),
        sends=planner.plan(scale(short=20, long=500), choose_behaviours(run, every=scale.long)),
        planner=planner,
        before=before,
        strangers=strangers,
    )
    with cleaned_up(stored, made), account_of_the_run(stack, run):
        with tallies.of("load: callbacks"):
            Generator(stack, stored, made).run()
        yield made


@contextmanager
def account_of_the_run(stack: Stack, run: LoadRun) -> Iterator[None]:
    """A password that is in the logs only if it leaked; the usual one is a word like others."""
    secret = SecretEditor(stack)
    with SimulatorClient(stack.open_market_url) as simulator:
        try:
            simulator.set_credentials(ACCOUNT["accountId"], run.word("password"))
            secret.put(**{**secret.usual, "password": run.word("password")})
            yield
        finally:
            simulator.set_credentials(ACCOUNT["accountId"], ACCOUNT["password"])
            secret.put(**secret.usual)


def test_every_callback_is_kept_once_and_whole_and_nothing_else(load: Load, stored: ReadBack, tallies: Tallies) -> None:
    with tallies.of("load: callbacks") as tally:
        check_inbound(load, stored, tally)
        answered = sorted(
            attempt.seconds for each in load.delivered.values() for attempt in each.attempts if attempt.status == 200
        )
        tries = sum(len(each.attempts) for each in [*load.delivered.values(), *load.cut.values()])
        half, most = (answered[int(len(answered) * share)] for share in (0.5, 0.99))
        tally.note(
            f"{len(load.posts) / load.callback_seconds:.1f}/s in {tries} tries, p50 {half:.2f} s, p99 {most:.2f} s"
        )
        tally.note(f"{sum(each.size for each in load.delivered.values()) / 1e6:,.0f} MB")
        tally.note(f"{len({post.inbound.number for post in load.posts})} messages, {load.run}")


def test_every_send_is_settled_and_taken_once_at_most_and_nothing_else(
    load: Load, stack: Stack, stored: ReadBack, tallies: Tallies
) -> None:
    with tallies.of("load: sends") as tally:
        check_outbound(load, stored, tally)
        check_dead_letters(load, Producer(stack, stored), tally)
        tally.expect(all(load.played), "wrong", f"not every way of failing was played, {load.run}")
        tally.note(f"{len(load.sends) / load.send_seconds:.1f}/s, {sum(send.times for send in load.sends)} copies")


def test_every_report_is_kept_and_the_latest_is_shown_and_nothing_else(
    load: Load, stored: ReadBack, tallies: Tallies
) -> None:
    with tallies.of("load: reports") as tally:
        check_reports(load, stored, tally)


def test_no_log_line_tells_a_secret(load: Load, stack: Stack, tallies: Tallies) -> None:
    token, account = stack.callback_url.rsplit("/", 1)[1], ACCOUNT["accountId"]
    usual = base64.b64encode(f"{account}:{ACCOUNT['password']}".encode()).decode()
    own = base64.b64encode(f"{account}:{load.run.word('password')}".encode()).decode()
    secrets = {"the callbacks' token": token, "a Basic header": own, "another Basic header": usual}
    with tallies.of("load: log lines scanned") as tally:
        lines = list(read_lines(stack))
        tally.cases += len(lines)
        said = {json.loads(line.text).get("outcome") for line in lines if line.text.startswith("{")}
        heard = {"stored", "duplicate", "truncated", "report", "accepted", "rejected", "set-aside"} - said
        tally.expect(not heard, "wrong", f"nothing is logged of {heard}: this is not the whole log")
        for find in find_secrets(lines, load.run.secrets() | secrets):
            tally.breach("wrong", f"{find}, {load.run}")
