"""A queue that brings messages again while somebody is still at them."""

import time

from local.simulator.mt.behaviours import Slow
from tests.faults.parts.poller import VISIBILITY
from tests.faults.parts.rig import Rig
from tests.faults.parts.traffic import PATIENCE, MakeTraffic
from tests.faults.tally import Scale, Tallies


def test_a_message_that_comes_again_too_early_goes_out_once(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic
) -> None:
    with tallies.of("parts: queue redelivers early") as tally:
        deliveries = rig.queue.deliveries
        sent = 0
        for seed in range(scale(short=1, long=4)):
            messages = traffic(seed)
            slow = Slow(seconds=1.1 + seed % 4 / 10)  # longer than the queue waits, and far less than a call may take
            rig.simulator.client.behave(slow, share=0.7, seed=seed)
            rig.queue.visibility = 1
            try:
                messages.both_ways(scale(short=4, long=12))
                messages.wait_for_sent()
                rig.queue.visibility = VISIBILITY
                over = time.monotonic() + PATIENCE
                while messages.under_way()[1] and time.monotonic() < over:
                    rig.queue.bring_again()  # what has settled comes again too
                    time.sleep(0.3)
                messages.judge(tally, f"comes again after 1 s, {slow}, seed {seed}")
            finally:
                rig.queue.visibility = VISIBILITY
                rig.simulator.client.clear_behaviours()
            sent += len(messages.sent)
        deliveries = rig.queue.deliveries - deliveries
        tally.expect(deliveries > sent, "wrong", f"{sent} messages came {deliveries} times: none came again")
        tally.note(f"{sent} messages delivered {deliveries} times")
