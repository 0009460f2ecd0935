"""What the differences of pairs tell of their centre: its interval, p-values, and how many pairs it takes.

The centre is the mean, by Student's t. Where a difference is infinite, for one side never got there, there is
no mean: then it is the median, by the sign test. Interval and p-values are two views of the same test.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from alexnet_bench.stats.estimate import FEWEST_UNITS, Values, deviation, mean_of

POWER = 0.8
MOST_PAIRS_PREDICTED = 1000
# Noncentral t is not to be had far out, and to be so far off is to be found.
_FAR_OUT = 1000.0


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is said of paired differences. Without four pairs, or a first look, all of it is blank.

    Args:
        verdict: in a word.
        effect: the mean difference over `pairs`; the median where one is infinite.
        low, high: ends of the interval that decides.
        pairs: how many were judged: with looks, those at the look of the verdict.
    """

    verdict: str = ""
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pairs: int = 0


def at_looks(differences: Values, looks: Sequence[int]) -> Iterator[NDArray[np.float64]]:
    """The differences that there were at each planned look that was reached; without looks, all of them.

    A look at fewer than four pairs is one at four, for fewer tell nothing.
    """
    values = np.asarray(differences, dtype=float)
    if not looks:
        yield values
    for look in (max(look, FEWEST_UNITS) for look in looks):
        if look <= values.size:
            yield values[:look]


def centre(values: NDArray[np.float64]) -> float:
    """The mean, or the median; not a number where that lies between plus and minus infinity."""
    if np.isfinite(values).all():
        return float(values.mean())
    ordered, half = np.sort(values), values.size // 2
    low, high = float(ordered[values.size - 1 - half]), float(ordered[half])
    return low if low == high else (low + high) / 2


def interval(values: NDArray[np.float64], level: float, least_deviation: float = 0.0) -> tuple[float, float]:
    """The interval that misses the centre with a probability of `level` at most.

    Args:
        values: at least two.
        level: such as 0.05.
        least_deviation: what the standard deviation of finite values is at least (see `estimate`).
    """
    if np.isfinite(values).all():
        return mean_of(values, least_deviation).interval(level)
    ordered, size = np.sort(values), values.size
    left_out = int((scipy.special.bdtr(np.arange(size), size, 0.5) <= level / 2).sum())
    if not left_out:
        return -math.inf, math.inf
    return float(ordered[left_out - 1]), float(ordered[size - left_out])


def p_above(values: NDArray[np.float64], bound: float, least_deviation: float = 0.0) -> float:
    """One-sided p-value of "the centre is at most `bound`"."""
    if not np.isfinite(values).all():
        return float(scipy.special.bdtr(int((values <= bound).sum()), values.size, 0.5))
    return mean_of(values, least_deviation).p_above(bound)


def pairs_to_decide(
    values: NDArray[np.float64], least_deviation: float, tests: Sequence[tuple[float, float, float]]
) -> int | None:
    """The pairs with which the first of some one-sided t tests would succeed, if the effect is as it looks.

    Args:
        values: the differences so far.
        least_deviation: what their standard deviation is at least.
        tests: of each, how far the mean lies on the side that it wants, its level, and the power wanted.

    Returns:
        At least one more than there are; None where it takes more than a thousand, or cannot be said.
    """
    spread = deviation(values, least_deviation) if np.isfinite(values).all() else 0.0
    if spread == 0:
        return None
    needed = [pairs_to_find(room / spread, level, power) for room, level, power in tests]
    found = min((pairs for pairs in needed if pairs is not None), default=None)
    return None if found is None else max(found, values.size + 1)


def pairs_to_find(size: float, level: float, power: float) -> int | None:
    """The least number of pairs by which a one-sided t test finds an effect with this power.

    Args:
        size: of the effect in standard deviations of the differences.
        level: of the test.
        power: the probability that it is found.

    Returns:
        None where it takes more than a thousand, or there is no effect.
    """
    if size <= 0:
        return None

    def enough(pairs: int) -> bool:
        critical = scipy.stats.t.isf(level, pairs - 1)
        return bool(scipy.stats.nct.sf(critical, pairs - 1, min(size * math.sqrt(pairs), _FAR_OUT)) >= power)

    counts = range(FEWEST_UNITS, MOST_PAIRS_PREDICTED + 1)
    place = bisect_left(counts, True, key=enough)
    return counts[place] if place < len(counts) else None
