import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alexnet_bench.stats.rounds import (
    Components,
    Slices,
    best_rounds,
    faster_half,
    middle_half,
    over_draws,
    paired_rounds,
    variance_components,
)

POSITIVE = st.floats(1e-4, 1e4)


def slices(*rows):
    """Slices from (round, draw, rate)."""
    rounds, draws, rates = zip(*rows, strict=True) if rows else ((), (), ())
    return Slices(rounds=rounds, draws=draws, rates=rates)


def of_one_draw(draw, rates):
    """A slice a round, all of one draw."""
    return ((number, draw, rate) for number, rate in enumerate(rates))


def log_ratios(arm, control):
    """One a draw."""
    return np.array([rounds.mean() for rounds in paired_rounds(arm, control)])


def ratios(arm, control):
    return np.exp(log_ratios(arm, control)).tolist()


def test_each_draw_counts_once_however_many_slices_it_has():
    control = slices((0, 0, 10.0), (1, 0, 10.0), (2, 0, 10.0), (3, 1, 10.0))
    arm = slices((0, 0, 20.0), (1, 0, 20.0), (2, 0, 20.0), (3, 1, 5.0))
    assert ratios(arm, control) == pytest.approx([2.0, 0.5])


def test_what_slows_the_slower_half_further_changes_nothing():
    rng = np.random.default_rng(0)
    speeds = 100 * np.exp(rng.normal(0, 0.01, 40))
    undisturbed, control = (slices(*of_one_draw(0, rates)) for rates in (1.1 * speeds, speeds))
    slowed = np.where(speeds < np.median(speeds), 0.3, 1.0)
    disturbed = slices(*of_one_draw(0, 1.1 * speeds * slowed))

    # The median of forty lies between two slices, one of which is slowed; the mean of the half does not move.
    for arm in (disturbed, undisturbed):
        assert ratios(arm, control) == pytest.approx([1.1])


@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=30), st.floats(0.5, 2), st.floats(0.1, 10), st.randoms()
)
def test_a_factor_on_every_slice_is_found_whatever_the_machine_does_and_the_order(noise, factor, scale, rng):
    rates = np.exp(noise)
    rows = list(of_one_draw(0, rates))
    shuffled = rng.sample(rows, len(rows))
    arm = slices(*((key, draw, scale * factor * rate) for key, draw, rate in shuffled))
    control = slices(*((key, draw, scale * rate) for key, draw, rate in rows))
    (entries,) = paired_rounds(arm, control)
    # Every round says the same, which it would not, were slices not held against those of their own round.
    assert np.exp(entries) == pytest.approx(np.full(len(rates), factor))


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_the_entries_of_a_half_have_its_mean(noise):
    """Of an odd number, the one in the middle counts half, as if each were there twice."""
    faster = np.sort(np.repeat(noise, 2))[len(noise) :]
    assert faster_half(np.array(noise)).mean() == pytest.approx(faster.mean(), abs=1e-9)
    assert middle_half(np.array(noise)).mean() == pytest.approx(stats.trim_mean(noise, 0.25), abs=1e-9)


@pytest.mark.parametrize(
    ("half", "sample"),
    [
        (faster_half, lambda rng: -rng.gamma(1.0, 0.05, 200)),
        (middle_half, lambda rng: rng.standard_t(2, 200)),
    ],
)
def test_the_entries_of_a_half_tell_its_error(half, sample):
    """Over many samples, the half's mean spreads as the entries of any one sample say."""
    rng = np.random.default_rng(1)
    entries = [half(sample(rng)) for _ in range(400)]
    told = np.median([values.std(ddof=1) / np.sqrt(values.size) for values in entries])
    assert np.std([values.mean() for values in entries]) == pytest.approx(told, rel=0.15)


