"""How each variant learns: error by epoch, a thin line a seed."""

import math
import textwrap
from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

_ACROSS = 4
_LINES = {
    "validation_top1_error": (style.ARM, "-", "validation error"),
    "train_error": (style.SECOND, "--", "training error, with dropout and augmentation"),
}


def draw_curves(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel a setting, in it a small plot a variant."""
    shown = [
        (item, curves)
        for item in measured_alike(records, plans, Trial)
        if len(curves := _curves(item, plans))
    ]
    return style.stacked(
        shown,
        lambda item: 1.4 + 1.75 * math.ceil(item[1]["variant"].nunique() / _ACROSS),
        lambda panel, item: _draw_panel(panel, *item, plans),
    )


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


def _draw_panel(panel: SubFigure, setting: Setting, curves: pd.DataFrame, plans: Plans) -> None:
    names = sorted(set(curves["variant"]), key=plans.rank)
    across = min(_ACROSS, len(names))
    grid = panel.subplots(math.ceil(len(names) / across), across, sharex=True, sharey=True, squeeze=False)
    reference = curves[curves["variant"] == setting.control].groupby("epoch")["validation_top1_error"].mean()
    for axes, name in zip(grid.flat, names, strict=False):
        _draw_axes(axes, curves[curves["variant"] == name], reference if name != setting.control else None)
        axes.set_title(
            textwrap.fill(name, 24),
            color=style.CONTROL if name == setting.control else "black",
            fontsize="medium",
        )
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes in grid.flat[max(0, len(names) - across) : len(names)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("epoch", visible=True)
    grid.flat[0].set_ylim(0, None)
    grid.flat[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.supylabel("top-1 error (%)\nlower is better", fontsize="medium", ma="center")
    style.entitle(panel, "Learning curves (thin: one seed; thick: their mean)", trial_conditions(setting))
    marks = [
        style.mark(label, colour, linestyle=line, linewidth=2) for colour, line, label in _LINES.values()
    ]
    if len(reference):
        label = f"validation error of {setting.control}"
        marks.append(style.mark(label, style.CONTROL, linestyle=":", linewidth=1.5))
    style.key(panel, marks)


def _draw_axes(axes: Axes, curves: pd.DataFrame, reference: "pd.Series[float] | None") -> None:
    marker = "o" if curves["epoch"].nunique() < 4 else None
    for name, (colour, line, _) in _LINES.items():
        known = curves.dropna(subset=name)
        if known.empty:
            continue
        for seeds in (
            {"units": "seed", "estimator": None, "linewidth": 0.7, "alpha": 0.45},
            {"linewidth": 1.8},
        ):
            sns.lineplot(
                known,
                x="epoch",
                y=name,
                color=colour,
                linestyle=line,
                marker=marker,
                errorbar=None,
                legend=False,
                ax=axes,
                **seeds,
            )
    if reference is not None:
        axes.plot(reference.index, reference, color=style.CONTROL, linestyle=":", linewidth=1.5)
    axes.set(xlabel="", ylabel="")


FIGURE = style.ReportFigure(
    name="curves",
    place=6,
    caption=(
        "Error after each epoch. Training error is taken as the network trains, with dropout and "
        "augmentation, so it may lie above validation error. The dotted line is the control."
    ),
    draw=draw_curves,
)
