"""Error against training throughput: what each variant buys, and what it costs."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.metrics import TRAINING, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import Condition, comparable_speeds, conditions
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import draw_conditions, trial_conditions
from alexnet_bench.show.figures import style

_GAP = 0.05


def draw_tradeoff(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel for each pair of conditions under which variants were both trained and timed."""
    shown = [(item, points) for item in conditions(records, plans) if len(points := _points(item, plans))]
    return style.stacked(
        shown,
        lambda item: max(4.6, 2.2 + 0.27 * len(item[1])),
        lambda panel, item: _draw_panel(panel, *item, plans),
    )


def _points(condition: Condition, plans: Plans) -> pd.DataFrame:
    """Mean, lowest and highest error and rate of the variants that have both."""
    if condition.trials is None or condition.draws is None:
        return pd.DataFrame()
    trials = condition.trials.succeeded
    metric = headline(trials)
    if metric is None:
        return pd.DataFrame()
    rows = {}
    for name in sorted(condition.variants, key=plans.rank):
        speed, rates = comparable_speeds(condition.draws, name, TRAINING)
        errors = [metric.of(trial) for trial in trials if trial.variant == name and metric.has(trial)]
        if errors and rates:
            rows[name] = {
                "error_mean": float(np.mean(errors)),
                "error_min": min(errors),
                "error_max": max(errors),
                "rate_mean": speed,
                "rate_min": min(rates),
                "rate_max": max(rates),
            }
    found = pd.DataFrame.from_dict(rows, orient="index")
    return found.sort_values("error_mean", ascending=False, kind="stable") if rows else found


def _draw_panel(panel: SubFigure, condition: Condition, points: pd.DataFrame, plans: Plans) -> None:
    assert condition.trials is not None and condition.draws is not None
    metric = headline(condition.trials.succeeded)
    assert metric is not None
    axes = panel.subplots()
    colours = _colours([str(name) for name in points.index], plans)
    for name, at in points.iterrows():
        line: dict[str, Any] = {"color": colours[str(name)], "linewidth": 1, "alpha": 0.6}
        axes.plot([at["rate_min"], at["rate_max"]], [at["error_mean"]] * 2, **line)
        axes.plot([at["rate_mean"]] * 2, [at["error_min"], at["error_max"]], **line)
    sns.scatterplot(
        points,
        x="rate_mean",
        y="error_mean",
        hue=points.index,
        palette=colours,
        s=60,
        legend=False,
        zorder=3,
        ax=axes,
    )
    axes.margins(0.06)
    _name_points(axes, points, colours)
    axes.set(xlabel=TRAINING.axis, ylabel=metric.axis)
    style.entitle(
        panel,
        f"{metric.label.capitalize()} against training throughput",
        _both_conditions(condition.trials, condition.draws),
    )
    style.key(
        panel,
        [
            style.point("mean over seeds and over draws", "black"),
            style.mark("lowest to highest seed and draw", "black", linestyle="-", linewidth=1),
        ],
    )


def _both_conditions(trials: Setting, draws: Setting) -> list[str]:
    """Those of the error and those of the throughput; where both ran, once if they ran alike."""
    (how_trained, trained_on), (how_timed, timed_on) = trial_conditions(trials), draw_conditions(draws)
    if trained_on == timed_on:
        return [f"error: {how_trained}", f"throughput: {how_timed}", f"both {trained_on}"]
    return [f"error: {how_trained}; {trained_on}", f"throughput: {how_timed}; {timed_on}"]


def _colours(names: Sequence[str], plans: Plans) -> dict[str, str]:
    """A colour a variant, which ties it to its name; the control's is its own."""
    others = cycle(style.DISTINCT)
    return {name: style.CONTROL if plans.is_control(name) else next(others) for name in names}


def _name_points(axes: Axes, points: pd.DataFrame, colours: dict[str, str]) -> None:
    """Write the names in a column at the right, each tied to its point, so that none covers another."""
    low, high = axes.get_ylim()
    heights = apart([(error - low) / (high - low) for error in points["error_mean"]], _GAP)
    for height, (name, at) in zip(heights, points.iterrows(), strict=True):
        colour = colours[str(name)]
        axes.annotate(
            str(name),
            (at["rate_mean"], at["error_mean"]),
            (1.05, height),
            textcoords="axes fraction",
            va="center",
            color=style.CONTROL if colour == style.CONTROL else "black",
            arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.5, "relpos": (0, 0.5), "shrinkB": 4},
        )


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Falling heights, moved little, so as to lie at least a gap apart, and within 0 and 1 where they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else min(height, 1.0))
    floor = 0.0
    for index in reversed(range(len(placed))):
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    return placed


FIGURE = style.ReportFigure(
    name="tradeoff",
    place=4,
    caption=(
        "Down is more accurate, right is faster. Error and throughput were measured at the scales that the "
        "figure names, which need not be the same."
    ),
    draw=draw_tradeoff,
)
