"""How each variant learns: error by epoch, a thin line a seed."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
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
    rows = [
        {
            "variant": trial.variant,
            "seed": f"{trial.run_id}/{trial.seed}",
            "epoch": epoch.epoch,
            **{name: 100 * value for name in _LINES if (value := getattr(epoch, name)) is not None},
        }
        for trial in setting.succeeded
        if not plans.same_as(trial.variant)
        for epoch in trial.curve
    ]
    return pd.DataFrame(rows, columns=["variant", "seed", "epoch", *_LINES])


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
    how = {"x": "epoch", "errorbar": None, "legend": False, "ax": axes}
    how["marker"] = "o" if curves["epoch"].nunique() < 4 else None
    for name, (line, _) in _LINES.items():
        known = curves.dropna(subset=name)
        if len(known):
            each = {"units": "seed", "estimator": None, "linewidth": 0.7, "alpha": 0.45}
            sns.lineplot(known, y=name, **how, **line, **each)
            sns.lineplot(known, y=name, **how, **line, linewidth=1.8)
