"""Slow losses that no single step shows: accumulated over paired steps, or as a trend of a series.

All values are logarithms of speeds. A drift is called as a gate calls a regression: the loss is significant,
and as large as the tolerance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from alexnet_bench.stats.estimate import CONFIDENCE, FEWEST_UNITS, Estimate

# How often a series without drift may be called drifting: by its steps, and by its trend, which correlated
# noise bends.
FALSE_CHAINS = 0.025
FALSE_TRENDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A loss over several entries.

    Args:
        count: how many steps it is made of, or how many entries show the trend.
        change: all of it together, below zero.
    """

    count: int
    change: Estimate


@dataclass(frozen=True, kw_only=True)
class Step:
    """The gain of one step.

    Args:
        gain: the mean.
        error: its standard error.
        freedom: degrees of freedom that the error rests on.
    """

    gain: float
    error: float
    freedom: float


def as_step(gain: Estimate) -> Step:
    """A step from its mean and 95% t interval.

    Raises:
        ValueError: it has no interval.
    """
    if math.isnan(gain.low):
        raise ValueError("a step without an interval has no error")
    width = (gain.high - gain.low) / 2
    return Step(
        gain=gain.mean, error=width / _quantile((1 + CONFIDENCE) / 2, gain.count - 1), freedom=gain.count - 1
    )


def chain_drift(steps: Sequence[Step], loss: float) -> Drift | None:
    """The loss that the last steps of a chain add up to, or None.

    The last 2, 4, 8, … steps and the whole chain are looked at, and share the error rate (Bonferroni).

    Args:
        steps: in order, each from where the one before led to.
        loss: the tolerance, above zero.
    """
    looks = _looks(len(steps))
    sums = [(look, _sum(steps[-look:])) for look in looks]
    sure = [
        (p_value, look, total)
        for look, total in sums
        if -total.gain >= loss and (p_value := _chance(total)) < FALSE_CHAINS / len(looks)
    ]
    if not sure:
        return None
    _, look, total = min(sure, key=lambda item: item[:2])
    width = total.error * _quantile((1 + CONFIDENCE) / 2, total.freedom)
    return Drift(
        count=look,
        change=Estimate(mean=total.gain, low=total.gain - width, high=total.gain + width, count=look),
    )


def trend_drift(values: Sequence[float] | NDArray[np.float64], loss: float) -> Drift | None:
    """The loss from the first to the last entry of a trend (Kendall's test, Theil and Sen's slope), or None.

    Args:
        values: in order of time, without a change of level.
        loss: the tolerance, above zero.
    """
    array = np.asarray(values, dtype=float)
    if array.size < FEWEST_UNITS:
        return None
    order = np.arange(array.size)
    # Not a number where all entries are equal.
    if not stats.kendalltau(order, array, alternative="less").pvalue < FALSE_TRENDS:
        return None
    found = stats.theilslopes(array, order, alpha=CONFIDENCE)
    total, low, high = ((array.size - 1) * float(slope) for slope in (found[0], found[2], found[3]))
    if -total < loss:
        return None
    return Drift(count=array.size, change=Estimate(mean=total, low=low, high=high, count=array.size))


def _looks(count: int) -> list[int]:
    doubled = [2**power for power in range(1, count.bit_length())]
    return sorted({*doubled, count} - {0, 1})


def _sum(steps: Sequence[Step]) -> Step:
    """The sum of independent steps, its degrees of freedom after Welch and Satterthwaite."""
    variances = np.array([step.error**2 for step in steps])
    total = float(variances.sum())
    parts = float((variances**2 / np.array([step.freedom for step in steps])).sum())
    return Step(
        gain=sum(step.gain for step in steps),
        error=math.sqrt(total),
        freedom=total**2 / parts if parts else math.inf,
    )


def _chance(total: Step) -> float:
    """The p-value of no loss."""
    if total.error == 0:
        return 0.0 if total.gain < 0 else 1.0
    return float(stats.t.cdf(total.gain / total.error, total.freedom))


def _quantile(share: float, freedom: float) -> float:
    return float(stats.t.ppf(share, freedom))
