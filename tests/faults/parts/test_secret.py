"""The secret deleted, left without a value, or rotated, with messages going both ways."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx

from tests.faults.parts.poller import VISIBILITY
from tests.faults.parts.rig import Rig
from tests.faults.parts.traffic import PATIENCE, MakeTraffic
from tests.faults.tally import Scale, Tallies
from tests.wire.bodies import main, message, multipart_type

MIN_AGE = 2.1  # seconds: credentials.MIN_AGE, after which a caller that it does not know makes a function look again


def post(rig: Rig, token: str) -> tuple[int, str]:
    """What the function answers a caller with this token; the API itself may have no room for it at first."""
    over = time.monotonic() + PATIENCE
    headers = {"Content-Type": multipart_type()}
    while True:
        answer = httpx.post(rig.door + token, content=message(main()), headers=headers, timeout=30, trust_env=False)
        if outcome := answer.headers.get("X-Mms-Outcome"):
            return answer.status_code, outcome
        assert time.monotonic() < over, f"no answer of the function's: {answer.status_code}"


UNAVAILABLE, STRANGER = (503, "unavailable"), (401, "unauthorized")
UNUSABLE = {
    None: UNAVAILABLE,
    " ": UNAVAILABLE,
    "no JSON": UNAVAILABLE,
    "{}": UNAVAILABLE,
    '{"callbackTokens": [], "accountId": "local"}': STRANGER,
}
"""None: it is deleted. Otherwise the value of somebody who was mistaken; and what a callback is answered.

With a list of no tokens everybody is a stranger, and OpenMarket comes again all the same.
"""


@contextmanager
def unusable(rig: Rig, value: str | None) -> Iterator[None]:
    """The secret can't be had, or is of no use, while the block runs."""
    with rig.secret.missing() if value is None else rig.secret.spoilt(value):
        yield


def test_functions_that_start_without_the_secret_work_once_it_is_back(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic
) -> None:
    with tallies.of("parts: secret missing") as tally:
        for seed, (value, answer) in enumerate(list(UNUSABLE.items())[: scale(short=1, long=len(UNUSABLE))]):
            case = f"at the start the secret is {value!r}, seed {seed}"
            messages = traffic(seed)
            rig.queue.visibility = 1  # the first call after its process has ended fails, and says nothing
            try:
                with unusable(rig, value):
                    rig.receivers.make_cold()
                    rig.senders.make_cold()
                    messages.both_ways(scale(short=2, long=8))
                    told = post(rig, rig.secret.values["callbackTokens"][0])
                    tally.expect(told == answer, "wrong", f"{case}: a callback is answered {told}, not {answer}")
                    time.sleep(scale(short=1, long=3))
            finally:
                rig.queue.visibility = VISIBILITY
            messages.judge(tally, case)


def test_functions_at_work_go_on_without_the_secret_and_tell_nobody_off(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic
) -> None:
    with tallies.of("parts: secret missing") as tally:
        for seed in range(scale(short=1, long=5)):
            case = f"missing while at work, seed {seed}"
            before = traffic(seed)
            before.both_ways(3)
            before.judge(tally, case)
            messages = traffic(seed)
            password = f"changed-{seed}"
            time.sleep(MIN_AGE)
            with rig.secret.missing():
                # OpenMarket's password changes as well: the senders look for a newer one in vain.
                rig.simulator.client.set_credentials("local", password)
                messages.both_ways(scale(short=3, long=8))
                told = post(rig, "a-token-that-may-be-newer")
                looked_at = time.monotonic()
                tally.expect(told == UNAVAILABLE, "wrong", f"{case}: a stranger is answered {told}")
                for _, delivery in messages.received:
                    outcomes = rig.simulator.client.wait(delivery).outcomes
                    fits = outcomes[-1] == "stored" and "unauthorized" not in outcomes
                    tally.expect(fits, "wrong", f"{case}: a caller it knows is answered {outcomes}")
            rig.secret.put(password=password)
            messages.judge(tally, case)
            time.sleep(max(0.0, looked_at + MIN_AGE - time.monotonic()))
            told = post(rig, "a-token-that-is-not-newer")
            tally.expect(told == STRANGER, "wrong", f"{case}: afterwards a stranger is answered {told}")


def test_a_secret_rotated_in_flight_loses_and_doubles_nothing(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic
) -> None:
    with tallies.of("parts: secret rotated") as tally:
        number = scale(short=1, long=4)
        for seed in range(scale(short=2, long=4)):
            messages = traffic(seed)
            token, password = f"token-{seed}", f"password-{seed}"
            old = rig.secret.values["callbackTokens"]
            # The order that is told for tokens; of the two who know the password either may be the first.
            tokens = [
                partial(rig.secret.put, callbackTokens=[*old, token]),
                partial(rig.call_with, token),
                rig.wait_for_callbacks,  # those with the old token would be strangers from then on
                partial(rig.secret.put, callbackTokens=[token]),
            ]
            passwords = [
                partial(rig.secret.put, password=password),
                partial(rig.simulator.client.set_credentials, "local", password),
            ]
            for step in [*tokens, *(passwords if seed % 2 else reversed(passwords))]:
                messages.both_ways(number)
                step()
            messages.both_ways(number)
            messages.judge(tally, f"rotated, seed {seed}")
