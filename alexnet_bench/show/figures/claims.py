"""The ledger as a forest plot: what was measured of each claim, and the throughput beside it."""

from collections.abc import Iterator
from functools import partial
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

# How a verdict looks, in shape and in colour.
_LOOKS: dict[str, dict[str, Any]] = {
    SUPPORTED: {"marker": "^", "color": style.PALETTE[2]},
    CONTRADICTED: {"marker": "v", "color": style.PALETTE[3]},
    INCONCLUSIVE: {"marker": "o", "color": style.PALETTE[0]},
    NOT_TESTED: {"marker": "s", "color": style.MUTED},
}
_POINT: dict[str, Any] = {"markersize": 6.5, "markeredgecolor": "white", "linestyle": "none"}
_ABOUT = (
    "a point is a mean, a line its 95% interval, a cross what is claimed; throughput may be of another scale"
)


def draw_claims(found: pd.DataFrame) -> Figure | None:
    """A panel for differences, one for ratios: the effect at the left, the arm's throughput at the right."""
    return style.stacked(_panels(found[found["effect"].notna()]))


def _panels(measured: pd.DataFrame) -> Iterator[style.Panel]:
    for title, nothing, rows in (
        ("Differences, arm minus control", 0, measured[measured["unit"] != RATIO]),
        ("Ratios, arm over control", 1, measured[measured["unit"] == RATIO]),
    ):
        if len(rows):
            yield 1.7 + 0.5 * len(rows), partial(_draw, title, nothing, rows)


def _draw(title: str, nothing: float, rows: pd.DataFrame, panel: SubFigure) -> None:
    columns = 2 if rows["price"].notna().any() else 1
    effect, *price = style.grid(panel, columns, columns, sharey=True, width_ratios=[3, 2][:columns])
    _forest(effect, rows, ["effect", "low", "high"], nothing, rows["unit"].iloc[0])
    for axes in price:
        _forest(axes, rows, ["price", "price_low", "price_high"], 1, "training throughput, ratio")
    style.show_rows(effect, [f"{row.arm}: {row.measure}\n{row.where}" for row in rows.itertuples()])
    style.entitle(panel, title, [_ABOUT])
    for place, claimed in enumerate(rows["claimed"].astype(float)):
        if not np.isnan(claimed):
            effect.plot([claimed], [place], "x", color="black", markersize=6, zorder=4)
    known = set(rows["verdict"])
    style.key(panel, [style.mark(name, **_POINT, **look) for name, look in _LOOKS.items() if name in known])


def _forest(axes: Axes, rows: pd.DataFrame, columns: list[str], nothing: float, label: str) -> None:
    values: Any = rows[columns].to_numpy(dtype=float)
    for place, ((mean, low, high), verdict) in enumerate(zip(values, rows["verdict"], strict=True)):
        look = _LOOKS[verdict]
        if np.isfinite([low, high]).all():
            axes.plot([low, high], [place, place], color=look["color"], linewidth=2, solid_capstyle="butt")
        if np.isfinite(mean):
            axes.plot([mean], [place], **_POINT, **look)
    axes.axvline(nothing, **style.NOTHING, zorder=0)
    axes.set_xlabel(label)
