"""Draws a dashboard as the console of CloudWatch lays it out; runs where matplotlib is, see `make dashboard`.

Usage: python -m local.dashboard.drawing <picture> <what local.dashboard prints
"""

import hashlib
import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.dashboard.alarm_state import rings
from local.dashboard.metrics import Curve, curves_of_widget
from local.dashboard.sample_day import day_of

WIDTH, ROW, COLUMNS, DPI = 9.0, 0.33, 24, 200  # inches; a row of the grid; the grid; so it is sharp at 900 pixels
TITLE, SMALL, LEGEND_ROW = 7.5, 6.0, 0.115
INK, FAINT, CARD, PAGE = "#16191f", "#687078", "#ffffff", "#f2f3f3"
RING, CALM = "#d13212", "#1d8102"
DASHES = (4, 2)

Widget = Mapping[str, Any]
Alarms = Mapping[str, dict[str, Any]]
Days = Mapping[str, list[float | None]]


class Canvas:
    """The picture, in units of the dashboard's grid."""

    def __init__(self, pyplot: Any, rows: int) -> None:
        self.height = rows * ROW
        self.figure = pyplot.figure(figsize=(WIDTH, self.height), dpi=DPI, facecolor=PAGE)

    def card(self, widget: Widget) -> Any:
        """The white field of a widget, its axes in inches from the upper left corner."""
        wide, high = widget["width"] * WIDTH / COLUMNS, widget["height"] * ROW
        left, top = widget["x"] * WIDTH / COLUMNS, widget["y"] * ROW
        gap = 0.035
        field = self.axes(left + gap, top + gap, wide - 2 * gap, high - 2 * gap)
        field.set(xlim=(0, wide - 2 * gap), ylim=(high - 2 * gap, 0), xticks=[], yticks=[], facecolor=CARD)
        for side in field.spines.values():
            side.set(color="#d5dbdb", linewidth=0.5)
        return field

    def axes(self, left: float, top: float, wide: float, high: float) -> Any:
        """Axes at a place in inches from the upper left corner of the picture."""
        return self.figure.add_axes((left / WIDTH, 1 - (top + high) / self.height, wide / WIDTH, high / self.height))


def draw_text(canvas: Canvas, widget: Widget, _: Alarms) -> None:
    """A heading."""
    field = canvas.card(widget)
    field.set(facecolor="none")
    for side in field.spines.values():
        side.set_visible(False)
    words = widget["properties"]["markdown"].lstrip("# ")
    field.text(0.04, 0.15, words, fontsize=9, fontweight="bold", color=INK, va="center")


