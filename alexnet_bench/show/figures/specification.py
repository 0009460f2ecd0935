"""Specification curves: the effect by every way of asking a question, and below it what was chosen."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from alexnet_bench.analysis.effect import DESCRIPTIVE, INCOMPLETE, INTERVAL
from alexnet_bench.analysis.metrics import RATIO
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.specifications import Specification, specification_curves
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.figures import style
from alexnet_bench.words import counted, distinct, joined

_MOST_QUESTIONS, _LONGEST = 12, 48
_EFFECTS, _ROW = 2.4, 0.19
# What is shown wherever it varies, in this order; the rest where it tells more.
MAIN = (
    *("network", "data set", "epochs", "initial weights", "pixels"),
    *("rate", "that rate is", "length", "metric"),
)
# Points up to here are on a linear axis, more on a logarithmic one: what does not learn lies far out.
_LINEAR = 10
BELOW, ABOVE, ACROSS, NEITHER = "below", "above", "across", "neither"
_COLOURS = {BELOW: style.ARM, ABOVE: style.SECOND, ACROSS: style.MUTED, NEITHER: style.MUTED}
_HEADLINE: dict[str, Any] = {"color": style.CONTROL, "alpha": 0.25, "solid_capstyle": "butt"}


@style.report_figure(
    "Each column is one way to ask the question, and they stand in the order of their answers. Above: the "
    "effect with its 95% interval, each by itself. Below: what was chosen. Of more questions than twelve, "
    "those that were asked in the most ways are drawn; all are in specifications.csv."
)
def specification_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a question and unit that can be asked in enough ways; the most first."""
    for curve in specification_curves(records, plans)[:_MOST_QUESTIONS]:
        rows = choice_rows(curve)
        height = _ROW * (1 + sum(map(len, rows.values())))
        yield _EFFECTS + 1.4 + height, partial(_draw, curve, rows, height)


def choice_rows(curve: Sequence[Specification]) -> dict[str, dict[str, list[bool]]]:
    """By what was chosen, and by option, in which specifications it was.

    Without what all chose alike; of settings of the recipe, and of runs, without what other choices tell.
    """
    chosen = [{**one.choices, "run": one.runs} for one in curve]
    names = list(dict.fromkeys(name for choices in chosen for name in choices))
    shown: dict[str, dict[str, list[bool]]] = {}
    told = [""] * len(curve)
    for name in sorted(names, key=lambda name: MAIN.index(name) if name in MAIN else len(MAIN)):
        values = [choices.get(name) for choices in chosen]
        further = [f"{known}, {value}" for known, value in zip(told, values, strict=True)]
        is_told = len(set(further)) == len(set(told))
        if len(set(values)) > 1 and not (is_told and name not in MAIN):
            options = sorted({value for value in values if value is not None}, key=_in_order)
            shown[name] = {option: [value == option for value in values] for option in options}
            told = further
    return shown


def _in_order(option: str) -> tuple[float, str]:
    """What begins with a number by its size, the rest by name."""
    try:
        return float(option.split()[0]), option
    except ValueError:
        return math.inf, option


def side_of(one: Specification) -> str:
    """Where the interval of a specification lies, seen from no effect; nowhere where it may not be judged."""
    nothing = _nothing(one)
    if one.kind != INTERVAL:
        return NEITHER
    return BELOW if one.high < nothing else ABOVE if one.low > nothing else ACROSS


def _draw(
    curve: Sequence[Specification], rows: dict[str, dict[str, list[bool]]], height: float, panel: SubFigure
) -> None:
    above, below = panel.subplots(2, 1, sharex=True, height_ratios=[_EFFECTS, height])
    for place in (place for place, one in enumerate(curve) if one.headline):
        for axes in (above, below):
            axes.axvline(place, linewidth=1.3 * _size(curve), zorder=0, **_HEADLINE)
    _draw_effects(above, curve)
    _draw_choices(below, rows, len(curve))
    told = textwrap.fill(standing(curve), 100)
    below.set_xlabel(told, loc="left", fontsize="small", linespacing=1.5)
    arms, controls = (joined(distinct(map(attrgetter(name), curve))) for name in ("arm", "control"))
    title = f"{counted(len(curve), 'answer')} to one question: {curve[0].question}"
    style.entitle(panel, title, [f"{arms} held against {controls}"])
    style.key(panel, _key(curve))


