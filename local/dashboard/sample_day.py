"""A made-up day of a gateway: much in the evening, and from two to three in the afternoon OpenMarket answers late.

Each metric is a rule; one that has none is an error, so that nothing is drawn that the day does not know.
"""

import math
import random
from collections.abc import Callable, Mapping

from local.dashboard.arithmetic import Series, evaluated
from local.dashboard.metrics import Curve, Metric

STEP = 300  # seconds between two points of a rule
STEPS = 24 * 3600 // STEP
TROUBLE = range(168, 181)  # steps: from 14:00 to 15:05
SPREADS = {"p50": 1.0, "Average": 1.2, "p99": 2.8, "Maximum": 4.2}  # of durations, beside the half of all
TOGETHER: Mapping[str, Callable[[list[float]], float]] = {"Sum": sum, "SampleCount": sum}  # all others: the highest

Rule = Callable[[int, random.Random], float | None]


def _load(step: int) -> float:
    """How busy it is, from 0 to 1."""
    hour = step * STEP / 3600
    return 0.08 + 0.92 * math.exp(-(((hour - 19) / 3.4) ** 2)) + 0.45 * math.exp(-(((hour - 12.2) / 2.2) ** 2))


def _counted(most: float, *, in_trouble: float = 1.0) -> Rule:
    """About so many at the busiest time."""

    def rule(step: int, chance: random.Random) -> float:
        expected = most * _load(step) * (in_trouble if step in TROUBLE else 1.0)
        return float(max(round(chance.gauss(expected, math.sqrt(expected))), 0))

    return rule


def _rarely(*steps: int, much: float = 1.0) -> Rule:
    return lambda step, _: much if step in steps else None


def _now_and_then(share: float, *, otherwise: float | None = None) -> Rule:
    return lambda _, chance: 1.0 if chance.random() < share else otherwise


def _never(*, zero: bool = False) -> Rule:
    return lambda *_: 0.0 if zero else None


def _in_trouble(most: float, usually: float | None = None) -> Rule:
    def rule(step: int, chance: random.Random) -> float | None:
        return round(most * chance.uniform(0.6, 1.0), 1) if step in TROUBLE else usually

    return rule


def _took(seconds: float, *, in_trouble: float = 1.0) -> Rule:
    """Milliseconds of a call that usually takes so long."""

    def rule(step: int, chance: random.Random) -> float:
        return seconds * 1000 * (in_trouble if step in TROUBLE else 1.0) * chance.uniform(0.85, 1.2)

    return rule


IN, OUT = "receive_callback", "send_mms"
RULES: Mapping[tuple[str, str], Rule] = {  # by name, and the value of the last dimension; "" where any is meant
    ("Received", IN): _counted(180),
    ("Reports", IN): _counted(150, in_trouble=0.5),
    ("Delivered", IN): _counted(120, in_trouble=0.5),
    ("Undelivered", IN): _counted(11, in_trouble=0.5),
    ("OrphanReports", IN): _now_and_then(0.1, otherwise=0.0),
    ("Duplicates", IN): _now_and_then(0.15),
    ("Conflicts", IN): _never(),
    ("Quarantined", IN): _rarely(97, 233),
    ("Truncated", IN): _rarely(60),
    ("Unavailable", IN): _rarely(201, much=2),
    ("Unauthorized", IN): _rarely(40, 41, 130, much=3),
    ("SecretUnreadable", IN): _never(),
    ("Accepted", OUT): _counted(150, in_trouble=0.45),
    ("Retried", OUT): _in_trouble(60, usually=0.0),
    ("Rejected", OUT): _now_and_then(0.08, otherwise=0.0),
    ("InDoubt", OUT): _rarely(171, 178),
    ("Duplicates", OUT): _now_and_then(0.05),
    ("Busy", OUT): _now_and_then(0.04),
    ("HandedBack", OUT): _in_trouble(6),
    ("Conflicts", OUT): _rarely(118),
    ("Unavailable", OUT): _rarely(201),
    ("SetAside", OUT): _rarely(252),
    ("Mistakes", OUT): _never(),
    ("SecretUnreadable", OUT): _never(),
    ("CredentialsRefused", OUT): _never(),
    ("Redirected", OUT): _never(),
    ("TooLarge", ""): _never(zero=True),
    ("TurnedAway", ""): _rarely(88, 89, much=4),
    ("Count", ""): _counted(330),
    ("4XXError", ""): _rarely(40, 41, 88, 89, 130, much=4),
    ("5XXError", ""): _rarely(60, 201, much=2),
    ("Latency", ""): _took(0.14),
    ("Duration", "mms-gateway-ReceiveCallback"): _took(0.11),
    ("Duration", "mms-gateway-SendMms"): _took(0.7, in_trouble=7.0),
    ("ConcurrentExecutions", "mms-gateway-ReceiveCallback"): lambda step, _: 1.0 + round(5 * _load(step)),
    ("ConcurrentExecutions", "mms-gateway-SendMms"): _in_trouble(10, usually=3),
    ("Errors", "mms-gateway-ReceiveCallback"): _never(zero=True),
    ("Errors", "mms-gateway-SendMms"): _rarely(178),
    ("Throttles", ""): _never(zero=True),
    ("SuccessfulRequestLatency", "PutItem"): _took(0.0045),
    ("SuccessfulRequestLatency", "UpdateItem"): _took(0.0062),
    ("SuccessfulRequestLatency", "GetItem"): _took(0.0021),
    ("SuccessfulRequestLatency", "Query"): _took(0.0031),
    ("WriteThrottleEvents", ""): _never(),
    ("ReadThrottleEvents", ""): _never(),
    ("ApproximateNumberOfMessagesVisible", "mms-gateway-SendQueue.QueueName"): _in_trouble(120, usually=0),
    ("ApproximateNumberOfMessagesNotVisible", "mms-gateway-SendQueue.QueueName"): _in_trouble(70, usually=2),
    ("ApproximateAgeOfOldestMessage", "mms-gateway-SendQueue.QueueName"): _in_trouble(540, usually=2),
    ("ApproximateNumberOfMessagesVisible", "mms-gateway-DeadLetterQueue.QueueName"): lambda step, _: float(step > 252),
}


def day_of(curves: list[Curve]) -> dict[str, list[float | None]]:
    """The values of curves over the day, by their ids; expressions over the others."""
    found: dict[str, list[float | None]] = {
        one.id: _values(one.metric, one.stat, one.period) for one in curves if one.metric is not None
    }
    inputs: dict[str, Series] = dict(found)
    return found | {one.id: evaluated(one.expression, inputs) for one in curves if one.expression}


def _values(metric: Metric, stat: str, period: int) -> list[float | None]:
    who = metric.dimensions[-1][1] if metric.dimensions else ""
    rule = RULES.get((metric.name, who)) or RULES[metric.name, ""]
    chance = random.Random(f"{metric} {stat if stat in SPREADS else ''}")  # noqa: S311 - the same picture each time
    spread = SPREADS.get(stat, 1.0) if metric.name in {"Duration", "Latency", "SuccessfulRequestLatency"} else 1.0
    points = [rule(step, chance) for step in range(STEPS)]
    each = period // STEP
    periods = [[one for one in points[at : at + each] if one is not None] for at in range(0, STEPS, each)]
    return [_together(one, stat, spread) for one in periods]


def _together(points: list[float], stat: str, spread: float) -> float | None:
    return TOGETHER.get(stat, max)(points) * spread if points else None