def beside_a_busy_process(rng, speed, draws=16, rounds=12):
    """An eighth of the slices had the machine to themselves, and are faster by up to a third."""
    scatter = rng.normal(0, 0.02, (draws, rounds))
    alone = rng.random((draws, rounds)) < 1 / 8
    rates = speed * np.exp(np.where(alone, rng.uniform(0.1, 0.3, scatter.shape), scatter))
    return slices(*(((draw, number), draw, rate) for (draw, number), rate in np.ndenumerate(rates)))


def test_slices_that_had_a_busy_machine_to_themselves_do_not_make_the_ratio():
    """Faster halves, which hold all of those, would scatter by 6%."""
    rng = np.random.default_rng(2)
    found = log_ratios(beside_a_busy_process(rng, 95.0), beside_a_busy_process(rng, 100.0))

    assert found.mean() == pytest.approx(np.log(0.95), abs=0.01)
    assert found.std(ddof=1) < 0.02


def test_few_rounds_cannot_tell_that_the_machine_was_busy():
    """That the two in the middle agree says little."""
    control = slices(*of_one_draw(0, [10.0] * 4))
    arm = slices(*of_one_draw(0, [10.0, 10.0, 10.0, 12.0]))

    assert ratios(arm, control) == pytest.approx([np.sqrt(1.2)])


def test_draws_of_a_side_that_was_built_once_are_one_unit():
    once = slices((0, "only", 10.0), (1, "only", 10.0))
    twice = slices((0, "first", 20.0), (1, "second", 10.0))
    assert ratios(twice, once) == pytest.approx([2**0.5])
    assert ratios(once, twice) == pytest.approx([2**-0.5])


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="argument 3 is shorter"):
        paired_rounds(Slices(rounds=[1], draws=[1], rates=[]), slices((1, 0, 1.0)))


def test_draws_that_agree_by_luck_have_no_narrower_interval_than_their_rounds_allow():
    """Four equal means of two rounds a tenth to either side: deviation 0.1, and t(0.975, 3) / 2 of it."""
    found = over_draws([np.array([-0.1, 0.1])] * 4)

    assert (found.low, found.high) == pytest.approx((-0.15912, 0.15912), abs=1e-4)


# -- rounds or draws


def test_components_are_those_of_the_one_way_layout():
    """By hand: within-group mean square 2/3, between-group 37.5, three a group."""
    found = variance_components([np.array([1.0, 2, 3]), np.array([6.0, 7, 8])])

    assert found.round == pytest.approx(1.0)
    assert found.draw == pytest.approx((37.5 - 1.0) / 3)


@pytest.mark.parametrize("sizes", [[12] * 300, [4, 20] * 150])
def test_components_are_found_whatever_the_sizes(sizes):
    rng = np.random.default_rng(0)
    draws = [rng.normal(0, 0.5) + rng.normal(0, 2.0, size) for size in sizes]

    found = variance_components(draws)

    assert found.round == pytest.approx(4.0, rel=0.1)
    assert found.draw == pytest.approx(0.25, rel=0.5)


def test_draws_that_differ_less_than_their_rounds_explain_have_no_variance_of_their_own():
    assert variance_components([np.array([0.0, 1.0]), np.array([1.0, 0.0])]).draw == 0


@pytest.mark.parametrize("draws", [[], [np.array([1.0, 2.0])], [np.array([1.0]), np.array([2.0])]])
def test_too_little_gives_no_components(draws):
    assert variance_components(draws) is None


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_no_other_number_of_rounds_is_better(draw, each, draw_seconds, round_seconds):
    components = Components(draw=draw, round=each)

    def variance_for_time(rounds):
        return (draw + each / rounds) * (draw_seconds + rounds * round_seconds)

    best = best_rounds(components, draw_seconds, round_seconds)
    for other in (0.5 * best, 0.9 * best, 1.1 * best, 2 * best):
        assert variance_for_time(best) <= variance_for_time(other) * (1 + 1e-9)


def test_where_draws_do_not_differ_one_would_do():
    assert best_rounds(Components(draw=0.0, round=1.0), 1.0, 1.0) == math.inf
