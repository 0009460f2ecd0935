"""How likely the difference of a fresh pair is to lie above zero."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr

from alexnet_bench.stats.estimate import CONFIDENCE, deviation

# With a larger t the probability is 0 or 1 to many digits.
_FAR_OUT = 300.0
# The estimate, and the ends of its interval: how often a smaller t would be seen if they were the truth.
_QUANTILES = (0.5, (1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2)


def probability_above_zero(
    values: NDArray[np.float64], least_deviation: float = 0.0
) -> tuple[float, float, float]:
    """The probability that a further value is above zero, and the ends of its 95% interval.

    Of normal values it is Phi(d), where d is by how many standard deviations their mean lies above zero. All
    three d are read off the noncentral t distribution of the values' t: the estimate is the d with which a
    smaller t and a larger one are equally likely.

    Args:
        values: at least two, finite and independent of each other.
        least_deviation: a lower bound on their standard deviation (see `estimate`).

    Returns:
        Not numbers where the values have no spread at all, for then nothing is known of it.
    """
    spread = deviation(values, least_deviation)
    if spread == 0:
        return math.nan, math.nan, math.nan
    if values.mean() < 0:
        value, low, high = probability_above_zero(-values, least_deviation)
        return 1 - value, 1 - high, 1 - low
    root = math.sqrt(values.size)
    t = min(root * float(values.mean()) / spread, _FAR_OUT)
    value, low, high = (
        float(ndtr(_noncentrality(t, values.size - 1, quantile) / root)) for quantile in _QUANTILES
    )
    return value, low, high


def _noncentrality(t: float, freedom: int, quantile: float) -> float:
    """Of the noncentral t distribution of which a t of zero or more is the quantile."""

    def excess(noncentrality: float) -> float:
        below = float(nctdtr(freedom, noncentrality, t))
        # Far off, SciPy has no number: there all or nothing lies below t.
        return (float(noncentrality < t) if math.isnan(below) else below) - quantile

    return float(brentq(excess, -5.0, 5.0 + 3.0 * t))
