import math

import numpy as np
import pytest

from alexnet_bench.stats.error_rates import crossed_estimate
from alexnet_bench.stats.estimate import estimate


@pytest.mark.parametrize("axis", [0, 1])
def test_where_seeds_or_images_do_not_differ_it_is_the_interval_over_the_others(axis):
    values = np.array([0.0, 1.0, 0.0, -1.0, 1.0, 0.0])

    found, others = crossed_estimate(np.stack([values] * 5, axis)), estimate(values)

    assert (found.low, found.high) == pytest.approx((others.low, others.high))


def test_values_that_never_differ_leave_no_doubt():
    found = crossed_estimate(np.full((5, 9), 0.25))

    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_three_seeds_have_no_interval():
    found = crossed_estimate(np.eye(3, 40))

    assert found.descriptive
    assert math.isnan(found.low)


@pytest.mark.parametrize(("seed_spread", "image_spread"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_it_covers_the_truth_where_seeds_and_images_are_drawn_anew(seed_spread, image_spread):
    """2,000 simulated tables of 5 seeds and 30 images; 95% wanted, three standard errors are 1.5 points."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        seeds, images = rng.normal(0, seed_spread, (5, 1)), rng.normal(0, image_spread, (1, 30))
        found = crossed_estimate(seeds + images + rng.normal(0, 1, (5, 30)))
        covered += found.low <= 0 <= found.high

    assert covered / 2000 > 0.935
