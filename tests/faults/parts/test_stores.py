"""The table or the bucket in trouble while messages go both ways: all of them are whole once the trouble is over."""

import time
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.faults.parts.proxy import Delay, Disturbance, Fail, HangUp, Hesitate, LoseAnswer, Service, Throttle
from tests.faults.parts.rig import RECEIVER, SENDER, Rig
from tests.faults.parts.traffic import PATIENCE, MakeTraffic
from tests.faults.tally import Scale, Tallies


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What happens to a share of a store's calls."""

    service: Service
    disturbances: tuple[Disturbance, ...]
    share: float = 1.0
    doubts: bool = False
    """Whether a message may be left in doubt: a table that can't be written says nothing of what went out."""


TROUBLES = {
    "table throttled": [
        Trouble(service="dynamodb", disturbances=(Throttle(),), share=0.6, doubts=True),
        Trouble(service="dynamodb", disturbances=(Throttle(),), doubts=True),
    ],
    "table down": [
        Trouble(service="dynamodb", disturbances=(HangUp(), Fail(), LoseAnswer()), share=0.9, doubts=True),
        Trouble(service="dynamodb", disturbances=(HangUp(),), doubts=True),
        Trouble(service="dynamodb", disturbances=(LoseAnswer(),), share=0.5, doubts=True),
        Trouble(service="dynamodb", disturbances=(Delay(),), share=0.5, doubts=True),
    ],
    "bucket down": [
        Trouble(service="s3", disturbances=(HangUp(), Fail(), Throttle(), LoseAnswer()), share=0.9),
        Trouble(service="s3", disturbances=(HangUp(),)),
        Trouble(service="s3", disturbances=(Throttle(),)),
    ],
    "bucket slow": [
        Trouble(service="s3", disturbances=(Delay(), Hesitate(2.5)), share=0.7),
        Trouble(service="s3", disturbances=(Delay(), Delay(0.5), Delay(5.0))),
    ],
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_all_is_whole_once_the_trouble_is_over(
    tallies: Tallies, scale: Scale, rig: Rig, traffic: MakeTraffic, kind: str
) -> None:
    seen: Counter[str] = Counter()
    with tallies.of(f"parts: {kind}") as tally:
        calls: Counter[str] = Counter()
        for seed in range(scale(short=1, long=len(TROUBLES[kind]))):
            trouble = TROUBLES[kind][seed % len(TROUBLES[kind])]
            seconds = scale(short=1, long=2 + seed * 3 % 10)
            messages = traffic(seed)
            messages.both_ways(1)
            messages.wait_for_sent()
            with rig.proxy.disturbed(trouble.service, *trouble.disturbances, share=trouble.share, seed=seed) as order:
                over = time.monotonic() + seconds
                messages.both_ways(scale(short=2, long=10), pause=seconds / 20)
                # A slow machine gets the time that it takes until a callback has failed, and a sender's call as well.
                while time.monotonic() < over or not (messages.has_met_trouble() and order.callers[SENDER]):
                    assert time.monotonic() < over + PATIENCE, f"not both are disturbed: {order.callers}"
                    messages.both_ways(1, pause=0.3)
            calls += order.callers
            doubtful = [each["requestId"] for each in messages.sent[1:]] if trouble.doubts else []
            messages.both_ways(1)
            seen += messages.judge(tally, f"{kind}: {trouble}, {seconds} s, seed {seed}", doubtful=doubtful)
        told = ", ".join(f"{count} {name}" for name, count in sorted(seen.items()))
        tally.note(f"{calls[RECEIVER]} calls of the receiver disturbed, {calls[SENDER]} of the sender; {told}")
