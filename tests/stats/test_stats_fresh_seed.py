"""The probability that a fresh pair's difference is above zero."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alexnet_bench.stats.fresh_seed import probability_above_zero

VALUES = arrays(float, st.integers(4, 40), elements=st.floats(-5, 5).map(lambda value: round(value, 3)))


@given(VALUES, st.sampled_from([0.0, 0.5]))
def test_it_is_what_the_noncentral_t_of_the_values_says(values, least):
    """The estimate makes a smaller t as likely as a larger one, the ends of its interval 97.5% and 2.5%."""
    spread = max(0.0 if np.ptp(values) == 0 else values.std(ddof=1), least)
    found = probability_above_zero(values, least)
    if spread == 0:
        assert all(map(math.isnan, found))
        return
    value, low, high = found
    assert 0 <= low <= value <= high <= 1
    root = math.sqrt(values.size)
    t = root * values.mean() / spread
    for probability, share in zip(found, (0.5, 0.975, 0.025), strict=True):
        # Closer to 0 or 1 the quantile of the normal distribution is lost to rounding.
        if abs(t) < 50 and 1e-12 < probability < 1 - 1e-6:
            noncentrality = root * stats.norm.ppf(probability)
            assert stats.nct.cdf(t, values.size - 1, noncentrality) == pytest.approx(share, abs=1e-4)


@given(VALUES)
def test_the_other_sign_is_the_other_side(values):
    value, low, high = probability_above_zero(values, 0.1)
    assert probability_above_zero(-values, 0.1) == pytest.approx((1 - value, 1 - high, 1 - low), abs=1e-6)


def test_values_of_no_spread_tell_nothing_but_for_what_rounding_allows():
    same = np.full(6, 0.3)
    assert all(map(math.isnan, probability_above_zero(same)))
    value, low, high = probability_above_zero(same, 0.2)
    assert 0.5 < low < value < high < 1


def test_of_all_but_equal_values_it_is_certain():
    assert probability_above_zero(np.array([5, 5, 5, 5.0001])) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(("seeds", "deviations"), [(4, 0.0), (5, 0.7), (16, 1.5)])
def test_its_interval_holds_the_truth_as_often_as_it_says(seeds, deviations):
    """`tests/validation/fresh_seed.py` has more cases."""
    truth, times = stats.norm.cdf(deviations), 2000
    samples = np.random.default_rng([18, seeds]).normal(deviations, 1, (times, seeds))
    found = np.array([probability_above_zero(values) for values in samples])
    held = np.mean((found[:, 1] <= truth) & (truth <= found[:, 2]))
    assert 0.935 < held < 0.965
    assert 0.46 < np.mean(found[:, 0] < truth) < 0.54
