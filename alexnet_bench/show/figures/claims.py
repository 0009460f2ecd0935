"""The ledger as a forest plot: what was measured of each claim, and the throughput beside it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from alexnet_bench.analysis.claims import NOT_TESTED
from alexnet_bench.analysis.metrics import RATIO
from alexnet_bench.show.figures import style
from alexnet_bench.stats.claim import CONTRADICTED, SUPPORTED
from alexnet_bench.stats.verdict import INCONCLUSIVE

_COLOURS = {
    SUPPORTED: style.PALETTE[2],
    CONTRADICTED: style.PALETTE[3],
    INCONCLUSIVE: style.PALETTE[0],
    NOT_TESTED: style.MUTED,
}
_TITLES = {False: "Differences, arm minus control", True: "Ratios, arm over control"}


def draw_claims(found: pd.DataFrame) -> Figure | None:
    """A panel for differences, one for ratios: the effect at the left, the arm's throughput at the right."""
    measured = found[found["effect"].notna()]
    groups = [
        (ratios, rows)
        for ratios in (False, True)
        if len(rows := measured[(measured["unit"] == RATIO) == ratios])
    ]
    return style.stacked(
        groups, lambda group: 1.7 + 0.5 * len(group[1]), lambda panel, group: _draw_panel(panel, *group)
    )


def _draw_panel(panel: SubFigure, ratios: bool, rows: pd.DataFrame) -> None:
    priced = int(rows["price"].notna().any())
    effect, *prices = panel.subplots(
        1, 1 + priced, squeeze=False, sharey=True, width_ratios=[3, 2][: 1 + priced]
    )[0]
    colours = [_COLOURS[verdict] for verdict in rows["verdict"]]
    _forest(effect, rows[["effect", "low", "high"]].to_numpy(dtype=float), colours)
    for price in prices:
        _forest(price, rows[["price", "price_low", "price_high"]].to_numpy(dtype=float), colours)
    for axes, nothing, label in (
        (effect, 1 if ratios else 0, "ratio" if ratios else str(rows["unit"].iloc[0])),
        *((price, 1, "training throughput, ratio") for price in prices),
    ):
        axes.axvline(nothing, color=style.MUTED, linestyle=":", linewidth=1.2, zorder=0)
        axes.set_xlabel(label)
    style.show_rows(effect, [_label(row) for row in rows.itertuples()], None)
    style.entitle(
        panel,
        _TITLES[ratios],
        [
            "a point is a mean, a line its 95% interval, a cross what is claimed; throughput may be of "
            "another scale"
        ],
    )
    for place, claimed in enumerate(rows["claimed"].astype(float)):
        if not np.isnan(claimed):
            effect.plot([claimed], [place], "x", color="black", markersize=6, zorder=4)
    style.key(
        panel,
        [style.point(name, colour) for name, colour in _COLOURS.items() if name in set(rows["verdict"])],
    )


def _forest(axes: Axes, values: Any, colours: list[str]) -> None:
    for place, ((mean, low, high), colour) in enumerate(zip(values, colours, strict=True)):
        if np.isfinite([low, high]).all():
            axes.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        if np.isfinite(mean):
            axes.plot([mean], [place], "o", color=colour, markersize=6, markeredgecolor="white")


def _label(row: Any) -> str:
    return f"{row.arm}: {row.measure}\n{row.where}"
