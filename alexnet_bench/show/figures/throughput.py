"""Throughput of every variant over its control's, in training and in inference: a point a draw."""

import math
import textwrap
from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.metrics import THROUGHPUTS, Metric
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import comparable_speeds
from alexnet_bench.records.schema import AnyRecord, Draw
from alexnet_bench.show.captions import draw_conditions, other_device
from alexnet_bench.show.figures import style
from alexnet_bench.words import distinct, number


def draw_throughput(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel a setting, training beside inference."""
    shown = [item for item in measured_alike(records, plans, Draw) if item.succeeded]
    return style.stacked(
        shown,
        lambda setting: _height(setting, plans),
        lambda panel, setting: _draw_panel(panel, setting, plans),
    )


def _height(setting: Setting, plans: Plans) -> float:
    lines = max(1 + _label(setting, name, plans).count("\n") for name in setting.variants)
    return 2.0 + len(setting.variants) * max(0.34, 0.05 + 0.17 * lines)


def _draw_panel(panel: SubFigure, setting: Setting, plans: Plans) -> None:
    modes = {draw.mode for draw in setting.succeeded}
    metrics = [metric for metric in THROUGHPUTS if metric.mode in modes]
    speeds = [
        {name: comparable_speeds(setting, name, metric) for name in setting.variants} for metric in metrics
    ]
    leading = pd.Series({name: speed for name, (speed, _) in speeds[0].items()}, dtype=float)
    names = style.order(leading, plans, ascending=False)
    places = panel.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    control = names.index(setting.control) if setting.control in names else None
    for axes, metric, of_mode in zip(places, metrics, speeds, strict=True):
        _draw_axes(axes, of_mode, names, metric, setting.control)
    style.show_rows(places[0], [_label(setting, name, plans) for name in names], control)
    style.entitle(panel, "Throughput by variant", draw_conditions(setting))
    style.key(
        panel,
        [
            style.point("one draw (the network built anew)", style.ARM),
            style.mark("over all draws", "black", marker="|", markersize=12, markeredgewidth=2),
            style.mark(f"the control, {setting.control}", style.CONTROL, linestyle="--", linewidth=1),
        ][: None if control is not None else 2],
    )


def _draw_axes(
    axes: Axes,
    speeds: dict[str, tuple[float, list[float]]],
    names: list[str],
    metric: Metric,
    control: str,
) -> None:
    base = speeds[control][0] if control in speeds else max(speed for speed, _ in speeds.values())
    points = pd.DataFrame(
        [
            (name, value / base, row + offset)
            for row, name in enumerate(names)
            for value, offset in zip(speeds[name][1], style.offsets(len(speeds[name][1]), 0.2), strict=True)
        ],
        columns=["variant", "ratio", "row"],
    )
    ratios = [speeds[name][0] / base for name in names]
    colours = [style.CONTROL if name == control else style.ARM for name in names]
    axes.barh(range(len(names)), ratios, height=0.62, color=colours, alpha=0.22, linewidth=0)
    sns.scatterplot(
        points,
        x="ratio",
        y="row",
        hue="variant",
        palette=dict(zip(names, colours, strict=True)),
        s=34,
        alpha=0.8,
        legend=False,
        ax=axes,
    )
    axes.plot(ratios, range(len(names)), "|", color="black", markersize=14, markeredgewidth=2)
    axes.axvline(1, color=style.CONTROL, linestyle="--", linewidth=1, zorder=0)
    style.show_values(axes, [number(speeds[name][0]) for name in names], metric.unit)
    axes.set_xlim(
        0, max([1.0, *points["ratio"], *(ratio for ratio in ratios if not math.isnan(ratio))]) * 1.06
    )
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(f"{metric.label} over {control}'s\n(ratio; {metric.better} is better)")
    axes.set_ylabel("")
    axes.grid(visible=False, axis="y")


def _label(setting: Setting, variant: str, plans: Plans) -> str:
    """The name, with the network it is another name of, what failed and a device unlike the control's."""
    rows, same = setting.of(variant), plans.same_as(variant)
    text = f"{variant} (= {same})" if same else variant
    if failed := distinct(draw.status for draw in rows if not draw.succeeded):
        text += f" ({', '.join(failed)})"
    return "\n".join([text, *textwrap.wrap(other_device(setting, variant), 30)])


FIGURE = style.ReportFigure(
    name="throughput",
    place=2,
    caption=(
        "Speed over the control's, in training and in inference. A point is one draw, for which the network "
        "was built anew; a bar ends at the ratio over all draws. At the right: images a second, which is the "
        "control's typical speed times the ratio."
    ),
    draw=draw_throughput,
)
