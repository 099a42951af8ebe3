"""Destinations that make something happen, for people without the control API; all others are Retrieved.

The first two are OpenMarket's own (facts.md, "Test numbers"). The others are this simulator's: 1000087 2xxx gets a
report with another status, 1000087 3xxx reports at odd times, 1000087 4xxx a misbehaviour.
"""

from dataclasses import dataclass

from local.simulator.mt.behaviours import Behaviour, Error, Silence, Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialNumber:
    """What a destination does; `turns` are played one after the other, over and over, None for an ordinary answer."""

    number: str
    meaning: str
    plan: str = "retrieved"
    turns: tuple[Behaviour | None, ...] = ()


_TABLE = (
    SpecialNumber(number="10000871000", plan="retrieved", meaning="Retrieved/1 (OpenMarket's)"),
    SpecialNumber(number="10360871000", plan="deferred", meaning="Deferred/4 (OpenMarket's)"),
    SpecialNumber(number="10000872005", plan="forwarded", meaning="Forwarded/5"),
    SpecialNumber(number="10000872009", plan="rejected", meaning="Rejected/9"),
    SpecialNumber(number="10000872101", plan="expired", meaning="Expired"),
    SpecialNumber(number="10000872102", plan="indeterminate", meaning="Indeterminate"),
    SpecialNumber(number="10000872103", plan="notsupported", meaning="NotSupported"),
    SpecialNumber(number="10000872104", plan="unreachable", meaning="Unreachable"),
    SpecialNumber(number="10000872105", plan="unrecognized", meaning="Unrecognized"),
    SpecialNumber(number="10000872199", plan="teleported", meaning="Teleported: a word nobody knows"),
    SpecialNumber(number="10000873000", plan="none", meaning="no report at all"),
    SpecialNumber(number="10000873001", plan="late", meaning="Retrieved, 3 seconds late"),
    SpecialNumber(number="10000873002", plan="twice", meaning="Retrieved, the same report twice"),
    SpecialNumber(number="10000873003", plan="in-order", meaning="Deferred, then Retrieved"),
    SpecialNumber(
        number="10000873004", plan="out-of-order", meaning="Retrieved, then a Deferred dated a minute earlier"
    ),
    SpecialNumber(number="10000873005", plan="before-answer", meaning="Retrieved, before the send is answered"),
    SpecialNumber(
        number="10000874000",
        meaning="refused with 400 and an error in words",
        turns=(Error(status=400, code=400, description="The destination can't receive MMS."),),
    ),
    SpecialNumber(number="10000874001", meaning="accepted, never answered: a doubt", turns=(Silence(),)),
    SpecialNumber(
        number="10000874002",
        meaning="every first try is throttled (429, Retry-After: 1), every second is fine",
        turns=(Throttle(retry_after="1"), None),
    ),
)
NUMBERS = {each.number: each for each in _TABLE}
