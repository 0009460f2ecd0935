"""When warm-up has ended, and whether what came after it stayed as it was."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

WINDOW = 3
FEWEST_WARM_STEPS = 2 * WINDOW
STILL_FASTER = 0.02
TREND_LEVEL = 0.001
SMALLEST_TREND = 0.02
FEWEST_FOR_TREND = 8


def is_warm(seconds: Sequence[float]) -> bool:
    """Whether steps have stopped getting faster.

    The median of the last three is compared with that of the three before, so that neither one slow nor one
    quick step decides; a gain of more than 2% means that warm-up goes on.

    Args:
        seconds: durations of equal pieces of work, oldest first.
    """
    if len(seconds) < FEWEST_WARM_STEPS:
        return False
    before, last = np.median(seconds[-2 * WINDOW : -WINDOW]), np.median(seconds[-WINDOW:])
    return bool(last >= (1 - STILL_FASTER) * before)


def drifts(log_rates: Sequence[float] | NDArray[np.float64]) -> bool:
    """Whether rates, relative to those of the same rounds, go up or down all the while.

    Kendall's test of a trend at 0.1%, and a Theil-Sen slope of 2% at least from first to last: a machine
    that throttles or is still warming up shows both, noise shows neither.

    Args:
        log_rates: natural logarithms, oldest first.
    """
    values = np.asarray(log_rates, dtype=float)
    if values.size < FEWEST_FOR_TREND or np.ptp(values) == 0:
        return False
    order = np.arange(values.size)
    slope = scipy.stats.theilslopes(values, order).slope
    p_value = scipy.stats.kendalltau(order, values).pvalue
    return bool(p_value < TREND_LEVEL and abs(slope) * (values.size - 1) > SMALLEST_TREND)
