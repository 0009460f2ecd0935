"""The first layer's kernels after training, one row a tower."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import SubFigure
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.show.captions import trial_conditions
from alexnet_bench.show.figures import style

# Kernels.
_A_LINE = 24
# Pixels of a kernel.
_BETWEEN = 2
# What kernels show something by: pixels of a side, and the correlation of neighbouring weights. Of weights
# that are still what was drawn at random it is nothing.
_SMALLEST, _LEAST_ALIKE = 5, 0.2

Row = tuple[str, NDArray[np.float32]]


@style.report_figure(
    "The kernels of the first layer after training, one row a tower, each stretched to its own range; of "
    "the lowest seed. Colour: the share of a kernel's energy that is not grey, in the mean. Kernels of fewer "
    "than 5 pixels a side, and those whose neighbouring weights are no more alike than chance makes them, "
    "show nothing and are left out."
)
def filters_figure(records: Sequence[AnyRecord], plans: Plans) -> Iterator[style.Panel]:
    """One a setting, with the lowest seed's kernels of every variant whose kernels show something."""
    files = Predictions(plans.folders)
    for setting in measured_alike(records, plans, Trial):
        if rows := list(_rows(setting, plans, files)):
            height, width = _size(rows)
            # Of a figure's width, the labels take a quarter.
            yield 1.1 + 6.7 * height / width, partial(_draw, setting, rows)


def _rows(setting: Setting, plans: Plans, files: Predictions) -> Iterator[Row]:
    """Label and kernels (height, width, channels, kernels) of every tower."""
    for variant in sorted(setting.variants, key=plans.rank):
        trials = [trial for trial in setting.of(variant) if trial.succeeded]
        if trials and not plans.same_as(variant):
            found = files.filters(min(trials, key=lambda trial: trial.seed))
            towers = [] if found is None or not _shows_something(found) else list(found)
            for number, kernels in enumerate(towers, 1):
                yield f"{variant}, tower {number}" if len(towers) > 1 else variant, kernels


def _shows_something(towers: NDArray[np.float32]) -> bool:
    """Whether kernels are large enough, and so far from random that there is something to see.

    Args:
        towers: (towers, height, width, channels, kernels).
    """
    if min(towers.shape[1:3]) < _SMALLEST:
        return False
    # About the mean of each kernel and channel.
    weights = (towers - towers.mean(axis=(1, 2), keepdims=True)).astype("float64")
    pairs = [(weights[:, 1:], weights[:, :-1]), (weights[:, :, 1:], weights[:, :, :-1])]
    alike = sum(float((one * other).sum()) for one, other in pairs)
    size = sum(float((one**2).sum() + (other**2).sum()) / 2 for one, other in pairs)
    return alike > _LEAST_ALIKE * size


def _size(rows: list[Row]) -> tuple[int, int]:
    """The pixels of all strips, one under another: height and width."""
    shapes = [_strip(kernels).shape for _, kernels in rows]
    return sum(height + _BETWEEN for height, *_ in shapes), max(width for _, width, _ in shapes)


def _draw(setting: Setting, rows: list[Row], panel: SubFigure) -> None:
    """All in one plot: to lay out one for each row takes seconds."""
    (axes,) = style.grid(panel, 1, 1)
    top, widest, middles = 0, 0, list[float]()
    for _, kernels in rows:
        strip = _strip(kernels)
        height, width, _ = strip.shape
        widest = max(widest, width)
        axes.imshow(strip, interpolation="nearest", extent=(0, width, top + height, top))
        middles.append(top + height / 2)
        top += height + _BETWEEN
    axes.set(xticks=[], xlim=(0, widest), ylim=(top - _BETWEEN, 0))
    axes.set_yticks(middles, [label for label, _ in rows], fontsize="small")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    for middle, (_, kernels) in zip(middles, rows, strict=True):
        share = f"colour {_colour(kernels):z.0%}" if kernels.shape[2] > 1 else ""
        place: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": "small"}
        axes.annotate(share, (1.005, middle), **place)
    style.entitle(panel, "Kernels of the first layer", trial_conditions(setting))


def _colour(kernels: NDArray[np.float32]) -> float:
    """The mean share of a kernel's energy that is not grey; zero for images of one channel.

    Args:
        kernels: (height, width, channels, kernels).
    """
    energy = (kernels**2).sum(axis=(0, 1, 2))
    grey = (kernels.mean(axis=2) ** 2).sum(axis=(0, 1)) * kernels.shape[2]
    return float((1 - grey / np.maximum(energy, 1e-30)).mean())


def _strip(kernels: NDArray[np.float32]) -> Any:
    """Kernels side by side, a pixel apart, each stretched to its own range, in lines of at most 24."""
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
