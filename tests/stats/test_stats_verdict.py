"""Verdicts of arms: what is claimed, what is not, and how often it is claimed in vain."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from alexnet_bench.stats.verdict import LEVEL, Arm, pairs_wanted, verdicts

LOOKS = (4, 8, 16, 32)
MIRRORED = {"better": "worse", "worse": "better"}


def arm(*differences, better="lower", margin=0.5, least_deviation=0.0):
    return Arm(differences=differences, better=better, margin=margin, least_deviation=least_deviation)


def words(*arms):
    return [found.verdict for found in verdicts(arms)]


def test_p_values_and_interval_are_those_of_scipys_paired_tests():
    differences = [0.3, -0.1, 0.4, 0.2, 0.1]
    found = verdicts([arm(*differences)])[0]

    test = stats.ttest_1samp(differences, 0)
    assert found.p_difference == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval(0.95)))
    above = stats.ttest_1samp(differences, -0.5, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, 0.5, alternative="less").pvalue
    assert found.p_equivalence == pytest.approx(max(above, below))


def test_an_arm_with_too_few_pairs_takes_no_share_of_the_level():
    judged = arm(0.9, 2.2, 0.7, 2.9, 0.4, margin=0.1)

    assert verdicts([judged, arm(1.0, 2.0)])[0] == verdicts([judged])[0]


def test_where_one_side_never_got_there_signs_decide():
    assert words(arm(*[math.inf] * 6)) == ["worse"]
    assert words(arm(*[math.inf] * 4)) == ["inconclusive"]
    assert pairs_wanted(arm(*[math.inf] * 4)) is None
    # A pair that shows nothing speaks for neither direction.
    assert words(arm(*[0.0] * 7, *[math.inf] * 6)) == ["inconclusive"]
    assert words(arm(0.0, *[math.inf] * 8)) == ["worse"]


def test_where_one_side_never_got_there_the_interval_is_the_medians():
    """Of nine values the second and the second to last: beyond them lie 2 in 512 each, and 20 one further."""
    found = verdicts([arm(3, 1, 2, 5, 4, 7, 6, 8, math.inf)])[0]

    assert (found.effect, found.low, found.high) == (5, 2, 8)
    assert found.p_difference == pytest.approx(stats.binomtest(9, 9).pvalue)


def test_the_pairs_wanted_are_those_that_would_likely_be_enough():
    """An arm that does nothing, deviation 0.7, margin 0.5: published tables say 18 pairs."""
    rng = np.random.default_rng(0)
    seen = rng.normal(size=6)
    seen = 0.7 * (seen - seen.mean()) / seen.std(ddof=1)
    wanted = pairs_wanted(arm(*seen))

    assert 17 <= wanted <= 19
    hits = [words(arm(*row)) == ["equivalent"] for row in rng.normal(0, 0.7, size=(2000, wanted))]
    assert 0.77 < np.mean(hits) < 0.87


def test_an_arm_on_the_margin_is_never_equivalent_and_only_found_different():
    assert pairs_wanted(arm(-0.5, 0.0, 0.5, 1.0, 1.5)) == pytest.approx(22, abs=2)


def test_what_would_take_more_than_a_thousand_pairs_is_not_predicted():
    assert pairs_wanted(arm(50.0, -49.0, 50.0, -49.0)) is None


def power(pairs, size, level):
    """Of a one-sided t test, over the distribution of the standard deviation."""
    share = (np.arange(20_000) + 0.5) / 20_000
    deviations = np.sqrt(stats.chi2.ppf(share, pairs - 1) / (pairs - 1))
    critical = stats.t.isf(level, pairs - 1)
    return stats.norm.sf(critical * deviations - size * math.sqrt(pairs)).mean()


@given(st.sampled_from([0.09, 0.2, 0.5, 1.0, 3.0, 20.0, 1e9]), st.sampled_from([1, 3, 27]), st.booleans())
def test_the_pairs_wanted_have_four_chances_in_five_and_one_less_does_not(size, family, with_looks):
    seen = arm(size + 1, size - 1, size + 1, size - 1, margin=0.0)
    looked = replace(seen, looks=LOOKS) if with_looks else seen
    away, level = size * math.sqrt(3 / 4), LEVEL / family / (4 if with_looks else 1) / 2
    wanted = pairs_wanted(looked, family)

    if wanted is None:
        assert power(1000, away, level) < 0.8
    else:
        assert power(wanted, away, level) >= 0.8 - 1e-3
        assert wanted == 5 or power(wanted - 1, away, level) < 0.8 + 1e-3


@pytest.mark.parametrize(("arms", "pairs", "looks"), [(5, 4, ()), (5, 8, ()), (3, 32, LOOKS)])
def test_identical_variants_are_seldom_called_different(arms, pairs, looks):
    """1,000 reports of arms that do nothing and share a control: 5% family-wise, 2 points of luck."""
    rng = np.random.default_rng(1)
    false = 0
    for _ in range(1000):
        control = rng.normal(size=pairs)
        some = [replace(arm(*(rng.normal(size=pairs) - control)), looks=looks) for _ in range(arms)]
        false += not MIRRORED.keys().isdisjoint(words(*some))

    assert false / 1000 <= 0.07


def test_arms_on_the_margin_are_seldom_called_equivalent():
    rng = np.random.default_rng(2)
    found = [words(*(arm(*rng.normal(0.5, 0.2, size=5)) for _ in range(3))) for _ in range(1000)]

    assert sum("equivalent" in report for report in found) / 1000 <= 0.07


# -- several looks


def with_looks(*arms):
    return verdicts([replace(arm, looks=LOOKS) for arm in arms])


def test_pairs_between_looks_change_nothing():
    some = (0.9, 2.2, 0.7, 2.9)

    assert with_looks(arm(*some)) == with_looks(arm(*some, 9.0, 9.1))


def test_a_look_has_its_share_of_the_level():
    """Each p-value is that of the first eight pairs, times the number of looks."""
    some = (0.9, 2.2, -0.7, 2.9, 1.0, -0.5, 0.3, 0.1)
    (found,) = with_looks(arm(*some))

    assert found.p_difference == pytest.approx(4 * verdicts([arm(*some)])[0].p_difference)
    wider = stats.ttest_1samp(some, 0).confidence_interval(1 - 0.05 / 4)
    assert (found.low, found.high, found.pairs) == (*map(pytest.approx, wider), 8)


def test_verdict_interval_and_p_values_are_of_the_look_that_decided():
    sure, later = (2.0, 2.1, 1.9, 2.2), (-9.0, -9.0, 9.0, 9.0)
    (found,) = with_looks(arm(*sure, *later))

    assert found == with_looks(arm(*sure))[0]
    assert (found.verdict, found.pairs, found.effect) == ("worse", 4, pytest.approx(2.05))
    assert found.low > 0


def test_an_arm_that_has_its_verdict_waits_for_the_others():
    rng = np.random.default_rng(0)
    undecided = rng.normal(0.3, 1.5, size=8)

    for some, verdict in (((5.0, 5.1, 4.9, 5.2), "worse"), ((5.0, 5.1), "")):
        found = with_looks(arm(*some), arm(*undecided))
        assert [item.verdict for item in found] == [verdict, "inconclusive"]


def test_the_direction_is_that_of_what_was_tested():
    """Most pairs show nothing; the mean, which is tested, is above zero."""
    some = (0.0, 0.0, 0.0, 0.0, 0.0, 0.28, 0.28, 0.28, 0.28)

    assert words(arm(*some, margin=0.1)) == ["worse"]


# -- one procedure

SOME = st.floats(-5, 5) | st.integers(-3, 3).map(lambda quarters: quarters / 4)
VALUES = st.one_of(
    st.lists(SOME, min_size=3, max_size=20),
    st.lists(SOME | st.sampled_from([math.inf, -math.inf]), min_size=3, max_size=20),
    st.builds(lambda value, count: [value] * count, SOME, st.integers(3, 20)),
    st.builds(
        lambda centre, noise: [centre + value / 20 for value in noise], SOME, st.lists(SOME, min_size=4)
    ),
)
ARMS = st.lists(
    st.builds(
        Arm,
        differences=VALUES,
        better=st.sampled_from(["lower", "higher"]),
        margin=st.sampled_from([0.0, 0.25, 1.0, 4.0]),
        least_deviation=st.sampled_from([0.0, 0.125, 1.0]),
        looks=st.sampled_from([(), (4, 8), LOOKS]),
    ),
    min_size=1,
    max_size=4,
)


@given(ARMS)
def test_a_verdict_and_the_interval_beside_it_never_contradict_each_other(arms):
    """Better or worse excludes 0, that way; inconclusive holds 0; p-values say the same."""
    for one, found in zip(arms, verdicts(arms), strict=True):
        if not found.verdict:
            assert math.isnan(found.low)
            continue
        above, below = found.low > 0, found.high < 0
        assert found.low <= found.high
        assert not found.effect < found.low
        assert not found.effect > found.high
        if found.verdict == "inconclusive":
            assert not above
            assert not below
        elif found.verdict != "equivalent":
            assert (above, below) == ((found.verdict == "better") == (one.better == "higher"), not above)
        if abs(found.p_difference - LEVEL) > 1e-9:
            assert (found.p_difference < LEVEL) == (above or below)
        if abs(found.p_equivalence - LEVEL) > 1e-9:
            assert (found.p_equivalence < LEVEL) == (found.verdict == "equivalent")
        if found.verdict == "equivalent" and not one.looks:
            # Of one arm and look, the interval at twice the level is what an arm by itself has at 0.1.
            (inner,) = verdicts([one], 2 * LEVEL / found.family)
            assert -one.margin < inner.low
            assert inner.high < one.margin


@given(ARMS)
def test_the_other_way_round_everything_is_the_other_way_round(arms):
    turned = [replace(one, differences=[-value for value in one.differences]) for one in arms]

    for one, other in zip(verdicts(arms), verdicts(turned), strict=True):
        assert other.verdict == MIRRORED.get(one.verdict, one.verdict)
        assert (-other.high, -other.low) == pytest.approx((one.low, one.high), nan_ok=True)


@given(ARMS, st.sampled_from([2.0**-10, 2.0**10]))
def test_the_unit_does_not_matter(arms, unit):
    scaled = [
        replace(
            one,
            differences=[unit * value for value in one.differences],
            margin=unit * one.margin,
            least_deviation=unit * one.least_deviation,
        )
        for one in arms
    ]
    for one, other in zip(verdicts(arms), verdicts(scaled), strict=True):
        assert (one.verdict, one.pairs) == (other.verdict, other.pairs)
        assert (unit * one.low, unit * one.high) == pytest.approx((other.low, other.high), nan_ok=True)


@given(st.lists(st.floats(0.2, 5), min_size=4, max_size=12))
def test_a_ratio_and_its_inverse_have_verdicts_that_agree(ratios):
    """As logarithms: the arm over the control, and the control over the arm."""
    faster, slower = (
        verdicts([arm(*(sign * np.log(ratios)), better="higher", margin=math.log1p(0.01))])[0]
        for sign in (1, -1)
    )
    assert slower.verdict == MIRRORED.get(faster.verdict, faster.verdict)
    assert math.exp(slower.low) == pytest.approx(1 / math.exp(faster.high))


@given(ARMS)
def test_what_comes_after_the_look_of_a_verdict_changes_nothing(arms):
    found = verdicts(arms)
    assume(all(item.verdict for item in found))
    seen = [
        replace(one, differences=one.differences[: item.pairs]) for one, item in zip(arms, found, strict=True)
    ]

    assert repr(verdicts(seen)) == repr(found)
