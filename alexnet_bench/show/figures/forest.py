"""What each arm changes in error and in training speed, side by side: one row an arm."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.effects import effects
from alexnet_bench.analysis.metrics import HEADLINES, RATIO, TRAINING
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.summary import Condition, conditions
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import draw_conditions, trial_conditions
from alexnet_bench.show.figures import style, zoom
from alexnet_bench.show.numbers import change_text, in_unit
from alexnet_bench.show.phrases import asked
from alexnet_bench.stats.verdict import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from alexnet_bench.words import signed

# How a verdict looks, in shape and in colour; hollow where it says nothing.
_MARKS: dict[str, dict[str, Any]] = {
    BETTER: {"marker": "^", "color": style.PALETTE[0]},
    WORSE: {"marker": "v", "color": style.PALETTE[3]},
    EQUIVALENT: {"marker": "s", "color": style.PALETTE[2]},
    INCONCLUSIVE: {"marker": "D", "color": "#666666", "markerfacecolor": "white"},
    "": {"marker": "o", "color": "#666666", "markerfacecolor": "white"},
}
_WORDS = {"": "no verdict (too few pairs, or some failed)"}
# Of the width of the plot.
_EDGE = 0.05


@style.report_figure(
    "What each arm changes in error and, beside it, in training speed, where these were measured, against "
    "the control of its question. A bar is the interval that decided the verdict, or the 95% interval where "
    "there is none; small points are single seeds and draws. In the grey band a change does not matter. An "
    "arrow points to what lies off the scale; the numbers are at the right."
)
def forest_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One for each pair of conditions under which arms were trained and timed."""
    found = effects(records, plans.manifests, plans.folders)
    for condition in conditions(records, plans):
        if rows := list(_sides(condition, found)):
            listed = _listed(rows, plans)
            yield (
                1.7 + style.row_height(2 * len(listed)) * len(listed),
                partial(_draw, condition, rows, listed),
            )


