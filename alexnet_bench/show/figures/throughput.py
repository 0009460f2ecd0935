"""Images a second of every variant, in training and in inference: each draw's point and the mean."""

import textwrap

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.conditions import Setting, settings
from alexnet_bench.analysis.metrics import THROUGHPUTS, Metric
from alexnet_bench.analysis.plans import Plans, present, succeeded
from alexnet_bench.show.captions import draw_conditions, other_device
from alexnet_bench.show.figures import style
from alexnet_bench.words import number


def draw_throughput(frame: pd.DataFrame, plans: Plans) -> Figure | None:
    """A panel a setting, training beside inference."""
    shown = [item for item in settings(frame, plans, "draw") if len(succeeded(item.rows))]
    if not shown:
        return None
    figure, places = style.panels([2.0 + _height(item, plans) for item in shown])
    for panel, setting in zip(places, shown, strict=True):
        _draw_panel(panel, setting, plans)
    return figure


def _height(setting: Setting, plans: Plans) -> float:
    lines = max(1 + _label(setting, name, plans).count("\n") for name in setting.variants)
    return len(setting.variants) * max(0.34, 0.05 + 0.17 * lines)


def _draw_panel(panel: SubFigure, setting: Setting, plans: Plans) -> None:
    draws = succeeded(setting.rows)
    metrics = [metric for metric in THROUGHPUTS if (draws["mode"] == metric.mode).any()]
    leading = draws[draws["mode"] == metrics[0].mode]
    means = metrics[0].of(leading).groupby(leading["variant"]).mean().reindex(setting.variants)
    names = style.order(means, plans, ascending=False)
    places = panel.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    control = names.index(setting.control) if setting.control in names else None
    for axes, metric in zip(places, metrics, strict=True):
        _draw_axes(axes, draws[draws["mode"] == metric.mode], names, metric, setting.control)
    style.show_rows(places[0], [_label(setting, name, plans) for name in names], control)
    style.entitle(panel, "Throughput by variant", draw_conditions(setting))
    style.key(
        panel,
        [
            style.point("one draw (the network built anew)", style.ARM),
            style.mark("mean over draws", "black", marker="|", markersize=12, markeredgewidth=2),
            style.mark(f"mean of the control, {setting.control}", style.CONTROL, linestyle="--", linewidth=1),
        ][: None if control is not None else 2],
    )


def _draw_axes(axes: Axes, draws: pd.DataFrame, names: list[str], metric: Metric, control: str) -> None:
    values = pd.DataFrame({"variant": draws["variant"], "rate": metric.of(draws)})
    values["row"] = values["variant"].map(names.index) + _offsets(draws)
    means = values.groupby("variant")["rate"].mean().reindex(names)
    colours = [style.CONTROL if name == control else style.ARM for name in names]
    axes.barh(range(len(names)), means, height=0.62, color=colours, alpha=0.22, linewidth=0)
    sns.scatterplot(
        values.dropna(),
        x="rate",
        y="row",
        hue="variant",
        palette=dict(zip(names, colours, strict=True)),
        s=34,
        alpha=0.8,
        legend=False,
        ax=axes,
    )
    axes.plot(means, range(len(names)), "|", color="black", markersize=14, markeredgewidth=2)
    if control in names and pd.notna(means[control]):
        axes.axvline(means[control], color=style.CONTROL, linestyle="--", linewidth=1, zorder=0)
    style.show_values(axes, [number(value) for value in means], "mean")
    axes.set_xlim(0, values["rate"].max() * 1.06)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(metric.axis.replace(" (", "\n("))
    axes.set_ylabel("")
    axes.grid(visible=False, axis="y")


def _offsets(draws: pd.DataFrame) -> "pd.Series[float]":
    """The draws of each variant side by side, the first on top."""
    builds = draws["run_id"] + draws["draw"].map("/{:06.0f}".format)
    return pd.concat([style.spread(keys, reach=0.2) for _, keys in builds.groupby(draws["variant"])])


def _label(setting: Setting, variant: str, plans: Plans) -> str:
    """The name, with the network it is another name of, what failed and a device unlike the control's."""
    rows, same = setting.of(variant), plans.same_as(variant)
    text = f"{variant} (= {same})" if same else variant
    if failed := present(rows["status"][rows["status"] != "ok"]):
        text += f" ({', '.join(failed)})"
    return "\n".join([text, *textwrap.wrap(other_device(setting, variant), 30)])
