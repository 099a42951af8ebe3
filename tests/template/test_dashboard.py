"""Rules for the dashboard: whatever it names exists, nothing covers anything, and its picture is of it."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from local.dashboard.arithmetic import names
from local.dashboard.drawing import WIDGETS, kind_of
from local.dashboard.metrics import curves_of_widget
from local.dashboard.observed import observed
from local.dashboard.sample_day import day_of
from local.places import ROOT
from tests.template.aws_metrics import is_documented, is_of_the_stack
from tests.template.printed import emitted
from tests.template.test_observing import OURS, TEMPLATE, VALUES, filtered_metrics

PICTURE = ROOT / "functions" / "dashboard.png"
COLUMNS = 24
SHOWN = observed()
BODY: dict[str, Any] = SHOWN.body
GRAPHS = [one for one in BODY["widgets"] if one["type"] == "metric"]

Widget = dict[str, Any]


def titled(widget: Widget) -> str:
    return str(widget["properties"]["title"])


def test_the_dashboard_is_named_after_stack_and_region_for_an_account_has_all_of_them_together() -> None:
    named = VALUES.of(TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardName"])
    assert named == "mms-gateway-eu-west-1"
    assert VALUES.of(TEMPLATE["Outputs"]["DashboardUrl"]["Value"]).endswith(f"#dashboards/dashboard/{named}")


def test_nothing_is_left_to_be_put_in_and_no_region_or_account_is_written_down() -> None:
    assert "${" not in json.dumps(BODY)
    written = str(TEMPLATE["Resources"]["Dashboard"])
    assert not [word for word in ("eu-west", "us-east", "123456789012", "arn:aws") if word in written]


@pytest.mark.parametrize("widget", GRAPHS, ids=titled)
def test_a_widget_names_metrics_that_exist_under_just_these_dimensions(widget: Widget) -> None:
    for curve in curves_of_widget(widget["properties"]):
        if curve.metric is None:
            continue
        if curve.metric.namespace == OURS:
            assert curve.metric in emitted() | filtered_metrics()
        else:
            assert is_documented(curve.metric, curve.stat), curve
            assert is_of_the_stack(curve.metric, TEMPLATE)


@pytest.mark.parametrize("widget", GRAPHS, ids=titled)
def test_a_widget_has_its_title_region_period_units_and_a_label_for_each_line(widget: Widget) -> None:
    properties = widget["properties"]
    assert properties["region"] == "eu-west-1"
    assert properties["period"] in {300, 3600}
    curves = [one for one in curves_of_widget(properties) if one.shown]
    assert all(one.options.get("label") for one in curves)
    if properties["view"] == "timeSeries":
        sides = {one.options.get("yAxis", "left") for one in curves}
        assert sides == set(properties["yAxis"])
        assert all(one["label"] and one["min"] == 0 for one in properties["yAxis"].values())
        assert len({one.options["color"] for one in curves}) == len(curves)
        assert all("(right)" in one.options["label"] for one in curves if one.options.get("yAxis") == "right")


@pytest.mark.parametrize("widget", GRAPHS, ids=titled)
def test_an_expression_uses_ids_of_its_own_widget_and_every_hidden_metric_is_used(widget: Widget) -> None:
    curves = curves_of_widget(widget["properties"])
    used = {name for one in curves if one.expression for name in names(one.expression)}
    ids = [one.id for one in curves]
    assert used <= set(ids)
    assert {one.id for one in curves if not one.shown} <= used
    assert len(ids) == len(set(ids))


def test_limits_are_drawn_where_they_are_the_templates_own() -> None:
    limits = {
        titled(one): [(line["label"], line["value"]) for line in one["properties"]["annotations"]["horizontal"]]
        for one in GRAPHS
        if "annotations" in one["properties"]
    }
    times, tuned = TEMPLATE["Mappings"]["Timing"]["production"], TEMPLATE["Mappings"]["Alarms"]
    assert limits == {
        "Latency: OpenMarket waits 10 s": [("OpenMarket gives up", 10)],
        "ReceiveCallback: duration and calls at a time": [("timeout", times["CallbackTimeout"])],
        "SendMms: duration and calls at a time": [("timeout", times["SendTimeout"])],
        "The queue": [("alarm", tuned["OldestQueued"]["Seconds"])],
        "Deliveries by result, each hour": [("alarm", tuned["Undelivered"]["Percent"])],
    }


@pytest.mark.parametrize("parameters", [{}, {"Timing": "fast"}, {"AccessLogClass": "INFREQUENT_ACCESS"}])
def test_it_shows_every_alarm_that_exists_once(parameters: dict[str, str]) -> None:
    stack = observed(**parameters)
    shown = [arn for one in stack.body["widgets"] if one["type"] == "alarm" for arn in one["properties"]["alarms"]]
    assert sorted(shown) == sorted(stack.alarms)


def cells(widget: Widget) -> set[tuple[int, int]]:
    across = range(widget["x"], widget["x"] + widget["width"])
    return {(column, row) for column in across for row in range(widget["y"], widget["y"] + widget["height"])}


def test_widgets_fill_the_grid_side_by_side_and_none_covers_another() -> None:
    assert not [1 for one, other in combinations(BODY["widgets"], 2) if cells(one) & cells(other)]
    filled = set().union(*map(cells, BODY["widgets"]))
    assert filled == {(column, row) for column in range(COLUMNS) for row in range(max(row for _, row in filled) + 1)}


def test_receiving_stands_at_the_left_and_sending_at_the_right() -> None:
    headings = {one["x"]: one["properties"]["markdown"] for one in BODY["widgets"] if one["type"] == "text"}
    assert "Receiving" in headings[0]
    assert "Sending" in headings[COLUMNS // 2]


# --- its picture ------------------------------------------------------------------------------------------------------


def test_every_type_of_widget_can_be_drawn_and_the_day_knows_every_metric() -> None:
    assert {kind_of(one) for one in BODY["widgets"]} == set(WIDGETS)
    for one in GRAPHS:
        assert set(day_of(curves_of_widget(one["properties"])))


def chunks(picture: Path) -> Iterator[tuple[bytes, bytes]]:
    """The parts of a PNG, each with its kind."""
    whole, at = picture.read_bytes(), 8
    while at < len(whole):
        size = int.from_bytes(whole[at : at + 4])
        kind, content = whole[at + 4 : at + 8], whole[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == int.from_bytes(whole[at + 8 + size : at + 12 + size])
        yield kind, content
        at += size + 12


def test_the_picture_is_of_this_dashboard_and_light() -> None:
    """Else: `make dashboard`."""
    notes = dict(content.split(b"\0", 1) for kind, content in chunks(PICTURE) if kind == b"tEXt")
    assert notes[b"Dashboard"].decode() == hashlib.sha256(SHOWN.for_the_picture().encode()).hexdigest()
    assert PICTURE.stat().st_size <= 200_000
