"""Factorials: the error with and without one change, with and without another."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.contrasts import crossed
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

_ABREAST = 3


def draw_interactions(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel a factorial and setting, with axes for each pair of its changes."""
    shown = [
        (setting, cells, list(combinations(factorial.changes, 2)))
        for setting, factorial, cells in crossed(records, plans)
    ]
    return style.stacked(
        shown,
        lambda item: 1.2 + 2.6 * -(-len(item[2]) // _ABREAST),
        lambda panel, item: _draw_panel(panel, *item),
    )


def _draw_panel(
    panel: SubFigure, setting: Setting, cells: pd.DataFrame, pairs: list[tuple[str, str]]
) -> None:
    metric = headline(setting.succeeded)
    assert metric is not None
    grid = panel.subplots(-(-len(pairs) // _ABREAST), min(_ABREAST, len(pairs)), squeeze=False, sharey=True)
    for place, axes in enumerate(grid.flat):
        if place < len(pairs):
            _draw_pair(axes, cells, *pairs[place], metric.axis)
        else:
            axes.set_visible(False)
    style.entitle(panel, f"{metric.label.capitalize()} of crossed changes", trial_conditions(setting))


def _draw_pair(axes: Axes, cells: pd.DataFrame, first: str, second: str, label: str) -> None:
    rows = [
        {"error": error, first: first in cell, second: f"{'with' if second in cell else 'without'} {second}"}
        for cell in cells.columns
        for error in cells[cell]
    ]
    sns.pointplot(
        pd.DataFrame(rows),
        x=first,
        y="error",
        hue=second,
        palette=[style.CONTROL, style.ARM],
        errorbar=("ci", 95),
        seed=0,
        dodge=0.1,
        ax=axes,
    )
    axes.set(xlabel="", ylabel=label)
    axes.set_xticks([0, 1], ["without", f"with {first}"])
    axes.legend(title="", frameon=False, fontsize="small")


FIGURE = style.ReportFigure(
    name="interaction",
    place=5,
    caption=(
        "Lines that run side by side are changes that do not interact. A point is a mean over "
        "seeds and over the other changes, a bar its bootstrap interval."
    ),
    draw=draw_interactions,
)
