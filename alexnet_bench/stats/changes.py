"""Where a series of measurements changes its level.

Least squares with a penalty for each change choose them (PELT). The noise is estimated from differences of
neighbours, which a change of level hardly affects, and outliers are drawn towards their neighbours, so that
no single entry is a change.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.errors import BenchError
from alexnet_bench.stats.estimate import Estimate, unpaired

FEWEST_AFTER = 3
FEWEST_ENTRIES = 12
# What a change must explain, in variances of the noise. Calibrated by tests/validation/history.py: no more
# than 5% of histories without a change show one, even where noise has a memory of 0.3 from entry to entry.
PENALTY = 27.0
_NEIGHBOURS, _REACH = 5, 2.5
# The least noise, for entries that are equal: no speed is known to a millionth.
_LEAST_SCALE = 1e-6
_MEDIAN_TO_DEVIATION = 0.6745


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of level.

    Args:
        at: the first entry of the new level.
        change: new level minus old one. Its interval does not cover the choice of the place; under four
            entries a side there is none.
    """

    at: int
    change: Estimate


def changes(values: Sequence[float] | NDArray[np.float64]) -> list[Change]:
    """The changes of level in a series; of fewer than twelve entries, none.

    Args:
        values: in order of time, such as logarithms of speeds.

    Raises:
        BenchError: ruptures is not installed.
    """
    array = np.asarray(values, dtype=float)
    if array.size < FEWEST_ENTRIES:
        return []
    ends = _ends_of_levels(array)
    starts = [0, *ends[:-1]]
    levels = [array[start:end] for start, end in zip(starts, ends, strict=True)]
    return [
        Change(at=start, change=unpaired(after, before))
        for start, before, after in zip(starts[1:], levels, levels[1:], strict=False)
    ]


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
