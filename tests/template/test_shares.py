"""The alarms that look at shares: worked out on numbers, so that one of two wakes nobody, and a third of many does."""

import math
from typing import Any

import pytest

from local.dashboard.arithmetic import Series, evaluated, names
from local.dashboard.metrics import curves_of_alarm
from tests.template.printed import documents
from tests.template.test_observing import ALARMS, TEMPLATE, VALUES

SHARES = {
    "UndeliveredAlarm": ("failed", ["delivered"]),
    "OrphanReportsAlarm": ("orphans", []),
    "RejectedAlarm": ("rejected", ["accepted", "retried"]),
    "RetriedAlarm": ("retried", ["accepted", "rejected"]),
}


def alarm(name: str) -> dict[str, Any]:
    found: dict[str, Any] = VALUES.of(ALARMS[name])
    return found


def share(name: str, bad: float | None, good: float | None) -> float | None:
    """What the alarm compares with its threshold, in an hour with so many bad ones and so many good ones."""
    (formula,) = [one for one in curves_of_alarm(alarm(name)) if one.expression]
    of_the_bad, of_the_good = SHARES[name]
    numbers: dict[str, Series] = {of_the_bad: [bad], **{one: [0.0] for one in of_the_good}}
    if of_the_good:
        numbers[of_the_good[0]] = [good]
    else:
        numbers["reports"] = [bad + good if bad is not None and good is not None else None]
    (value,) = evaluated(formula.expression, numbers)
    return value


def rings(name: str, bad: float, good: float) -> bool:
    value = share(name, bad, good)
    return value is not None and value >= float(alarm(name)["Threshold"])


def test_all_alarms_that_calculate_are_tried_here() -> None:
    assert {name for name, one in ALARMS.items() if "Metrics" in one} == set(SHARES)


@pytest.mark.parametrize("name", SHARES)
def test_a_share_uses_each_of_its_metrics_and_shows_one_result(name: str) -> None:
    curves = curves_of_alarm(alarm(name))
    (formula,) = [one for one in curves if one.expression]
    assert names(formula.expression) == {one.id for one in curves} - {formula.id}
    assert [one.id for one in curves if one.shown] == [formula.id]
    assert len({one.metric.name for one in curves if one.metric}) == len(curves) - 1


@pytest.mark.parametrize("name", SHARES)
def test_where_nothing_happened_there_is_no_share_and_no_error(name: str) -> None:
    assert share(name, 0, 0) == 0
    assert share(name, None, None) is None


@pytest.mark.parametrize("name", SHARES)
def test_one_of_two_wakes_nobody_and_neither_do_all_of_a_few(name: str) -> None:
    assert not rings(name, 1, 1)
    assert not rings(name, 4, 0)


@pytest.mark.parametrize("name", SHARES)
def test_a_share_rings_from_its_percentage_and_its_number_on(name: str) -> None:
    threshold = float(alarm(name)["Threshold"])
    assert not rings(name, threshold - 1, 100 - threshold + 1)
    assert rings(name, threshold, 100 - threshold)
    assert rings(name, 100, 0)


@pytest.mark.parametrize("name", SHARES)
def test_a_share_counts_all_of_an_hour_to_be_enough_not_the_bad_ones_alone(name: str) -> None:
    tuned = TEMPLATE["Mappings"]["Alarms"][name.removesuffix("Alarm")]
    bad = math.ceil(tuned["AtLeast"] * tuned["Percent"] / 100)
    assert float(alarm(name)["Threshold"]) == tuned["Percent"]
    assert rings(name, bad, tuned["AtLeast"] - bad)
    assert not rings(name, tuned["AtLeast"] - 1, 0)


@pytest.mark.parametrize("name", SHARES)
def test_the_numbers_of_a_share_come_together_or_not_at_all(name: str) -> None:
    """Where one of them were missing there would be no share: so each counts a zero where another one counts."""
    needed = {one.metric.name for one in curves_of_alarm(alarm(name)) if one.metric}
    together = [needed & document.keys() for document in documents() if needed & document.keys()]
    assert together
    assert all(one == needed for one in together)