def _sides(condition: Condition, found: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The effects on error, and those on training speed, where there are any."""
    known = found[found["effect"].notna() & ~found["same_network"].astype(bool)]
    if condition.trials:
        own = known[known["setting"] == condition.trials.name]
        errors = (own[own["measure"] == metric.name] for metric in HEADLINES)
        yield from [rows for rows in errors if len(rows)][:1]
    if condition.draws:
        own = known[known["setting"] == condition.draws.name]
        if len(rows := own[own["measure"] == TRAINING.name]):
            yield rows


def _listed(sides: Sequence[pd.DataFrame], plans: Plans) -> list[tuple[str, str]]:
    """The rows of the figure: question and arm; an empty arm is the question's own row."""
    arms = pd.concat(sides)[["ablation", "arm"]].drop_duplicates()
    ablations = {item.name: item for item in plans.ablations}
    listed: list[tuple[str, str]] = []
    for name, ablation in ablations.items():
        if len(own := arms[arms["ablation"] == name]):
            question = asked(ablation, own["arm"], plans)
            listed += [(question, ""), *((name, arm) for arm in sorted(own["arm"], key=plans.rank))]
    others = arms[~arms["ablation"].isin(ablations)]
    return listed + [("", str(arm)) for arm in others["arm"]]


def _draw(
    condition: Condition, sides: Sequence[pd.DataFrame], listed: list[tuple[str, str]], panel: SubFigure
) -> None:
    places = style.grid(panel, len(sides), len(sides), sharey=True)
    height = {arm: row for row, (_, arm) in enumerate(listed) if arm}
    for axes, rows in zip(places, sides, strict=True):
        _draw_side(axes, rows, height)
        for row, (_, arm) in enumerate(listed):
            if not arm and row:
                axes.axhline(row - 0.5, color="#dddddd", linewidth=0.8, zorder=0)
    style.show_rows(places[0], [arm or question for question, arm in listed])
    for label, (_, arm) in zip(places[0].get_yticklabels(), listed, strict=True):
        label.set_fontweight("normal" if arm else "bold")
    controls = sorted({str(name) for rows in sides for name in rows["control"]})
    said = [f"error: {'; '.join(trial_conditions(condition.trials))}"] if condition.trials else []
    said += [f"throughput: {'; '.join(draw_conditions(condition.draws))}"] if condition.draws else []
    style.entitle(panel, f"What each arm changes, against {' or '.join(controls)}", said)
    verdicts = {str(verdict) for rows in sides for verdict in rows["verdict"]}
    style.key(
        panel,
        [
            *(
                style.mark(_WORDS.get(word, word), **mark | {"markersize": 7})
                for word, mark in _MARKS.items()
                if word in verdicts
            ),
            style.mark("does not matter", color=style.MUTED, alpha=0.25, linestyle="-", linewidth=8),
        ],
        columns=6,
    )


def _draw_side(axes: Axes, rows: pd.DataFrame, height: dict[str, int]) -> None:
    """One quantity: speeds as the logarithm of the ratio, so that half and double lie equally far."""
    is_ratio, label = rows["unit"].iloc[0] == RATIO, rows["label"].iloc[0]
    place = np.log if is_ratio else np.asarray
    largest = rows["margin"].max()
    margin = 0.0 if math.isnan(largest) else float(place(1 + largest) if is_ratio else largest)
    sizes = place(rows[["effect", "low", "high"]].to_numpy(dtype=float))
    left, right = zoom.limits(sizes.ravel(), shown=[-1.5 * margin, 1.5 * margin])
    axes.set_xlim(left, right)
    axes.axvspan(-margin, margin, color=style.MUTED, alpha=0.25, linewidth=0, zorder=0)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    for row, (middle, low, high) in zip(rows.itertuples(), sizes, strict=True):
        at, mark = height[str(row.arm)], _MARKS[str(row.verdict)]
        colour = mark["color"]
        if math.isfinite(low) and math.isfinite(high):
            axes.plot(np.clip([low, high], left, right), [at, at], color=colour, linewidth=1.8)
        singles = place(np.asarray(row.values, dtype=float))
        axes.plot(singles, [at] * len(singles), ".", color=colour, alpha=0.35, markersize=5, zorder=1.5)
        room = _EDGE * (right - left)
        inside = float(np.clip(middle, left + room, right - room))
        axes.plot(inside, at, **mark, markersize=7.5, linestyle="none", zorder=3)
        for edge, is_off in ((left, np.fmin(low, middle) < left), (right, np.fmax(high, middle) > right)):
            if is_off:
                start = edge - math.copysign(0.7 * room, edge)
                arrow = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (edge, at), (start, at), arrowprops=arrow)
    each: Sequence[Any] = list(rows.itertuples())
    shown = [change_text(row.effect) if is_ratio else in_unit(row.effect, row.unit) for row in each]
    column = axes.secondary_yaxis("right")
    column.set_yticks([height[str(arm)] for arm in rows["arm"]], shown)
    column.tick_params(length=0)
    column.spines["right"].set_visible(False)
    if is_ratio:
        ticks = _round_changes(left, right)
        axes.set_xticks(
            [math.log1p(change) for change in ticks],
            [f"{signed(100 * change).removesuffix('.00')}%" for change in ticks],
        )
        axes.set_xlabel(f"{label}, change\n(right of 0 is faster)")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel(f"{label}, change in points\n(left of 0 is better)")
    axes.grid(visible=False, axis="y")


def _round_changes(left: float, right: float) -> list[float]:
    """The few round changes of a ratio that lie between two of its logarithms, none beside another."""
    sizes = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
    changes = sorted([*(-size for size in sizes if size < 1), 0.0, *sizes], key=abs)
    chosen: list[float] = []
    # The largest first: what is left out are those near zero.
    for change in [0.0, *reversed(changes)]:
        at = math.log1p(change)
        if left < at < right and all(abs(at - math.log1p(one)) > 0.24 * (right - left) for one in chosen):
            chosen.append(change)
    return sorted(chosen)
