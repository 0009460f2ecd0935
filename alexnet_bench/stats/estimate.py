"""A mean and, from four independent values on, its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

FEWEST_UNITS = 4
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over independent values.

    Args:
        mean: of the values.
        low: end of the interval; not a number where there are too few values for one.
        high: likewise.
        count: how many values.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    count: int

    @property
    def descriptive(self) -> bool:
        """Whether there are too few values for an interval."""
        return self.count < FEWEST_UNITS


def estimate(values: Sequence[float] | NDArray[np.float64], least_deviation: float = 0.0) -> Estimate:
    """The mean with its 95% t interval; under four values the mean alone.

    Equal values give an interval of no width, unless chance alone makes them differ by more.

    Args:
        values: independent of each other.
        least_deviation: a lower bound on the standard deviation, for what few values may not show (such as
            rounding).

    Raises:
        ValueError: there are no values.
    """
    array = np.asarray(values, dtype=float)
    if not array.size:
        raise ValueError("there is no mean of no values")
    mean = float(array.mean())
    if array.size < FEWEST_UNITS:
        return Estimate(mean=mean, count=array.size)
    low, high = t_interval(array, 1 - CONFIDENCE, least_deviation)
    return Estimate(mean=mean, low=low, high=high, count=array.size)


def t_interval(
    values: NDArray[np.float64], level: float, least_deviation: float = 0.0
) -> tuple[float, float]:
    """The interval that misses the mean of a normal distribution with a probability of `level`.

    Of equal values, and without a least deviation, it has no width.
    """
    mean = float(values.mean())
    error = deviation(values, least_deviation) / math.sqrt(values.size)
    width = -float(special.stdtrit(values.size - 1, level / 2)) * error if error else 0.0
    return mean - width, mean + width


def deviation(values: NDArray[np.float64], least: float) -> float:
    """The standard deviation, or the least that it can be."""
    return max(0.0 if np.ptp(values) == 0 else float(values.std(ddof=1)), least)


def unpaired(
    values: Sequence[float] | NDArray[np.float64], others: Sequence[float] | NDArray[np.float64]
) -> Estimate:
    """The difference of two means of independent values, with Welch's 95% interval.

    Under four values on a side the difference stands alone; `count` is the smaller side's.

    Raises:
        ValueError: a side has no values.
    """
    sides = [np.asarray(side, dtype=float) for side in (values, others)]
    if not all(side.size for side in sides):
        raise ValueError("there is no mean of no values")
    mean, count = float(sides[0].mean() - sides[1].mean()), min(side.size for side in sides)
    if count < FEWEST_UNITS or all(np.ptp(side) == 0 for side in sides):
        return Estimate(mean=mean, count=count)
    found = stats.ttest_ind(*sides, equal_var=False).confidence_interval(CONFIDENCE)
    return Estimate(mean=mean, low=float(found.low), high=float(found.high), count=count)
