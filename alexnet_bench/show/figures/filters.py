"""The first layer's kernels after training, one row a tower."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

_A_LINE = 48

Row = tuple[str, NDArray[np.float32]]


def draw_filters(records: Sequence[AnyRecord], plans: Plans) -> Figure | None:
    """A panel a setting, with the lowest seed's kernels of every variant that kept them."""
    files = Predictions(plans.folders)
    found = [(setting, _rows(setting, plans, files)) for setting in measured_alike(records, plans, Trial)]
    shown = [(setting, rows) for setting, rows in found if rows]
    return style.stacked(
        shown, lambda item: 0.9 + 0.42 * len(item[1]), lambda panel, item: _draw_panel(panel, *item)
    )


def _draw_panel(panel: SubFigure, setting: Setting, rows: list[Row]) -> None:
    grid = panel.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, (label, kernels) in zip(grid, rows, strict=True):
        _draw_row(axes, label, kernels)
    style.entitle(panel, "Kernels of the first layer", trial_conditions(setting))


def colour(kernels: NDArray[np.float32]) -> float:
    """The mean share of a kernel's energy that is not grey; zero for images of one channel.

    Args:
        kernels: (height, width, channels, kernels).
    """
    energy = (kernels**2).sum(axis=(0, 1, 2))
    grey = (kernels.mean(axis=2) ** 2).sum(axis=(0, 1)) * kernels.shape[2]
    return float((1 - grey / np.maximum(energy, 1e-30)).mean())


def _rows(setting: Setting, plans: Plans, files: Predictions) -> list[Row]:
    """Label and kernels (height, width, channels, kernels) of every tower."""
    rows: list[Row] = []
    own = [variant for variant in setting.variants if not plans.same_as(variant)]
    for variant in sorted(own, key=plans.rank):
        succeeded = (trial for trial in setting.of(variant) if trial.succeeded)
        trials = sorted(succeeded, key=lambda trial: trial.seed)
        kept = (files.filters(trial) for trial in trials[:1])
        for towers in (found for found in kept if found is not None):
            several = len(towers) > 1
            rows += [
                (f"{variant}, tower {number}" if several else variant, kernels)
                for number, kernels in enumerate(towers, 1)
            ]
    return rows


def _draw_row(axes: Axes, label: str, kernels: NDArray[np.float32]) -> None:
    axes.imshow(_strip(kernels), interpolation="nearest", aspect="equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize="small")
    axes.annotate(
        f"colour {colour(kernels):.0%}" if kernels.shape[2] > 1 else "",
        (1.005, 0.5),
        xycoords="axes fraction",
        va="center",
        fontsize="small",
    )
    for side in axes.spines.values():
        side.set_visible(False)


def _strip(kernels: NDArray[np.float32]) -> Any:
    """Kernels side by side, a pixel apart, each stretched to its own range, in lines of at most 48."""
    height, width, channels, count = kernels.shape
    low, high = kernels.min(axis=(0, 1, 2)), kernels.max(axis=(0, 1, 2))
    scaled = (kernels - low) / np.maximum(high - low, 1e-12)
    lines, across = -(-count // _A_LINE), min(count, _A_LINE)
    strip = np.ones((lines * (height + 1), across * (width + 1), 3), "float32")
    for index in range(count):
        top, left = index // across * (height + 1), index % across * (width + 1)
        picture = scaled[..., index] if channels == 3 else np.repeat(scaled[..., :1, index], 3, axis=2)
        strip[top : top + height, left : left + width] = picture
    return strip


FIGURE = style.ReportFigure(
    name="filters",
    place=7,
    caption=(
        "The kernels of the first layer after training, one row a tower, each stretched to its own range; of "
        "the lowest seed. Colour: the share of a kernel's energy that is not grey, in the mean."
    ),
    draw=draw_filters,
)