def draw_alarms(canvas: Canvas, widget: Widget, alarms: Alarms) -> None:
    """A tile for each alarm; those that ring are red."""
    field = _titled(canvas, widget)
    columns, arns = 3, widget["properties"]["alarms"]
    wide = field.get_xlim()[1]
    high = (field.get_ylim()[0] - 0.3) / -(-len(arns) // columns)
    for at, arn in enumerate(arns):
        row, column = divmod(at, columns)
        color = RING if rings(alarms[arn]) else CALM
        left, top = 0.06 + column * (wide - 0.1) / columns, 0.27 + row * high
        shade, weight = ("#fdf3f1", "bold") if color == RING else ("#f4faf2", "normal")
        field.add_patch(_rectangle((left, top), (wide - 0.1) / columns - 0.04, high - 0.04, color=shade))
        field.add_patch(_rectangle((left, top), 0.04, high - 0.04, color=color))
        name = arn.rpartition(":")[2].removeprefix("mms-gateway-")
        middle = top + high / 2 - 0.02
        field.text(left + 0.08, middle, name, fontsize=SMALL, color=color, va="center", fontweight=weight)


def draw_numbers(canvas: Canvas, widget: Widget, _: Alarms) -> None:
    """The sum, or the highest, of the whole day, over its course."""
    field = _titled(canvas, widget)
    curves = [one for one in curves_of_widget(widget["properties"]) if one.shown]
    days = day_of(curves)
    wide = (field.get_xlim()[1] - 0.1) / len(curves)
    for at, curve in enumerate(curves):
        known = [one for one in days[curve.id] if one is not None]
        whole = sum(known) if curve.stat == "Sum" else max(known, default=0)
        field.text(0.08 + at * wide, 0.47, f"{whole:,.0f}", fontsize=13, color=INK, va="center")
        field.text(0.08 + at * wide, 0.72, curve.options["label"], fontsize=SMALL, color=FAINT, va="center")
        _sparkline(canvas, widget, 0.08 + at * wide, wide - 0.2, days[curve.id])


def draw_graph(canvas: Canvas, widget: Widget, _: Alarms) -> None:
    """Lines, or areas on each other, over a day."""
    properties = widget["properties"]
    field = _titled(canvas, widget)
    curves = [one for one in curves_of_widget(properties) if one.shown]
    days = day_of(curves_of_widget(properties))
    has_right = "right" in properties["yAxis"]
    wide, high = field.get_xlim()[1], field.get_ylim()[0]
    left, top = widget["x"] * WIDTH / COLUMNS + 0.43, widget["y"] * ROW + 0.36
    legend = LEGEND_ROW * _legend_rows(curves)
    plot = canvas.axes(left, top, wide - (0.82 if has_right else 0.5), high - 0.53 - legend)
    sides = {"left": plot} | ({"right": plot.twinx()} if has_right else {})
    _draw_curves(sides, curves, days, stacked=properties["stacked"])
    for line in properties.get("annotations", {}).get("horizontal", []):
        _draw_limit(sides[line.get("yAxis", "left")], line)
    for side, axes in sides.items():
        _dress(axes, properties["yAxis"][side]["label"], at_right=side == "right")
    _draw_legend(field, curves)


WIDGETS: Mapping[tuple[str, str | None], Callable[[Canvas, Widget, Alarms], None]] = {
    ("text", None): draw_text,
    ("alarm", None): draw_alarms,
    ("metric", "singleValue"): draw_numbers,
    ("metric", "timeSeries"): draw_graph,
}
"""How each type of widget, in each of its views, is drawn."""


def kind_of(widget: Widget) -> tuple[str, str | None]:
    """A widget's type and view."""
    return widget["type"], widget["properties"].get("view")


def _titled(canvas: Canvas, widget: Widget) -> Any:
    field = canvas.card(widget)
    field.text(0.08, 0.14, widget["properties"]["title"], fontsize=TITLE, fontweight="bold", color=INK, va="center")
    return field


def _rectangle(corner: tuple[float, float], wide: float, high: float, *, color: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, wide, high, facecolor=color, edgecolor="none")


def _sparkline(canvas: Canvas, widget: Widget, left: float, wide: float, values: list[float | None]) -> None:
    bottom = (widget["y"] + widget["height"]) * ROW
    axes = canvas.axes(widget["x"] * WIDTH / COLUMNS + 0.035 + left, bottom - 0.18, wide, 0.12)
    axes.fill_between(range(len(values)), [one or 0 for one in values], color="#1f77b4", alpha=0.35, linewidth=0)
    axes.axis("off")


def _hours(values: list[float | None]) -> list[float]:
    return [at * 24 / len(values) for at in range(len(values))]


def _draw_curves(sides: Mapping[str, Any], curves: list[Curve], days: Days, *, stacked: bool) -> None:
    below: list[float] = []
    for curve in curves:
        values, color = days[curve.id], curve.options["color"]
        if stacked and curve.options.get("yAxis", "left") == "left":
            base = below or [0.0] * len(values)
            below = [low + (one or 0) for low, one in zip(base, values, strict=True)]
            sides["left"].fill_between(
                [*_hours(values), 24.0],  # the last period has its width as well
                [*base, base[-1]],
                [*below, below[-1]],
                color=color,
                alpha=0.8,
                linewidth=0.0,
                step="post",
            )
            continue
        known = [(hour, one) for hour, one in zip(_hours(values), values, strict=True) if one is not None]
        axes = sides[curve.options.get("yAxis", "left")]
        if len(known) < len(values) / 3:  # a few points are no line
            axes.scatter([hour for hour, _ in known], [one for _, one in known], s=7, color=color, zorder=3)
        else:
            axes.plot([hour for hour, _ in known], [one for _, one in known], color=color, linewidth=0.8)


def _draw_limit(axes: Any, line: Mapping[str, Any]) -> None:
    axes.axhline(line["value"], color=line["color"], linewidth=0.7, dashes=DASHES)
    axes.text(23.8, line["value"], line["label"], fontsize=SMALL - 0.5, color=line["color"], ha="right", va="bottom")
    axes.set_ylim(top=max(axes.get_ylim()[1], line["value"] * 1.2))


def _dress(axes: Any, label: str, *, at_right: bool) -> None:
    axes.set_xlim(0, 24)
    axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 1.0))
    axes.set_xticks(range(0, 24, 4), [f"{hour:02}:00" for hour in range(0, 24, 4)])
    axes.tick_params(labelsize=SMALL - 0.5, length=0, pad=1.5, colors=FAINT)
    axes.locator_params(axis="y", nbins=4)
    axes.set_title(label, fontsize=SMALL - 0.5, color=FAINT, loc="right" if at_right else "left", pad=2)
    axes.set_facecolor("none")
    if not at_right:
        axes.grid(axis="y", color="#eaeded", linewidth=0.5)
        axes.set_axisbelow(True)
    for name, side in axes.spines.items():
        side.set_visible(name == "bottom")
        side.set(color="#aab7b8", linewidth=0.5)


def _legend_rows(curves: list[Curve]) -> int:
    return -(-len(curves) // 3)


def _draw_legend(field: Any, curves: list[Curve]) -> None:
    wide, high = field.get_xlim()[1], field.get_ylim()[0]
    for at, curve in enumerate(curves):
        row, column = divmod(at, 3)
        left, top = 0.1 + column * (wide - 0.15) / 3, high - LEGEND_ROW * (_legend_rows(curves) - row) + 0.02
        field.add_patch(_rectangle((left, top - 0.025), 0.07, 0.05, color=curve.options["color"]))
        field.text(left + 0.1, top, curve.options["label"], fontsize=SMALL - 0.5, color=INK, va="center")


def drawn(body: Mapping[str, Any], alarms: Alarms) -> bytes:
    """The dashboard as a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    canvas = Canvas(pyplot, max(widget["y"] + widget["height"] for widget in body["widgets"]))
    for widget in body["widgets"]:
        WIDGETS[kind_of(widget)](canvas, widget, alarms)
    whole = io.BytesIO()
    canvas.figure.savefig(whole, format="png")
    return whole.getvalue()


def light(picture: bytes, shown: str) -> bytes:
    """The same picture in few colours, with the hash of what it shows."""
    from PIL import Image, PngImagePlugin

    note = PngImagePlugin.PngInfo()
    note.add_text("Dashboard", hashlib.sha256(shown.encode()).hexdigest())
    small = io.BytesIO()
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    # That way of choosing them keeps colours that are rare, such as a legend's.
    few = whole.quantize(128, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True, pnginfo=note)
    return small.getvalue()


if __name__ == "__main__":
    told = sys.stdin.read().strip()
    Path(sys.argv[1]).write_bytes(light(drawn(**json.loads(told)), told))
