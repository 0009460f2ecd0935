"""How each variant learns: error by epoch, a thin line a seed."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

_ACROSS = 4
_LINES: dict[str, tuple[dict[str, Any], str]] = {
    "validation_top1_error": ({"color": style.ARM, "linestyle": "-"}, "validation error"),
    "train_error": (
        {"color": style.SECOND, "linestyle": "--"},
        "training error, with dropout and augmentation",
    ),
}
_PALE = 0.45
_MARKER: dict[str, Any] = {"marker": "o", "markeredgewidth": 0.75, "markeredgecolor": "w"}
_CONTROL: dict[str, Any] = {"color": style.CONTROL, "linestyle": ":", "linewidth": 1.5}


@style.report_figure(
    "Error after each epoch. Training error is taken as the network trains, with dropout and "
    "augmentation, so it may lie above validation error. The dotted line is the control."
)
def curves_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a setting, in it a small plot a variant."""
    for setting in measured_alike(records, plans, Trial):
        curves = _curves(setting, plans)
        if len(curves):
            rows = style.rows_of(curves["variant"].nunique(), _ACROSS)
            yield 1.4 + 1.75 * rows, partial(_draw, setting, curves, plans)


def _curves(setting: Setting, plans: Plans) -> pd.DataFrame:
    """One row an epoch, seed and variant, in percent; a network of two names under one of them."""
    named = {name for name in setting.variants if not plans.same_as(name)}
    values = attrgetter(*_LINES)
    rows = [
        (trial.variant, f"{trial.run_id}/{trial.seed}", epoch.epoch, *values(epoch))
        for trial in setting.succeeded
        if trial.variant in named
        for epoch in trial.curve
    ]
    curves = pd.DataFrame(rows, columns=["variant", "seed", "epoch", *_LINES])
    curves[list(_LINES)] = 100 * curves[list(_LINES)].astype(float)
    return curves


def _draw(setting: Setting, curves: pd.DataFrame, plans: Plans, panel: SubFigure) -> None:
    names = sorted(set(curves["variant"]), key=plans.rank)
    places = style.grid(panel, len(names), _ACROSS, sharex=True, sharey=True)
    reference = curves[curves["variant"] == setting.control].groupby("epoch")["validation_top1_error"].mean()
    for axes, name in zip(places, names, strict=True):
        is_control = name == setting.control
        _draw_axes(axes, curves[curves["variant"] == name])
        if not is_control:
            axes.plot(reference.index, reference, **_CONTROL)
        axes.set(xlabel="", ylabel="")
        colour = style.CONTROL if is_control else "black"
        axes.set_title(textwrap.fill(name, 24), color=colour, fontsize="medium")
    # The lowest of each column.
    for axes in places[-_ACROSS:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("epoch", visible=True)
    places[0].set_ylim(0, None)
    places[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.supylabel("top-1 error (%)\nlower is better", fontsize="medium", ma="center")
    style.entitle(panel, "Learning curves (thin: one seed; thick: their mean)", trial_conditions(setting))
    marks = [style.mark(label, **line, linewidth=2) for line, label in _LINES.values()]
    if len(reference):
        marks.append(style.mark(f"validation error of {setting.control}", **_CONTROL))
    style.key(panel, marks)


def _draw_axes(axes: Axes, curves: pd.DataFrame) -> None:
    marker = _MARKER if curves["epoch"].nunique() < 4 else {}
    for name, (line, _) in _LINES.items():
        known = curves.dropna(subset=name)
        if len(known):
            seeds = known.sort_values(["seed", "epoch"], kind="stable").groupby("seed")[["epoch", name]]
            lines = [seed.to_numpy(dtype=float) for _, seed in seeds]
            # One artist for all: thousands of their own take minutes.
            axes.add_collection(
                LineCollection(
                    lines,
                    colors=line["color"],
                    linestyles=line["linestyle"],
                    linewidths=0.7,
                    alpha=_PALE,
                    capstyle="projecting" if line["linestyle"] == "-" else "butt",
                    joinstyle="round",
                )
            )
            if marker:
                axes.plot(known["epoch"], known[name], **line | marker | {"linestyle": "", "alpha": _PALE})
            mean = known.groupby("epoch")[name].mean()
            axes.plot(mean.index, mean, **line, **marker, linewidth=1.8)
