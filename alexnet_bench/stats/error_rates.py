"""Errors counted on test images: what a guess scores, what rounding hides, what other images would change."""

import math

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, Mean

# Of a guess's error: below it, something was learned.
LEARNED_SHARE = 0.9


def chance_error(classes: int) -> float:
    """The expected error of a guess among equally frequent classes."""
    return 1 - 1 / classes


def beats_chance(error: float, classes: int) -> bool:
    """Whether an error is below nine tenths of a guess's."""
    return error < learned_below(classes)


def learned_below(classes: int) -> float:
    """The share of errors below which something was learned."""
    return LEARNED_SHARE * chance_error(classes)


def rounding_deviation(step: float) -> float:
    """What rounding both to whole steps brings to a difference of two values.

    Few seeds on few test images may all differ by the very same number of images, which does not make the
    difference certain.
    """
    return step / math.sqrt(6)


def crossed_estimate(values: NDArray[np.float64]) -> Estimate:
    """The mean of a two-way layout, with a 95% interval for new rows and new columns.

    Rows and columns are crossed random effects with one value a cell. The variance of the mean is
    (MS rows + MS columns - MS residual) / cells, and no less than rows or columns alone give; Satterthwaite's
    degrees of freedom.

    Args:
        values: (seeds, images).

    Returns:
        The estimate; `count` is the number of rows, and under four there is no interval.
    """
    rows, columns = values.shape
    mean = float(values.mean())
    if rows < FEWEST_UNITS or columns < FEWEST_UNITS:
        return Estimate(mean=mean, count=min(rows, columns))
    by_row, by_column = values.mean(axis=1), values.mean(axis=0)
    residuals = values - by_row[:, None] - by_column + mean
    freedom = np.array([rows - 1, columns - 1, (rows - 1) * (columns - 1)])
    squares = [columns * ((by_row - mean) ** 2).sum(), rows * ((by_column - mean) ** 2).sum()]
    parts = np.array([*squares, (residuals**2).sum()]) / freedom / values.size
    of_rows, of_columns, rest = parts
    variance = max(of_rows + of_columns - rest, of_rows, of_columns)
    # What is left of rounding is no variance.
    if variance <= (1e-12 * np.abs(values).max()) ** 2:
        return Estimate(mean=mean, low=mean, high=mean, count=rows)
    degrees = variance**2 / (parts**2 / freedom).sum()
    return Mean(value=mean, error=math.sqrt(variance), freedom=max(float(degrees), 1.0)).estimate(rows)
