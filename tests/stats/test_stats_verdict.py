"""Verdicts of arms: what is claimed, what is not, and how often it is claimed in vain."""

import gc
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from alexnet_bench.stats import rounding_deviation
from alexnet_bench.stats.verdict import Arm, equivalence_p_value, pairs_wanted, verdicts


@pytest.fixture(autouse=True)
def _little_to_collect():
    """statsmodels collects garbage at each call, which takes longer the more there is that is no garbage."""
    gc.freeze()
    yield
    gc.unfreeze()


def arm(*differences, better="lower", margin=0.5, least_deviation=0.0):
    return Arm(differences=differences, better=better, margin=margin, least_deviation=least_deviation)


def words(*arms):
    return [found.verdict for found in verdicts(arms)]


@pytest.mark.parametrize(
    ("differences", "better", "verdict"),
    [
        ((2.0, 2.1, 1.9, 2.2), "lower", "worse"),
        ((2.0, 2.1, 1.9, 2.2), "higher", "better"),
        ((-2.0, -2.1, -1.9, -2.2), "lower", "better"),
        ((0.02, -0.01, 0.0, 0.03), "lower", "equivalent"),
        ((2.0, -2.1, 1.0, -0.4), "lower", "inconclusive"),
        ((2.0, 2.1, 1.9), "lower", ""),
    ],
)
def test_a_verdict_says_which_way_it_goes(differences, better, verdict):
    assert words(arm(*differences, better=better)) == [verdict]


def test_a_sure_difference_that_is_too_small_to_matter_is_equivalent():
    found = verdicts([arm(0.10, 0.11, 0.09, 0.10, 0.11)])[0]

    assert found.p_difference < 0.001
    assert found.verdict == "equivalent"


def test_p_values_are_those_of_scipys_paired_tests():
    differences = [0.3, -0.1, 0.4, 0.2, 0.1]
    found = verdicts([arm(*differences)])[0]

    assert found.p_difference == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    above = stats.ttest_1samp(differences, -0.5, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, 0.5, alternative="less").pvalue
    assert found.p_equivalence == pytest.approx(max(above, below))


def test_the_level_is_shared_by_the_arms():
    """p = 0.03 by itself, and three times that beside two arms that show nothing."""
    suggestive = arm(0.9, 2.2, 0.7, 2.9, 0.4, margin=0.1)
    alone = verdicts([suggestive])[0]
    beside = verdicts([suggestive, arm(1, -1, 1, -1, 0.5), arm(-1, 1, -1, 1, 0.5)])[0]

    assert beside.p_difference == pytest.approx(3 * alone.p_difference)
    assert (alone.verdict, beside.verdict) == ("worse", "inconclusive")


def test_an_arm_with_too_few_pairs_takes_no_share_of_the_level():
    judged = arm(0.9, 2.2, 0.7, 2.9, 0.4, margin=0.1)

    assert verdicts([judged, arm(1.0, 2.0)])[0] == verdicts([judged])[0]


def test_differences_that_agree_to_the_image_are_not_certain():
    """Four times exactly one image of 360: rounding alone could do that."""
    image = 100 / 360
    exact, rounded = (
        arm(*[image] * 4, margin=0.3),
        arm(*[image] * 4, margin=0.3, least_deviation=rounding_deviation(image)),
    )

    assert [verdicts([one])[0].p_difference for one in (exact, rounded)] == [
        0,
        pytest.approx(0.0163, abs=1e-3),
    ]
    assert [verdicts([one])[0].p_equivalence for one in (exact, rounded)] == [
        0,
        pytest.approx(0.36, abs=0.01),
    ]


def test_where_one_side_never_got_there_signs_decide():
    assert words(arm(*[math.inf] * 6)) == ["worse"]
    assert words(arm(*[math.inf] * 4)) == ["inconclusive"]
    assert pairs_wanted(arm(*[math.inf] * 4)) is None


def test_equal_in_every_pair_is_equivalent():
    assert words(arm(0.0, 0.0, 0.0, 0.0)) == ["equivalent"]


