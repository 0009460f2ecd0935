import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.stats.steady import drifts, is_warm

DURATIONS = st.floats(0.001, 10)


def rates(count, total=0.0, noise=0.0, seed=0):
    """Logarithms of rates that change by `total` from first to last, with noise."""
    rng = np.random.default_rng(seed)
    return np.linspace(0, total, count) + noise * rng.standard_normal(count)


@pytest.mark.parametrize(
    ("seconds", "warm"),
    [
        ([], False),
        ([1.0] * 5, False),
        ([1.0] * 6, True),
        ([9, 5, 3, 2, 1.5, 1.2], False),
        ([9, 5, 3, 2, 1.5, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0], True),
        # One slow or one quick step decides nothing.
        ([1, 1, 1, 1, 1, 7], True),
        ([1, 1, 1, 1, 1, 0.1], True),
        ([1, 7, 1, 1, 1, 1], True),
        # Getting slower is no warming up.
        ([1, 1, 1, 2, 2, 2], True),
        ([1, 1, 1, 0.99, 0.99, 0.99], True),
        ([1, 1, 1, 0.97, 0.97, 0.97], False),
    ],
)
def test_warm_is_what_gets_no_faster(seconds, warm):
    assert is_warm(seconds) is warm


@given(st.lists(DURATIONS, min_size=6, max_size=20), st.floats(0.01, 100))
def test_the_unit_of_time_does_not_matter(seconds, unit):
    scaled = [unit * value for value in seconds]
    last, before = np.median(seconds[-3:]), np.median(seconds[-6:-3])
    if abs(last / before - 0.98) > 1e-9:
        assert is_warm(scaled) == is_warm(seconds)


@pytest.mark.parametrize("total", [0.05, -0.05])
def test_a_speed_that_goes_one_way_throughout_drifts(total):
    assert drifts(rates(20, total, noise=0.005))


@pytest.mark.parametrize(
    "log_rates",
    [
        rates(20, noise=0.03),
        rates(100, noise=0.03, seed=1),
        rates(20, total=0.015),
        rates(7, total=1.0),
        [0.0] * 20,
        [0.0] * 10 + [0.3] + [0.0] * 10,
    ],
    ids=["noise", "more noise", "a small trend", "too few", "equal", "an outlier"],
)
def test_noise_and_what_is_too_small_to_matter_do_not(log_rates):
    assert not drifts(log_rates)


def test_noise_is_taken_for_a_trend_at_most_once_in_some_hundreds():
    """Of 2,000 series of 20 rounds at a spread of 5%."""
    rng = np.random.default_rng(0)
    found = sum(drifts(series) for series in 0.05 * rng.standard_normal((2000, 20)))
    assert found <= 8
