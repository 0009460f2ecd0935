"""Error against training throughput: what each variant buys, and what it costs."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.metrics import TRAINING, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import comparable_speeds, conditions
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import draw_conditions, trial_conditions
from alexnet_bench.show.figures import style

_GAP = 0.05
_FRONT: dict[str, Any] = {"color": style.MUTED, "linestyle": "-.", "linewidth": 1.2}


class Point(NamedTuple):
    """A variant, with the means over draws and seeds and the values of each."""

    variant: str
    rate: float
    error: float
    rates: list[float]
    errors: list[float]


@style.report_figure(
    "Down is more accurate, right is faster. Named are the control and the variants that no other one beats "
    "in both (the Pareto front, joined by a line); how sure that is, the effects say. Error and throughput "
    "were measured at the scales that the figure names, which need not be the same."
)
def tradeoff_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One for each pair of conditions under which variants were both trained and timed."""
    for item in conditions(records, plans):
        trials, draws = item.trials, item.draws
        if trials and draws and (metric := headline(trials.succeeded)):
            points = points_of(trials, draws, metric, plans)
            if points:
                draw = partial(_draw, trials, draws, metric, points, plans)
                yield max(4.6, 2.2 + 0.27 * len(points)), draw


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other one beats in both, the fastest last."""
    return sorted(
        (
            one
            for one in points
            if not any(
                other.rate >= one.rate
                and other.error <= one.error
                and (other.rate > one.rate or other.error < one.error)
                for other in points
            )
        ),
        key=lambda one: one.rate,
    )


def points_of(trials: Setting, draws: Setting, metric: Metric, plans: Plans) -> list[Point]:
    """The variants that have both, the worst error first."""
    points = []
    for name in sorted({*trials.variants, *draws.variants}, key=plans.rank):
        rate, rates = comparable_speeds(draws, name, TRAINING)
        errors = [metric.of(trial) for trial in trials.of(name) if trial.succeeded and metric.has(trial)]
        if errors and rates:
            points.append(Point(name, rate, float(np.mean(errors)), rates, errors))
    return sorted(points, key=lambda point: -point.error)


def _draw(
    trials: Setting, draws: Setting, metric: Metric, points: list[Point], plans: Plans, panel: SubFigure
) -> None:
    axes = panel.subplots()
    colours = style.distinct_colours([at.variant for at in points], plans)
    for at in points:
        line: dict[str, Any] = {"color": colours[at.variant], "linewidth": 1, "alpha": 0.6}
        axes.plot([min(at.rates), max(at.rates)], [at.error] * 2, **line)
        axes.plot([at.rate] * 2, [min(at.errors), max(at.errors)], **line)
    best = front(points)
    axes.plot([at.rate for at in best], [at.error for at in best], **_FRONT, zorder=2)
    style.scatter(axes, pd.DataFrame(points), "rate", "error", colours, s=60, zorder=3)
    axes.margins(0.06)
    named = {at.variant for at in best} | {draws.control}
    _name_points(axes, [at for at in points if at.variant in named], colours)
    axes.set(xlabel=TRAINING.axis, ylabel=metric.axis)
    title = f"{metric.label.capitalize()} against training throughput"
    style.entitle(panel, title, _both_conditions(trials, draws))
    style.key(
        panel,
        [
            style.point("mean over seeds and over draws", "black"),
            style.mark("lowest to highest seed and draw", color="black", linestyle="-", linewidth=1),
            style.mark("no other variant is better in both", **_FRONT),
        ],
    )


def _both_conditions(trials: Setting, draws: Setting) -> list[str]:
    """Those of the error and those of the throughput; where both ran, once if they ran alike."""
    (how_trained, trained_on), (how_timed, timed_on) = trial_conditions(trials), draw_conditions(draws)
    if trained_on == timed_on:
        return [f"error: {how_trained}", f"throughput: {how_timed}", f"both {trained_on}"]
    return [f"error: {how_trained}; {trained_on}", f"throughput: {how_timed}; {timed_on}"]


def _name_points(axes: Axes, points: list[Point], colours: dict[str, str]) -> None:
    """Write the names in a column at the right, each tied to its point, so that none covers another."""
    low, high = axes.get_ylim()
    heights = apart([(at.error - low) / (high - low) for at in points], _GAP)
    for height, at in zip(heights, points, strict=True):
        colour = colours[at.variant]
        axes.annotate(
            at.variant,
            (at.rate, at.error),
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
