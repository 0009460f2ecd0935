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
from alexnet_bench.show.figures import style, zoom
from alexnet_bench.words import number, percent

_GAP = 0.05
# So many are all named.
_FEW = 8
_BEYOND: dict[str, Any] = {"linestyle": "none", "zorder": 4, "clip_on": False}
# Thin and pale, beside the front's line: it only leads from a name to a point.
_TIE: dict[str, Any] = {
    "arrowstyle": "-",
    "color": "#b5b5b5",
    "linewidth": 0.5,
    "relpos": (0, 0.5),
    "shrinkB": 4,
    "zorder": 0.5,
}
_LINE: dict[str, Any] = {"color": "#222222", "linewidth": 1.4, "linestyle": "-"}


class Point(NamedTuple):
    """A variant, with the means over draws and seeds and the values of each."""

    variant: str
    rate: float
    error: float
    rates: list[float]
    errors: list[float]


@style.report_figure(
    "Down is more accurate, right is faster. Error and throughput were measured at the scales that the "
    "figure names, which need not be the same. The line joins the variants of which no other is both as "
    "accurate and as fast; of many, these, the control and what lies beyond the axes are named."
)
def tradeoff_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One for each pair of conditions under which variants were both trained and timed."""
    for item in conditions(records, plans):
        trials, draws = item.trials, item.draws
        if trials and draws and (metric := headline(trials.succeeded)):
            points = points_of(trials, draws, metric, plans)
            if points:
                yield 5.2, partial(_draw, trials, draws, metric, points, plans)


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
    controls = [at for at in points if plans.is_control(at.variant)]
    axes.set_xlim(zoom.limits((rate for at in points for rate in at.rates), [at.rate for at in controls]))
    axes.set_ylim(zoom.limits((error for at in points for error in at.errors), [at.error for at in controls]))
    best = front(points)
    named = {at.variant for at in (points if len(points) <= _FEW else [*controls, *best])}
    beyond = {at.variant: side for at in points if (side := _beyond(axes, at))}
    colours = {
        at.variant: style.CONTROL
        if at in controls
        else style.ARM
        if at.variant in named | beyond.keys()
        else style.MUTED
        for at in points
    }
    for at in points:
        line: dict[str, Any] = {"color": colours[at.variant], "linewidth": 1, "alpha": 0.6}
        axes.plot([min(at.rates), max(at.rates)], [at.error] * 2, **line)
        axes.plot([at.rate] * 2, [min(at.errors), max(at.errors)], **line)
    axes.plot([at.rate for at in best], [at.error for at in best], **_LINE)
    inside = [at for at in points if at.variant not in beyond]
    style.scatter(axes, pd.DataFrame(inside, columns=Point._fields), "rate", "error", colours, zorder=3)
    for name, edge in beyond.items():
        axes.plot(*edge.place, edge.arrow, color=colours[name], **_BEYOND)
    _name_points(axes, [at for at in points if at.variant in named | beyond.keys()], colours, beyond)
    axes.set(xlabel=TRAINING.axis, ylabel=metric.axis)
    title = f"{metric.label.capitalize()} against training throughput"
    style.entitle(panel, title, _both_conditions(trials, draws))
    marks = [
        style.point("mean over seeds and over draws", style.ARM),
        style.mark("lowest to highest seed and draw", color=style.ARM, linestyle="-", linewidth=1),
    ]
    if controls:
        marks.insert(1, style.point("the control's", style.CONTROL))
    if set(colours.values()) >= {style.MUTED}:
        marks.append(style.point("others", style.MUTED))
    if len(best) > 1:
        marks.append(style.mark("beaten by no other in both", **_LINE))
    style.key(panel, marks)


class _Beyond(NamedTuple):
    """A point that is not on the axes: the arrow at their edge, its place, and the value that is beyond."""

    arrow: str
    place: tuple[float, float]
    value: str


def _beyond(axes: Axes, at: Point) -> _Beyond | None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    place = min(max(at.rate, left), right), min(max(at.error, low), high)
    error, rate = f"{percent(at.error)}%", f"{number(at.rate)} images/s"
    for arrow, is_there, value in (
        ("^", at.error > high, error),
        ("v", at.error < low, error),
        (">", at.rate > right, rate),
        ("<", at.rate < left, rate),
    ):
        if is_there:
            return _Beyond(arrow, place, value)
    return None


def _both_conditions(trials: Setting, draws: Setting) -> list[str]:
    """Those of the error and those of the throughput; where both ran, once if they ran alike."""
    (how_trained, trained_on), (how_timed, timed_on) = trial_conditions(trials), draw_conditions(draws)
    if trained_on == timed_on:
        return [f"error: {how_trained}", f"throughput: {how_timed}", f"both {trained_on}"]
    return [f"error: {how_trained}; {trained_on}", f"throughput: {how_timed}; {timed_on}"]


def _name_points(
    axes: Axes, points: list[Point], colours: dict[str, str], beyond: dict[str, _Beyond]
) -> None:
    """Write the names in a column at the right, each tied to its point, so that none covers another."""
    low, high = axes.get_ylim()
    places = [beyond[at.variant].place if at.variant in beyond else (at.rate, at.error) for at in points]
    heights = apart([(error - low) / (high - low) for _, error in places], _GAP)
    for height, place, at in zip(heights, places, points, strict=True):
        colour = colours[at.variant]
        value = f" ({beyond[at.variant].value})" if at.variant in beyond else ""
        axes.annotate(
            at.variant + value,
            place,
            (1.05, height),
            textcoords="axes fraction",
            va="center",
            color=style.CONTROL if colour == style.CONTROL else "black",
            arrowprops=_TIE,
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
