import math

import numpy as np
import pytest

from alexnet_bench.stats.estimate import Estimate, estimate, unpaired


def test_equal_values_have_an_interval_of_no_width():
    assert estimate([0.5] * 5) == Estimate(mean=0.5, low=0.5, high=0.5, count=5)


def test_unpaired_means_have_welchs_interval():
    """Standard error sqrt(0.5 + 5/12) = 0.95743, 6.981 degrees of freedom, and t(0.975, 6.981) = 2.3660."""
    found = unpaired([3, 4, 5, 6, 7], [1, 2, 4, 3])

    assert (found.mean, found.count) == (pytest.approx(2.5), 4)
    assert (found.low, found.high) == (pytest.approx(0.2347, abs=1e-3), pytest.approx(4.7653, abs=1e-3))


@pytest.mark.parametrize("others", [[1.0, 2.0, 3.0], [1.0]])
def test_too_few_unpaired_values_have_no_interval(others):
    found = unpaired([1.0, 2.0, 3.0, 4.0], others)

    assert found.mean == pytest.approx(2.5 - np.mean(others))
    assert math.isnan(found.low)
    assert found.descriptive


@pytest.mark.parametrize("sides", [([],), ([], [1.0]), ([1.0], [])])
def test_no_values_are_refused(sides):
    with pytest.raises(ValueError, match="no values"):
        estimate(*sides) if len(sides) == 1 else unpaired(*sides)