def test_the_pairs_wanted_are_those_that_would_likely_be_enough():
    """An arm that does nothing, deviation 0.7, margin 0.5: published tables say 18 pairs."""
    rng = np.random.default_rng(0)
    seen = rng.normal(size=6)
    seen = 0.7 * (seen - seen.mean()) / seen.std(ddof=1)
    wanted = pairs_wanted(arm(*seen))

    assert 17 <= wanted <= 19
    hits = [equivalence_p_value(arm(*row)) < 0.05 for row in rng.normal(0, 0.7, size=(2000, wanted))]
    assert 0.77 < np.mean(hits) < 0.87


def test_an_arm_on_the_margin_is_never_equivalent_and_only_found_different():
    seen = np.array([-0.5, 0.0, 0.5, 1.0, 1.5])
    wanted = pairs_wanted(arm(*seen))

    assert wanted == pytest.approx(22, abs=2)


def test_what_would_take_more_than_a_thousand_pairs_is_not_foretold():
    assert pairs_wanted(arm(50.0, -49.0, 50.0, -49.0)) is None


@pytest.mark.parametrize("count", [4, 8])
def test_identical_variants_are_seldom_called_different_whatever_the_number_of_arms(count):
    """1,000 reports of five arms that do nothing and share a control: 5% family-wise, 2 points of luck."""
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(1000):
        control = rng.normal(size=count)
        arms = [arm(*(rng.normal(size=count) - control)) for _ in range(5)]
        false += any(word in ("better", "worse") for word in words(*arms))

    assert false / 1000 <= 0.07


def test_arms_on_the_margin_are_seldom_called_equivalent():
    rng = np.random.default_rng(2)
    false = 0
    for _ in range(1000):
        false += "equivalent" in words(*(arm(*rng.normal(0.5, 0.2, size=5)) for _ in range(3)))

    assert false / 1000 <= 0.07


# -- several looks

LOOKS = (4, 8, 16, 32)


def with_looks(*arms):
    return verdicts([replace(arm, looks=LOOKS) for arm in arms])


def at_looks(*arms):
    return [found.verdict for found in with_looks(*arms)]


def test_the_first_verdict_stays_whatever_comes_later():
    sure = [2.0, 2.1, 1.9, 2.2]

    assert at_looks(arm(*sure)) == at_looks(arm(*sure, -9, -9, -9, -9)) == ["worse"]


def test_pairs_between_looks_change_nothing():
    some = (0.9, 2.2, 0.7, 2.9)

    assert with_looks(arm(*some)) == with_looks(arm(*some, 9.0, 9.1))


def test_a_look_has_its_share_of_the_level():
    """Each p-value is that of the first eight pairs, times the number of looks."""
    some = (0.9, 2.2, -0.7, 2.9, 1.0, -0.5, 0.3, 0.1)
    (found,) = with_looks(arm(*some))

    assert found.p_difference == pytest.approx(4 * verdicts([arm(*some)])[0].p_difference)


def test_an_arm_that_has_its_verdict_waits_for_the_others():
    rng = np.random.default_rng(0)
    undecided = rng.normal(0.3, 1.5, size=8)

    assert at_looks(arm(5.0, 5.1, 4.9, 5.2), arm(*undecided)) == ["worse", "inconclusive"]
    assert at_looks(arm(5.0, 5.1), arm(*undecided)) == ["", "inconclusive"]


def test_looking_often_does_not_call_identical_variants_different():
    """1,000 sweeps of three arms that share a control."""
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(1000):
        control = rng.normal(size=32)
        found = at_looks(*(arm(*(rng.normal(size=32) - control)) for _ in range(3)))
        false += any(word in ("better", "worse") for word in found)

    assert false / 1000 <= 0.07


def test_the_direction_is_that_of_what_was_tested():
    """Most pairs show nothing; the mean, which is tested, is above zero."""
    some = (0.0, 0.0, 0.0, 0.0, 0.0, 0.28, 0.28, 0.28, 0.28)

    assert words(arm(*some, margin=0.1)) == ["worse"]
    assert words(arm(*[0.0] * 7, *[math.inf] * 6)) == ["worse"]
