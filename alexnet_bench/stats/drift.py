"""Slow losses that no single step shows: accumulated over paired steps, or as a trend of a series.

All values are logarithms of speeds. A drift is called as a gate calls a regression: the loss is significant,
and as large as the tolerance.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy

from alexnet_bench.stats.estimate import CONFIDENCE, FEWEST_UNITS, Estimate, Mean, Values, sum_of

# How often a series without drift may be called drifting: by its steps, and by its trend, which correlated
# noise bends.
FALSE_CHAINS = 0.025
FALSE_TRENDS = 0.005


def as_step(gain: Estimate) -> Mean:
    """A step from its mean and 95% t interval.

    Raises:
        ValueError: it has no interval.
    """
    if math.isnan(gain.low):
        raise ValueError("a step without an interval has no error")
    freedom = gain.count - 1
    width = -float(scipy.special.stdtrit(freedom, (1 - CONFIDENCE) / 2))
    return Mean(value=gain.mean, error=(gain.high - gain.low) / 2 / width, freedom=freedom)


def chain_drift(steps: Sequence[Mean], tolerance: float) -> Estimate | None:
    """The loss that the last steps of a chain add up to, of `count` steps, or None.

    The last 2, 4, 8, … steps and the whole chain are looked at, and share the error rate (Bonferroni).

    Args:
        steps: in order, each from where the one before led to.
        tolerance: the smallest loss that counts, above zero.
    """
    doubled = [2**power for power in range(1, len(steps).bit_length())]
    looks = sorted({*doubled, len(steps)} - {0, 1})
    sums = [(look, sum_of(steps[-look:])) for look in looks]
    sure = [
        (p_value, look, total)
        for look, total in sums
        if -total.value >= tolerance and (p_value := (-total).p_above(0)) < FALSE_CHAINS / len(looks)
    ]
    if not sure:
        return None
    _, look, total = min(sure, key=lambda item: item[:2])
    return total.estimate(look)


def trend_drift(values: Values, tolerance: float) -> Estimate | None:
    """The loss from the first to the last entry of a trend (Kendall's test, Theil and Sen's slope), or None.

    Args:
        values: in order of time, without a change of level.
        tolerance: the smallest loss that counts, above zero.
    """
    array = np.asarray(values, dtype=float)
    if array.size < FEWEST_UNITS:
        return None
    order = np.arange(array.size)
    # Not a number where all entries are equal.
    if not scipy.stats.kendalltau(order, array, alternative="less").pvalue < FALSE_TRENDS:
        return None
    found = scipy.stats.theilslopes(array, order, alpha=CONFIDENCE)
    total, low, high = ((array.size - 1) * float(slope) for slope in (found[0], found[2], found[3]))
    if -total < tolerance:
        return None
    return Estimate(mean=total, low=low, high=high, count=array.size)
