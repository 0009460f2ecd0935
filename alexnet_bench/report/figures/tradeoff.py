"""Error against training throughput: what each variant buys, and what it costs."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from alexnet_bench.report.figures import style
from alexnet_bench.report.metrics import TRAINING, Metric, headline
from alexnet_bench.report.plans import Plans, succeeded
from alexnet_bench.report.summary import Condition, conditions

_GAP = 0.05


def draw_tradeoff(frame: pd.DataFrame, plans: Plans) -> Figure | None:
    """A panel for each pair of conditions under which variants were both trained and timed."""
    shown = [(item, points) for item in conditions(frame, plans) if len(points := _points(item))]
    if not shown:
        return None
    figure, places = style.panels([max(4.6, 2.2 + 0.27 * len(points)) for _, points in shown])
    for panel, (condition, points) in zip(places, shown, strict=True):
        _draw_panel(panel, condition, points, plans)
    return figure


def _points(condition: Condition) -> pd.DataFrame:
    """Mean, lowest and highest error and rate of the variants that have both."""
    if condition.trials is None or condition.draws is None:
        return pd.DataFrame()
    trials, draws = succeeded(condition.trials.rows), succeeded(condition.draws.rows)
    draws = draws[draws["mode"] == TRAINING.mode]
    metric = headline(trials)
    if metric is None:
        return pd.DataFrame()
    error = metric.of(trials).groupby(trials["variant"]).agg(["mean", "min", "max"]).add_prefix("error_")
    rate = TRAINING.of(draws).groupby(draws["variant"]).agg(["mean", "min", "max"]).add_prefix("rate_")
    return error.join(rate, how="inner").dropna().sort_values("error_mean", ascending=False)


def _draw_panel(panel: SubFigure, condition: Condition, points: pd.DataFrame, plans: Plans) -> None:
    assert condition.trials is not None and condition.draws is not None
    metric = headline(succeeded(condition.trials.rows))
    assert metric is not None
    axes = panel.subplots()
    points = points.assign(side=[plans.is_control(name) for name in points.index])
    for _, at in points.iterrows():
        axes.plot([at["rate_min"], at["rate_max"]], [at["error_mean"]] * 2, color=style.MUTED, linewidth=1)
        axes.plot([at["rate_mean"]] * 2, [at["error_min"], at["error_max"]], color=style.MUTED, linewidth=1)
    sns.scatterplot(
        points,
        x="rate_mean",
        y="error_mean",
        hue="side",
        palette={True: style.CONTROL, False: style.ARM},
        s=60,
        legend=False,
        zorder=3,
        ax=axes,
    )
    axes.margins(0.06)
    _name_points(axes, points, plans)
    _label_axes(axes, metric)
    style.entitle(
        panel,
        f"{metric.label.capitalize()} against training throughput",
        [
            "error: " + " ".join(style.trial_conditions(condition.trials)),
            "throughput: " + " ".join(style.draw_conditions(condition.draws)),
        ],
    )
    style.key(
        panel,
        [
            style.point("mean of a variant", style.ARM),
            style.point("of the control", style.CONTROL),
            style.mark("lowest to highest seed and draw", style.MUTED, linestyle="-", linewidth=1),
        ],
    )


def _label_axes(axes: Axes, metric: Metric) -> None:
    axes.set_xlabel(TRAINING.axis)
    axes.set_ylabel(metric.axis)


def _name_points(axes: Axes, points: pd.DataFrame, plans: Plans) -> None:
    """Write the names in a column at the right, each tied to its point, so that none covers another."""
    low, high = axes.get_ylim()
    heights = apart([(error - low) / (high - low) for error in points["error_mean"]], _GAP)
    for height, (name, at) in zip(heights, points.iterrows(), strict=True):
        axes.annotate(
            str(name),
            (at["rate_mean"], at["error_mean"]),
            (1.05, height),
            textcoords="axes fraction",
            va="center",
            color=style.CONTROL if plans.is_control(str(name)) else "black",
            arrowprops={
                "arrowstyle": "-",
                "color": "#c8c8c8",
                "linewidth": 0.7,
                "relpos": (0, 0.5),
                "shrinkB": 4,
            },
        )


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Falling heights, moved as little as needed to lie at least a gap apart, within 0 and 1 where they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else min(height, 1.0))
    floor = 0.0
    for index in reversed(range(len(placed))):
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    return placed
