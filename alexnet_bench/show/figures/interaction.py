"""Factorials: the error with and without one change, with and without another."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from alexnet_bench.analysis.conditions import Setting
from alexnet_bench.analysis.contrasts import crossed
from alexnet_bench.analysis.metrics import headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

_ABREAST = 3


@style.report_figure(
    "Lines that run side by side are changes that do not interact. A point is a mean over "
    "seeds and over the other changes, a bar its bootstrap interval."
)
def interaction_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a factorial and setting, with axes for each pair of its changes."""
    for setting, factorial, cells in crossed(records, plans):
        pairs = list(combinations(factorial.changes, 2))
        yield 1.2 + 2.6 * style.rows_of(len(pairs), _ABREAST), partial(_draw, setting, cells, pairs)


def _draw(setting: Setting, cells: pd.DataFrame, pairs: list[tuple[str, str]], panel: SubFigure) -> None:
    metric = headline(setting.succeeded)
    assert metric is not None
    places = style.grid(panel, len(pairs), _ABREAST, sharey=True)
    for axes, (first, second) in zip(places, pairs, strict=True):
        _draw_pair(axes, cells, first, second)
        axes.set_ylabel(metric.axis)
    style.entitle(panel, f"{metric.label.capitalize()} of crossed changes", trial_conditions(setting))


def _draw_pair(axes: Axes, cells: pd.DataFrame, first: str, second: str) -> None:
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
    axes.set_xlabel("")
    axes.set_xticks([0, 1], ["without", f"with {first}"])
    axes.legend(title="", frameon=False, fontsize="small")
