"""Where a series of measurements changes its level.

Least squares with a penalty for each change choose them (PELT). The noise is estimated from differences of
neighbours, which a change of level hardly affects, and outliers are drawn towards their neighbours, so that
no single entry is a change.
"""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.errors import BenchError
from alexnet_bench.stats.estimate import Estimate, Values, unpaired

FEWEST_AFTER = 3
FEWEST_ENTRIES = 12
# What a change must explain, in variances of the noise. Calibrated by tests/validation/history.py: no more
# than 5% of histories without a change show one, even where noise has a memory of 0.3 from entry to entry.
PENALTY = 27.0
_NEIGHBOURS, _REACH = 5, 2.5
# The least noise, for entries that are equal: no speed is known to a millionth.
_LEAST_SCALE = 1e-6
_MEDIAN_TO_DEVIATION = 0.6745


def changes(values: Values) -> dict[int, Estimate]:
    """The changes of level in a series: new level minus old one, by the first entry of the new one.

    An interval does not cover the choice of the place, and there is none under four entries a side. Of fewer
    than twelve entries, nothing is a change.

    Args:
        values: in order of time, such as logarithms of speeds.

    Raises:
        BenchError: ruptures is not installed.
    """
    array = np.asarray(values, dtype=float)
    if array.size < FEWEST_ENTRIES:
        return {}
    places = [0, *_ends_of_levels(array)]
    levels = pairwise(array[start:end] for start, end in pairwise(places))
    return {at: unpaired(after, before) for at, (before, after) in zip(places[1:], levels, strict=False)}


def _ends_of_levels(values: NDArray[np.float64]) -> list[int]:
    try:
        import ruptures
    except ImportError:
        raise BenchError(
            'change points need ruptures, which is not installed: pip install "alexnet-bench[history]"'
        ) from None

    scale = _scale(values)
    signal = _without_outliers(values, scale) / scale
    # PELT with the cost of least squares, compiled.
    search = ruptures.KernelCPD(kernel="linear", min_size=FEWEST_AFTER).fit(signal[:, None])
    return [int(end) for end in search.predict(pen=PENALTY)]


def _scale(values: NDArray[np.float64]) -> float:
    """The standard deviation of the noise, by the median difference of neighbours."""
    median = float(np.median(np.abs(np.diff(values))))
    return max(median / (_MEDIAN_TO_DEVIATION * math.sqrt(2)), _LEAST_SCALE)


def _without_outliers(values: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    from scipy.ndimage import median_filter

    level = median_filter(values, _NEIGHBOURS, mode="mirror")
    clipped: NDArray[np.float64] = np.clip(values, level - _REACH * scale, level + _REACH * scale)
    return clipped
