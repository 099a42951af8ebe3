"""The metrics that dashboards and alarms name, as they are written there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: a name in a namespace, under just these dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a graph or one input of an alarm: a metric with a statistic, or an expression over others."""

    id: str
    metric: Metric | None = None
    stat: str = ""
    expression: str = ""
    period: int
    shown: bool = True
    options: Properties = field(default_factory=dict)


def curves_of_widget(properties: Properties) -> list[Curve]:
    """What a metric widget's `metrics` say."""
    return [_of_row(row, properties, f"curve{at}") for at, row in enumerate(properties["metrics"])]


def _of_row(row: list[Any], properties: Properties, unnamed: str) -> Curve:
    options: dict[str, Any] = row[-1] if isinstance(row[-1], dict) else {}
    words = row[:-1] if options else row
    period: int = options.get("period") or properties["period"]
    curve = Curve(id=options.get("id", unnamed), period=period, shown=options.get("visible", True), options=options)
    if "expression" in options:
        return replace(curve, expression=options["expression"])
    dimensions = tuple(zip(words[2::2], words[3::2], strict=True))
    stat: str = options.get("stat") or properties["stat"]
    return replace(curve, metric=Metric(words[0], words[1], dimensions), stat=stat)


def curves_of_alarm(properties: Properties) -> list[Curve]:
    """What an alarm looks at: the one metric, or all of its metric math."""
    if "Metrics" not in properties:
        return [
            Curve(id="metric", metric=_metric(properties), stat=properties["Statistic"], period=properties["Period"])
        ]
    return list(_of_math(properties["Metrics"]))


def _of_math(queries: list[Properties]) -> Iterator[Curve]:
    (period,) = {one["MetricStat"]["Period"] for one in queries if "MetricStat" in one}
    for one in queries:
        shown = one.get("ReturnData", True)
        if "Expression" in one:
            yield Curve(id=one["Id"], expression=one["Expression"], period=period, shown=shown)
        else:
            told = one["MetricStat"]
            yield Curve(id=one["Id"], metric=_metric(told["Metric"]), stat=told["Stat"], period=period, shown=shown)


def _metric(properties: Properties) -> Metric:
    dimensions = tuple((one["Name"], one["Value"]) for one in properties.get("Dimensions", []))
    return Metric(properties["Namespace"], properties["MetricName"], dimensions)
