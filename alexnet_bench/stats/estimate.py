"""A mean, its standard error, and what Student's t tells of it: its interval and p-values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

FEWEST_UNITS = 4
CONFIDENCE = 0.95

Values = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean over independent values.

    Args:
        low, high: ends of the interval; not a number where there are too few values for one.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    count: int

    @property
    def descriptive(self) -> bool:
        """Whether there are too few values for an interval."""
        return self.count < FEWEST_UNITS


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean with its standard error, and the degrees of freedom that the error rests on."""

    value: float
    error: float
    freedom: float

    def __neg__(self) -> "Mean":
        return replace(self, value=-self.value)

    def p_above(self, bound: float) -> float:
        """One-sided p-value of "the true mean is at most `bound`"."""
        room = self.value - bound
        if self.error == 0:
            return 0.0 if room > 0 else 1.0
        return float(scipy.special.stdtr(self.freedom, -room / self.error))

    def interval(self, level: float) -> tuple[float, float]:
        """The interval that misses the true mean with a probability of `level`."""
        width = -float(scipy.special.stdtrit(self.freedom, level / 2)) * self.error if self.error else 0.0
        return self.value - width, self.value + width

    def estimate(self, count: int) -> Estimate:
        """With its 95% interval."""
        low, high = self.interval(1 - CONFIDENCE)
        return Estimate(mean=self.value, low=low, high=high, count=count)


def mean_of(values: NDArray[np.float64], least_deviation: float = 0.0) -> Mean:
    """The mean of two independent values or more (see `estimate`)."""
    error = deviation(values, least_deviation) / math.sqrt(values.size)
    return Mean(value=float(values.mean()), error=error, freedom=values.size - 1)


def sum_of(means: Sequence[Mean]) -> Mean:
    """The sum of independent means, its degrees of freedom after Welch and Satterthwaite."""
    variances = np.array([mean.error**2 for mean in means])
    total = float(variances.sum())
    parts = float((variances**2 / np.array([mean.freedom for mean in means])).sum())
    return Mean(
        value=sum(mean.value for mean in means),
        error=math.sqrt(total),
        freedom=total**2 / parts if parts else math.inf,
    )


def estimate(values: Values, least_deviation: float = 0.0) -> Estimate:
    """The mean with its 95% t interval; under four values the mean alone.

    Equal values give an interval of no width, unless chance alone makes them differ by more.

    Args:
        values: independent of each other.
        least_deviation: a lower bound on the standard deviation, for what few values may not show (such as
            rounding).

    Raises:
        ValueError: there are no values.
    """
    array = _array(values)
    if array.size < FEWEST_UNITS:
        return Estimate(mean=float(array.mean()), count=array.size)
    return mean_of(array, least_deviation).estimate(array.size)


def unpaired(values: Values, others: Values) -> Estimate:
    """The difference of two means of independent values, with Welch's 95% interval.

    Under four values on a side the difference stands alone; `count` is the smaller side's.

    Raises:
        ValueError: a side has no values.
    """
    sides = _array(values), _array(others)
    count = min(side.size for side in sides)
    if count < FEWEST_UNITS or all(np.ptp(side) == 0 for side in sides):
        return Estimate(mean=float(sides[0].mean() - sides[1].mean()), count=count)
    return sum_of([mean_of(sides[0]), -mean_of(sides[1])]).estimate(count)


def deviation(values: NDArray[np.float64], least: float) -> float:
    """The standard deviation, or the least that it can be."""
    return max(0.0 if np.ptp(values) == 0 else float(values.std(ddof=1)), least)


def _array(values: Values) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if not array.size:
        raise ValueError("there is no mean of no values")
    return array
