"""What sessions apart from each other let a gate say, and how often it is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alexnet_bench.stats.evidence import Apart
from alexnet_bench.stats.gate import FALSE_ALARMS, decide

TOLERANCE = 0.1
SCATTER = [0.015, -0.015, 0.01, -0.01]


def apart(head, base=SCATTER, **how):
    return Apart(**{"head": head, "base": base, "tolerance": TOLERANCE} | how)


@pytest.mark.parametrize("gain", [-0.04, 0.04])
def test_a_sure_change_of_less_than_half_the_tolerance_passes(gain):
    assert decide([apart([gain, gain + 0.001] * 6, [0.001, -0.001] * 6)]) == ["pass"]


@pytest.mark.parametrize(("head", "base"), [([0.0], [0.0] * 3), ([0.0] * 2, [0.0] * 2), ([], [0.0] * 9)])
def test_too_few_sessions_decide_nothing(head, base):
    assert decide([apart(head, base)]) == ["inconclusive"]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=6), st.lists(st.floats(-1, 1), min_size=4, max_size=8))
def test_the_test_is_students(head, base):
    known = stats.ttest_ind(head, base, equal_var=True)
    found = apart(head, base)
    if not np.isfinite(known.statistic) or np.ptp(base) + np.ptp(head) < 1e-6:
        return
    assert found.p_value(1) == pytest.approx(
        stats.ttest_ind(head, base, alternative="greater").pvalue, abs=1e-9
    )
    low, high = known.confidence_interval(0.95)
    assert (found.gain.low, found.gain.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)


def test_false_alarms_are_as_rare_as_said():
    rng = np.random.default_rng(0)
    sides = [(rng.normal(0, 0.02, 1), rng.normal(0, 0.02, 5)) for _ in range(2000)]
    found = [decide([apart(list(head), list(base), tolerance=0.02)])[0] for head, base in sides]

    alarms = stats.binomtest(found.count("regressed"), len(found)).proportion_ci(0.999)
    assert alarms.low <= FALSE_ALARMS
    assert found.count("regressed") > 0
