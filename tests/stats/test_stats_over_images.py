import numpy as np
import pytest

from alexnet_bench.stats.estimate import estimate
from alexnet_bench.stats.over_images import cross_validated, crossed

FOLDS = 4


def in_folds(rng, repetitions, images):
    """The fold of each image, by repetition; folds are equally large."""
    return np.array([rng.permutation(np.arange(images) % FOLDS) for _ in range(repetitions)])


def made_up(rng, repetitions, images, seed_spread, image_spread):
    """Values of cross-validation about 0, and their folds: each seed and each image has its own part."""
    folds = in_folds(rng, repetitions, images)
    of_seeds = rng.normal(0, seed_spread, (repetitions, FOLDS))
    own = rng.normal(0, image_spread, images) + rng.normal(0, 1, (repetitions, images))
    return np.take_along_axis(of_seeds, folds, axis=1) + own, folds


@pytest.mark.parametrize("axis", [0, 1])
def test_where_seeds_or_images_do_not_differ_it_is_the_interval_over_the_others(axis):
    values = np.array([0.0, 1.0, 0.0, -1.0, 1.0, 0.0])

    found, others = crossed(np.stack([values] * 5, axis)).estimate, estimate(values)

    assert (found.low, found.high) == pytest.approx((others.low, others.high))


def test_values_that_never_differ_leave_no_doubt():
    found = crossed(np.full((5, 9), 0.25)).estimate

    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_three_seeds_have_no_interval():
    assert crossed(np.eye(3, 40)) is None


@pytest.mark.parametrize(("seed_spread", "image_spread"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_it_covers_the_truth_where_seeds_and_images_are_drawn_anew(seed_spread, image_spread):
    """2,000 simulated tables of 5 seeds and 30 images; 95% wanted, three standard errors are 1.5 points."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        seeds, images = rng.normal(0, seed_spread, (5, 1)), rng.normal(0, image_spread, (1, 30))
        found = crossed(seeds + images + rng.normal(0, 1, (5, 30))).estimate
        covered += found.low <= 0 <= found.high

    assert covered / 2000 > 0.935


def test_one_round_of_folds_is_the_interval_over_the_means_of_folds():
    rng = np.random.default_rng(1)
    values, folds = made_up(rng, 1, 60, 1.0, 1.0)

    found = cross_validated(values, folds).estimate
    others = estimate([values[0, folds[0] == fold].mean() for fold in range(FOLDS)])

    assert (found.mean, found.low, found.high) == pytest.approx((others.mean, others.low, others.high))


@pytest.mark.parametrize("repetitions", [1, 2, 4])
@pytest.mark.parametrize(("seed_spread", "image_spread"), [(0.0, 0.0), (1.0, 0.0), (0.0, 2.0), (0.5, 1.0)])
def test_cross_validation_covers_the_truth(repetitions, seed_spread, image_spread):
    """1,000 simulated runs on 60 images; 95% wanted, three standard errors are 2.1 points."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        found = cross_validated(*made_up(rng, repetitions, 60, seed_spread, image_spread)).estimate
        covered += found.low <= 0 <= found.high

    assert covered / 1000 > 0.929


def test_repeating_it_does_not_make_images_more():
    """Where images alone differ, no number of repetitions makes the interval narrower than images do."""
    rng = np.random.default_rng(2)
    images = rng.normal(0, 1, 60)
    folds = in_folds(rng, 32, 60)

    found = cross_validated(np.tile(images, (32, 1)), folds)

    assert found.mean.error == pytest.approx(images.std(ddof=1) / np.sqrt(60), rel=0.1)
    assert found.seeds_wanted(found.mean.error / 2) is None
    assert found.images_wanted(found.mean.error / 2) == pytest.approx(4 * 60, rel=0.1)


def test_where_seeds_alone_differ_more_of_them_are_wanted():
    rng = np.random.default_rng(2)
    found = crossed(np.repeat(rng.normal(0, 1, (8, 1)), 500, axis=1) + rng.normal(0, 0.01, (8, 500)))

    assert found.seeds_wanted(found.mean.error / 2) == pytest.approx(4 * 8, rel=0.1)
    assert found.images_wanted(found.mean.error / 2) is None
