"""Specification curves: the effect by every way of asking a question, and below it what was chosen."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from alexnet_bench.analysis.metrics import POINTS, RATIO
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import LENGTHS, Specification, specification_curves
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.figures import style
from alexnet_bench.words import counted, joined

# A figure of more panels would be higher than a page can be read, or an image be written.
_MOST_PANELS = 12
_ROW = 0.19
BELOW, ABOVE, ACROSS, WITHOUT = "below", "above", "across", "without"
_COLOURS = {BELOW: style.ARM, ABOVE: style.SECOND, ACROSS: style.MUTED, WITHOUT: style.MUTED}
_AXIS = {POINTS: "arm less control\n(percentage points)", RATIO: "arm over control\n(ratio)"}
_HEADLINE: dict[str, Any] = {"color": style.CONTROL, "alpha": 0.18, "linewidth": 0}


@style.report_figure(
    "Each column is one way to ask the question, and they stand in the order of their answers. Above: the "
    "effect with its 95% interval, each by itself. Below: what was chosen. `specifications.csv` has the "
    "same; docs/specifications.md says how to read it."
)
def specification_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a question and unit that can be asked in enough ways; the most first."""
    for curve in specification_curves(records, plans)[:_MOST_PANELS]:
        rows = choice_rows(curve)
        yield 3.6 + _ROW * len(rows), partial(_draw, curve, rows)


def choice_rows(curve: Sequence[Specification]) -> dict[str, list[bool]]:
    """By choice, in which specifications it was made; without what all have chosen alike.

    Where two specifications have chosen all alike, the run tells them apart.
    """
    chosen = [dict(one.choices) for one in curve]
    if len({tuple(sorted(choices.items())) for choices in chosen}) < len(chosen):
        chosen = [choices | {"run": one.runs} for choices, one in zip(chosen, curve, strict=True)]
    rows: dict[str, list[bool]] = {}
    for name in dict.fromkeys(name for choices in chosen for name in choices):
        values = [choices.get(name) for choices in chosen]
        options = [value for value in dict.fromkeys(values) if value is not None]
        if len(set(values)) > 1:
            for option in sorted(options, key=_in_order):
                rows[f"{name}: {option}"] = [value == option for value in values]
    return rows


def _in_order(option: str) -> tuple[float, str]:
    """Lengths from short to long, numbers by size, the rest by name."""
    if option in LENGTHS:
        return LENGTHS[option], option
    try:
        return float(option.split()[0]), option
    except ValueError:
        return math.inf, option


def side_of(one: Specification) -> str:
    """Where the interval of a specification lies, seen from no effect."""
    nothing = 1.0 if one.unit == RATIO else 0.0
    if math.isnan(one.low):
        return WITHOUT
    return BELOW if one.high < nothing else ABOVE if one.low > nothing else ACROSS


def _draw(curve: Sequence[Specification], rows: dict[str, list[bool]], panel: SubFigure) -> None:
    above, below = panel.subplots(2, 1, sharex=True, height_ratios=[2.4, 0.3 + _ROW * len(rows)])
    for place, one in enumerate(curve):
        if one.headline:
            for axes in (above, below):
                axes.axvspan(place - 0.5, place + 0.5, zorder=0, **_HEADLINE)
    _draw_effects(above, curve)
    _draw_choices(below, rows, len(curve))
    below.set_xlabel(standing(curve))
    first, arms = curve[0], joined(list(dict.fromkeys(one.arm for one in curve)))
    controls = joined(list(dict.fromkeys(one.control for one in curve)))
    about = f"{arms}, held against {controls}; {'over' if first.unit == RATIO else 'less'} it"
    style.entitle(panel, f"{counted(len(curve), 'answer')} to one question: {first.question}", [about])
    style.key(panel, _key(curve), columns=3)


def _draw_effects(axes: Axes, curve: Sequence[Specification]) -> None:
    """Points with their intervals; what is infinite ends at the axes' edge."""
    size = min(6.0, 300 / len(curve))
    ends = [value for one in curve for value in (one.effect, one.low, one.high) if _is_shown(value, one)]
    if curve[0].unit == RATIO:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        nothing = 1.0
    else:
        nothing = 0.0
    axes.plot([0] * len(ends), ends, linestyle="none")
    low, high = axes.get_ylim()
    for place, one in enumerate(curve):
        colour = _COLOURS[side_of(one)]
        line = np.clip([one.low, one.high], low, high)
        axes.plot([place, place], line, color=colour, linewidth=min(1.8, 120 / len(curve)))
        filled = "white" if side_of(one) == WITHOUT else colour
        axes.plot(
            [place],
            np.clip([one.effect], low, high),
            "o",
            markersize=size,
            color=colour,
            markerfacecolor=filled,
        )
    axes.axhline(nothing, **style.NOTHING, zorder=0)
    axes.set_ylim(low, high)
    axes.set_ylabel(_AXIS[curve[0].unit])
    axes.grid(visible=False, axis="x")
    axes.tick_params(labelbottom=False)


def _is_shown(value: float, one: Specification) -> bool:
    return math.isfinite(value) and (one.unit != RATIO or value > 0)


def _draw_choices(axes: Axes, rows: dict[str, list[bool]], count: int) -> None:
    """A row an option, a dot where it was chosen."""
    chosen = np.array(list(rows.values()), dtype=bool).reshape(len(rows), count)
    for dots, colour in ((~chosen, "#e4e4e4"), (chosen, "black")):
        places = np.argwhere(dots)
        axes.plot(
            places[:, 1], places[:, 0], "o", color=colour, markersize=min(4.5, 300 / count), zorder=2
        )
    style.show_rows(axes, list(rows))
    axes.tick_params(axis="y", labelsize="small")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_xlim(-1, count)


def standing(curve: Sequence[Specification]) -> str:
    """On which side of no effect the intervals lie, in words."""
    sides, first = [side_of(one) for one in curve], curve[0]
    nothing = "×1" if first.unit == RATIO else "zero"
    lower, upper = ("better", "worse") if first.better == "lower" else ("worse", "better")
    told = (
        f"{counted(sides.count(BELOW), 'interval')} below {nothing} (the arm is {lower}), "
        f"{sides.count(ABOVE)} above ({upper}), {sides.count(ACROSS)} across"
    )
    without = sides.count(WITHOUT)
    return f"{told}; {without} without an interval, of fewer than four pairs" if without else told


def _key(curve: Sequence[Specification]) -> list[Line2D]:
    sides = {side_of(one) for one in curve}
    named = {
        BELOW: "interval below no effect",
        ABOVE: "above",
        ACROSS: "across",
    }
    marks = [style.point(label, _COLOURS[side]) for side, label in named.items() if side in sides]
    if WITHOUT in sides:
        hollow = {"markeredgecolor": style.MUTED, "markerfacecolor": "white"}
        marks.append(style.mark("fewer than four pairs", marker="o", markersize=7, **hollow))
    if any(one.headline for one in curve):
        band = {"color": style.CONTROL, "alpha": 0.3, "linestyle": "-", "linewidth": 6}
        marks.append(style.mark("what the report says first of a setting", **band))
    return marks
