"""SIGKILL for the functions' processes at random moments, with messages going both ways."""

import time

from local.simulator.mt.behaviours import Slow
from tests.faults.parts.environments import Killer
from tests.faults.parts.poller import VISIBILITY
from tests.faults.parts.proxy import Delay, Hesitate
from tests.faults.parts.rig import Rig
from tests.faults.parts.traffic import MakeTraffic, Traffic
from tests.faults.tally import Scale, Tallies

AT_ONCE = 8  # messages under way each way
PATIENCE = 900.0  # seconds; an idle machine takes an eighth of it


def test_functions_killed_in_mid_call_lose_and_double_nothing(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic
) -> None:
    with tallies.of("parts: function killed") as tally:
        seed = 1
        messages = traffic(seed)
        receiving, sending = Killer(seed), Killer(seed + 1)
        # Room for a kill around each call of AWS, which is then made all the same, or not.
        messages.both_ways(1)
        messages.wait_for_sent()
        steps = (Delay(0.03), Hesitate(0.03))
        rig.simulator.client.behave(Slow(seconds=0.2), share=0.5, seed=seed)
        rig.queue.visibility = 3
        rig.receivers.killer, rig.senders.killer = receiving, sending
        try:
            with rig.proxy.disturbed("dynamodb", *steps), rig.proxy.disturbed("s3", *steps):
                keep_busy_until_killed(messages, receiving, sending, times=scale(short=8, long=100))
        finally:
            rig.receivers.killer = rig.senders.killer = None
            rig.simulator.client.clear_behaviours()
            rig.queue.visibility = VISIBILITY
        doubtful = [each["requestId"] for each in messages.sent[1:]]
        messages.both_ways(1)
        seen = messages.judge(tally, f"killed in mid-call, seed {seed}", doubtful=doubtful)
        tally.note(f"{receiving.in_mid_call} kills of the receiver, {sending.in_mid_call} of the sender")
        tally.note(", ".join(f"{count} {name}" for name, count in sorted(seen.items())))


def keep_busy_until_killed(messages: Traffic, receiving: Killer, sending: Killer, *, times: int) -> None:
    """Keep messages under way to each function until it has been killed so many times in mid-call."""
    over = time.monotonic() + PATIENCE
    while receiving.in_mid_call < times or sending.in_mid_call < times:
        assert time.monotonic() < over, f"after {PATIENCE} s: {receiving}, {sending}"
        coming, going = messages.under_way()
        if coming < AT_ONCE and receiving.in_mid_call < times:
            messages.message_in()
        if going < AT_ONCE and sending.in_mid_call < times:
            messages.message_out()
        time.sleep(0.02)
