"""Whether an alarm rings at the end of the sample day."""

from typing import Any

from local.dashboard.metrics import curves_of_alarm
from local.dashboard.sample_day import day_of


def rings(properties: dict[str, Any]) -> bool:
    """Whether enough of the last periods reach the threshold; a period without a value counts for nothing."""
    curves = curves_of_alarm(properties)
    (watched,) = [one.id for one in curves if one.shown]
    last = day_of(curves)[watched][-properties["EvaluationPeriods"] :]
    reached = [one for one in last if one is not None and one >= float(properties["Threshold"])]
    enough: int = properties.get("DatapointsToAlarm", properties["EvaluationPeriods"])
    return len(reached) >= enough
