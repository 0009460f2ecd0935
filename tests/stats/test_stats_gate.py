"""What a gate may say of draws, and how often it is wrong."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import FALSE_ALARMS, decide

THRESHOLD = 0.03


def evidence(*means, threshold=THRESHOLD, rounds=4, spread=0.002):
    """Draws with these means, of rounds that scatter a little."""
    steps = np.linspace(-spread, spread, rounds)
    return PairedDraws(draws=[mean + steps for mean in means], tolerance=-np.log1p(-threshold))


@dataclass(frozen=True)
class Told:
    """Evidence of a loss, with a p-value of its own."""

    worse: float
    decides: bool = True
    is_cleared: bool = False
    tolerance: float = THRESHOLD

    def p_value(self, sign):
        return self.worse if sign < 0 else 1.0

    def says(self, gain):
        return gain < 0


def scattered(rng, count, mean=0.0, deviation=0.015, **how):
    return evidence(*rng.normal(mean, deviation, count), **how)


@pytest.mark.parametrize(
    ("means", "decision"),
    [
        ([0.001, -0.001, 0.0, 0.001], "pass"),
        ([-0.05, -0.051, -0.049, -0.05, -0.05, -0.051], "regressed"),
        ([0.05, 0.051, 0.049, 0.05, 0.05, 0.051], "improved"),
        ([0.04, -0.05, 0.06, -0.05], "inconclusive"),
        ([-0.05, -0.05, -0.05], "inconclusive"),
        # Surely slower, and by too little to fail a build.
        ([-0.005, -0.0051, -0.0049, -0.005], "pass"),
        ([-0.014, -0.0141, -0.0139, -0.014], "pass"),
        # Surely faster, and by too little to tell of.
        ([0.005, 0.0051, 0.0049, 0.005], "pass"),
    ],
)
def test_a_decision_follows_from_the_draws(means, decision):
    assert decide([evidence(*means)]) == [decision]


def test_what_only_the_first_draws_say_is_no_regression():
    assert decide([evidence(*[-0.3] * 4, *[0.0] * 12)]) == ["inconclusive"]
    # All together are sure of a loss; a quarter of the tolerance is 0.0076.
    first = [-0.06, -0.0601] * 2
    assert decide([evidence(*first, *[-0.007, -0.0071] * 6)]) == ["inconclusive"]
    assert decide([evidence(*first, *[-0.0085, -0.0086] * 6)]) == ["regressed"]


def test_what_only_the_later_draws_say_is_no_improvement():
    assert decide([evidence(*[0.0] * 4, *[0.0155] * 8)]) == ["pass"]
    assert decide([evidence(*[0.0155] * 12)]) == ["improved"]


def test_the_level_is_shared_by_all_that_is_decided():
    slower = evidence(-0.02, -0.06, -0.03, -0.05, -0.03, -0.05)
    others = [evidence(0.0, 0.001, -0.001, 0.0)] * 200

    assert decide([slower]) == ["regressed"]
    assert decide([slower, *others])[0] == "inconclusive"


@given(st.lists(st.floats(1e-6, 0.02), min_size=1, max_size=8))
def test_equal_weights_are_holms_own(p_values):
    order = np.argsort(p_values)
    steps = np.array(p_values)[order] * np.arange(len(p_values), 0, -1)
    adjusted = dict(zip(order, np.maximum.accumulate(steps), strict=True))

    # 0.01 itself may be rounded to either side.
    for place, found in enumerate(decide([Told(value) for value in p_values])):
        is_sure = adjusted[place] < FALSE_ALARMS
        assert (found == "regressed") == is_sure or adjusted[place] == pytest.approx(FALSE_ALARMS)


def test_what_weighs_little_takes_little_of_the_level():
    """Alone, each would do; together, at 0.01, the first may use 0.0095 and the second 0.0005."""
    weights = [1.0, 0.05]

    assert decide([Told(0.009), Told(0.5)], 0.01, weights) == ["regressed", "inconclusive"]
    assert decide([Told(0.009), Told(0.5)], 0.01) == ["inconclusive", "inconclusive"]
    assert decide([Told(0.5), Told(0.0006)], 0.01, weights) == ["inconclusive", "inconclusive"]
    assert decide([Told(0.5), Told(0.0004)], 0.01, weights) == ["inconclusive", "regressed"]
    # The level of what is decided goes to the rest.
    assert decide([Told(0.0001), Told(0.009)], 0.01, weights) == ["regressed", "regressed"]


def test_no_more_draws_are_wanted_when_a_loss_is_ruled_out_at_a_look():
    alike = [0.001, -0.001, 0.0, 0.001]

    assert not evidence(*alike[:3]).is_settled
    assert evidence(*alike).is_settled
    # Five draws are no look: it is known since the fourth, or not before the eighth.
    assert not evidence(0.0, 0.05, -0.05, 0.001, 0.0, 0.0).is_settled
    assert evidence(*alike, -0.2, -0.2, -0.2).is_settled


def test_a_certain_loss_wants_no_more_draws_either():
    losses = [-0.2, -0.21, -0.19, -0.2] * 2

    assert not evidence(*losses[:7]).is_settled
    assert evidence(*losses).is_settled


def test_false_alarms_are_kept_at_their_level():
    """Six quantities a gate, of the same code; 300 gates."""
    rng = np.random.default_rng(7)
    alarms = sum("regressed" in decide([scattered(rng, 8) for _ in range(6)]) for _ in range(300))

    assert alarms <= stats.binom.ppf(0.999, 300, FALSE_ALARMS)


def test_a_loss_of_the_threshold_seldom_passes_though_it_is_looked_at_again_and_again():
    rng = np.random.default_rng(8)
    found = [decide([scattered(rng, 32, np.log1p(-THRESHOLD))])[0] for _ in range(400)]

    assert found.count("pass") <= 0.05 * len(found)
    assert found.count("regressed") >= 0.9 * len(found)


@given(st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=20), st.floats(0.001, 0.3))
def test_faster_is_never_worse(means, threshold):
    order = ["regressed", "inconclusive", "pass", "improved"]
    slower, faster = (
        decide([evidence(*(mean + shift for mean in means), threshold=threshold)])[0] for shift in (0, 0.05)
    )
    assert order.index(faster) >= order.index(slower)
