"""Throughput of every variant over its control's, in training and in inference: a point a draw."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.metrics import THROUGHPUTS, Metric
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import comparable_speeds
from alexnet_bench.records.schema import AnyRecord, Draw
from alexnet_bench.show.captions import draw_conditions, other_device
from alexnet_bench.show.figures import style, zoom
from alexnet_bench.words import distinct, number


@style.report_figure(
    "Speed over the control's, in training and in inference. A point is one draw, for which the network "
    "was built anew; a bar ends at the ratio over all draws. At the right: images a second, which is the "
    "control's typical speed times the ratio. An arrow at the edge has a ratio that lies beyond it."
)
def throughput_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a setting, training beside inference."""
    for setting in measured_alike(records, plans, Draw):
        if setting.succeeded:
            labels = {name: _label(setting, name, plans) for name in setting.variants}
            lines = max(1 + label.count("\n") for label in labels.values())
            row = max(style.row_height(len(labels)), 0.05 + 0.17 * lines)
            yield 2.0 + row * len(labels), partial(_draw, setting, labels, plans)


def _draw(setting: Setting, labels: dict[str, str], plans: Plans, panel: SubFigure) -> None:
    modes = {draw.mode for draw in setting.succeeded}
    metrics = [metric for metric in THROUGHPUTS if metric.mode in modes]
    speeds = [{name: comparable_speeds(setting, name, metric) for name in labels} for metric in metrics]
    leading = pd.Series({name: speed for name, (speed, _) in speeds[0].items()}, dtype=float)
    names = style.order(leading, plans, ascending=False)
    places = style.grid(panel, len(metrics), len(metrics), sharey=True)
    for axes, metric, of_mode in zip(places, metrics, speeds, strict=True):
        _draw_axes(axes, {name: of_mode[name] for name in names}, metric, setting.control)
    control = names.index(setting.control) if setting.control in names else None
    style.show_rows(places[0], [labels[name] for name in names], control)
    style.entitle(panel, "Throughput by variant", draw_conditions(setting))
    style.key(
        panel,
        [
            style.point("one draw (the network built anew)", style.ARM),
            style.upright("over all draws"),
            style.mark(f"the control, {setting.control}", **style.REFERENCE),
        ][: None if control is not None else 2],
    )


def _draw_axes(
    axes: Axes, speeds: dict[str, tuple[float, list[float]]], metric: Metric, control: str
) -> None:
    base = speeds[control][0] if control in speeds else max(speed for speed, _ in speeds.values())
    points = pd.DataFrame(
        [
            (name, value / base, row + offset)
            for row, (name, (_, values)) in enumerate(speeds.items())
            for value, offset in zip(values, style.offsets(len(values), 0.2), strict=True)
        ],
        columns=["variant", "ratio", "row"],
    )
    rows, ratios = range(len(speeds)), [speed / base for speed, _ in speeds.values()]
    colours = {name: style.CONTROL if name == control else style.ARM for name in speeds}
    axes.barh(rows, ratios, height=0.62, color=list(colours.values()), alpha=0.22, linewidth=0)
    style.scatter(axes, points, "ratio", "row", colours, alpha=0.8)
    style.means(axes, ratios, reach=0.31)
    axes.axvline(1, **style.REFERENCE, zorder=0)
    style.show_values(axes, [number(speed) for speed, _ in speeds.values()], metric.unit)
    axes.set_xlim(0, zoom.limits(points["ratio"], shown=[1.0])[1])
    zoom.point_out(axes, [[ratio] for ratio in ratios], list(colours.values()), "×{:.1f}".format)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(f"{metric.label} over {control}'s\n(ratio; {metric.better} is better)")
    axes.set_ylabel("")
    axes.grid(visible=False, axis="y")


def _label(setting: Setting, variant: str, plans: Plans) -> str:
    """The name, with what failed and a device unlike the control's."""
    failed = distinct(draw.status for draw in setting.of(variant) if not draw.succeeded)
    name = style.row_label(variant, plans, ", ".join(failed))
    return "\n".join([name, *textwrap.wrap(other_device(setting, variant), 30)])