def _draw_effects(axes: Axes, curve: Sequence[Specification]) -> None:
    """Points with their intervals; what is infinite is a triangle at the edge."""
    is_ratio, nothing = curve[0].unit == RATIO, _nothing(curve[0])
    effects, *ends = np.array([[one.effect, one.low, one.high] for one in curve]).T
    finite = [value for values in (effects, *ends) for value in values if _is_drawn(value, is_ratio)]
    axes.plot([0] * (len(finite) + 1), [*finite, nothing], linestyle="none")
    _scale(axes, is_ratio, max(map(abs, finite), default=0.0))
    edges = axes.get_ylim()
    places, sides = np.arange(len(curve)), np.array([side_of(one) for one in curve])
    is_drawn = np.array([_is_drawn(value, is_ratio) for value in effects])
    effects, *ends = (np.clip(values, *edges) for values in (effects, *ends))
    for side, colour in _COLOURS.items():
        own = sides == side
        axes.vlines(places[own], *(values[own] for values in ends), color=colour, linewidth=_size(curve) / 3)
        for marker, which in (
            ("o", is_drawn),
            ("v", ~is_drawn & (effects < nothing)),
            ("^", ~is_drawn & (effects > nothing)),
        ):
            # Of nothing, what is not clipped would have no place, and the layout none either.
            if (own & which).any():
                axes.scatter(
                    places[own & which],
                    effects[own & which],
                    marker=marker,
                    s=_size(curve) ** 2,
                    edgecolors=colour,
                    facecolors="white" if side == NEITHER else colour,
                    zorder=3,
                    clip_on=False,
                )
    axes.axhline(nothing, **style.NOTHING, zorder=0)
    axes.set_ylim(edges)
    axes.grid(visible=False, axis="x")
    axes.tick_params(labelbottom=False)


def _scale(axes: Axes, is_ratio: bool, largest: float) -> None:
    """Scale and label the axis of effects."""
    label = "arm over control\n(ratio)" if is_ratio else "arm less control\n(percentage points)"
    if is_ratio:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:g}"))
    elif largest > _LINEAR:
        axes.set_yscale("symlog", linthresh=_LINEAR)
        axes.yaxis.set_major_locator(FixedLocator([-50, -20, -10, -5, 0, 5, 10, 20, 50]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
        label = label.replace(")", f",\nlogarithmic beyond {_LINEAR})")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel(label, fontsize="small")


def _nothing(one: Specification) -> float:
    """What an effect is where there is none."""
    return 1.0 if one.unit == RATIO else 0.0


def _size(curve: Sequence[Specification]) -> float:
    """Of a mark, so that none covers the next."""
    return min(6.0, 300 / len(curve))


def _is_drawn(value: float, is_ratio: bool) -> bool:
    """Whether a value has a place on the axis."""
    return math.isfinite(value) and (value > 0 or not is_ratio)


def _draw_choices(axes: Axes, rows: dict[str, dict[str, list[bool]]], count: int) -> None:
    """A row an option, a dot where it was chosen; a line under the options of each choice."""
    chosen = np.array([own for options in rows.values() for own in options.values()]).reshape(-1, count)
    for dots, colour in ((~chosen, "#e4e4e4"), (chosen, "black")):
        at, across = np.argwhere(dots).T
        axes.plot(across, at, "o", color=colour, markersize=min(4.5, 250 / count), zorder=2)
    labels = [f"{name}: {option}" for name, options in rows.items() for option in options]
    style.show_rows(axes, [textwrap.shorten(label, _LONGEST, placeholder=" …") for label in labels])
    for end in np.cumsum([len(options) for options in rows.values()])[:-1]:
        axes.axhline(end - 0.5, color="#bbbbbb", linewidth=0.6)
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
    kinds = [one.kind for one in curve]
    without, failed = kinds.count(DESCRIPTIVE), kinds.count(INCOMPLETE)
    if without:
        told += f"; {without} without an interval, of fewer than four pairs"
    return f"{told}; {failed} that count for no side, as {_failed(first)}" if failed else told


def _key(curve: Sequence[Specification]) -> list[Line2D]:
    sides = {side_of(one) for one in curve}
    named = {
        BELOW: "interval below no effect",
        ABOVE: "above",
        ACROSS: "across",
    }
    marks = [style.point(label, _COLOURS[side]) for side, label in named.items() if side in sides]
    if NEITHER in sides:
        hollow = {"markeredgecolor": style.MUTED, "markerfacecolor": "white"}
        marks.append(style.mark(_why_hollow(curve), marker="o", markersize=7, **hollow))
    if any(one.headline for one in curve):
        band = {"color": style.CONTROL, "alpha": 0.3, "linestyle": "-", "linewidth": 6}
        marks.append(style.mark("what the report says first of a setting", **band))
    return marks


def _why_hollow(curve: Sequence[Specification]) -> str:
    kinds = {one.kind for one in curve}
    why = {DESCRIPTIVE: "fewer than four pairs", INCOMPLETE: _failed(curve[0])}
    return ", or ".join(text for kind, text in why.items() if kind in kinds)


def _failed(one: Specification) -> str:
    return "seeds failed or never got there" if one.unit == RATIO else "seeds failed"
