"""Claims: what supports one, what contradicts it, and what is left open."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alexnet_bench.stats.claim import judge_claim

LOOKS = (4, 8, 16, 32)
NOISE = np.array([0.1, -0.1, 0.05, -0.05])
MIRRORED = {"higher": "lower", "lower": "higher"}


def judged(*values, predicts="higher", **how):
    return judge_claim(values, predicts=predicts, **how)


def around(mean, **how):
    found = judged(*(mean + NOISE), **how)
    return found.verdict, found.remark


@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        (2.0, ("supported", "as claimed")),
        (1.5, ("supported", "smaller than claimed")),
        (3.0, ("supported", "larger than claimed")),
        # The right way, and too little of it.
        (0.5, ("contradicted", "less than half of the size")),
        (0.0, ("contradicted", "less than half of the size")),
        (-2.0, ("contradicted", "the other way")),
        (1.0, ("inconclusive", "")),
    ],
)
def test_a_claim_with_a_size_wants_half_of_it(mean, expected):
    assert around(mean, size=2.0) == expected
    assert around(-mean, size=2.0, predicts="lower") == expected


@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        (2.0, ("supported", "")),
        (0.3, ("supported", "too small to matter")),
        (0.0, ("contradicted", "too small to matter")),
        (-2.0, ("contradicted", "the other way")),
    ],
)
def test_a_claim_without_a_size_wants_the_direction(mean, expected):
    assert around(mean, margin=0.5) == expected
    assert around(-mean, margin=0.5, predicts="lower") == expected


def test_where_seeds_scatter_nothing_is_settled_and_the_pairs_that_would_settle_it_are_told():
    """Mean 0.05, deviation 2.4: half of the size is 0.4 of it away, the margin 0.19."""
    values = (3.0, -2.0, 1.0, -1.8)

    assert judged(*values, size=2.0).verdict == "inconclusive"
    assert judged(*values, size=2.0).pairs_wanted == pytest.approx(52, abs=1)
    assert judged(*values, margin=0.5).pairs_wanted == pytest.approx(225, abs=1)
    assert judged(*values, size=2.0, family=3).pairs_wanted > 60
    assert judged(*(1.0 + NOISE), size=2.0).pairs_wanted is None


def test_p_values_are_those_of_the_halves_of_students_test():
    values = (1.3, 0.9, 1.6, 1.1)
    found = judged(*values, size=2.0, family=3)
    above, below = (stats.ttest_1samp(values, 1.0, alternative=way).pvalue for way in ("greater", "less"))

    assert found.p_supported == pytest.approx(min(1, 3 * 2 * above))
    assert found.p_contradicted == pytest.approx(min(1, 3 * 2 * below))
    interval = stats.ttest_1samp(values, 0).confidence_interval(1 - 0.05 / 3)
    assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_claims_of_a_question_share_the_level_and_so_do_looks():
    values = (2.6, 1.7, 2.9, 1.6)

    assert judged(*values, size=2.0).verdict == "supported"
    assert judged(*values, size=2.0, family=9).verdict == "inconclusive"
    assert judged(*values, size=2.0, looks=LOOKS).verdict == "inconclusive"
    # Four looks at one claim are as many shares as one look at four.
    looked, shared = judged(*values, size=2.0, looks=LOOKS), judged(*values, size=2.0, family=4)
    assert (looked.low, looked.high) == (shared.low, shared.high)


def test_the_first_verdict_stays_whatever_comes_later():
    sure = 3.0 + NOISE / 10
    found = judged(*sure, *[-9.0] * 12, size=2.0, looks=LOOKS)

    assert found == judged(*sure, size=2.0, looks=LOOKS)
    assert (found.verdict, found.pairs) == ("supported", 4)


@pytest.mark.parametrize(("count", "looks"), [(3, ()), (3, LOOKS), (6, (8, 16))])
def test_too_few_pairs_say_nothing(count, looks):
    found = judged(*[1.0] * count, size=1.0, looks=looks)

    assert (found.verdict, found.pairs) == ("", 0)
    assert math.isnan(found.low)


def test_where_one_side_never_got_there_the_median_is_judged():
    never = [math.inf] * 6

    assert judged(*never, size=2.0).verdict == "supported"
    assert judged(*never, size=2.0, predicts="lower").verdict == "contradicted"
    assert judged(*never[:4], size=2.0).verdict == "inconclusive"
    assert judged(*never[:4], size=2.0).pairs_wanted is None


@pytest.mark.parametrize("size", [0.0, -1.0, math.nan])
def test_a_size_is_above_zero(size):
    with pytest.raises(ValueError, match="above zero"):
        judged(1.0, 1.0, 1.0, 1.0, size=size)


VALUES = st.lists(
    st.floats(-5, 5) | st.sampled_from([0.0, 0.5, 1.0]) | st.just(math.inf), min_size=4, max_size=20
)
HOW = st.fixed_dictionaries(
    {
        "size": st.sampled_from([None, 0.5, 2.0]),
        "margin": st.sampled_from([0.0, 0.5]),
        "least_deviation": st.sampled_from([0.0, 0.25]),
        "looks": st.sampled_from([(), LOOKS]),
        "family": st.sampled_from([1, 5]),
    }
)


@given(VALUES | st.builds(lambda value: [value] * 6, st.floats(-3, 3)), HOW)
def test_a_verdict_is_what_its_interval_says(values, how):
    found = judged(*values, **how)
    size, margin = how["size"], how["margin"]
    enough, too_little = (0.0, margin) if size is None else (size / 2, size / 2)

    assert (found.verdict == "supported") == (found.low > enough)
    assert (found.verdict == "contradicted") == (found.low <= enough and found.high < too_little)
    for p_value, is_sure in (
        (found.p_supported, found.low > enough),
        (found.p_contradicted, found.high < too_little),
    ):
        assert (p_value < 0.05) == is_sure or p_value == pytest.approx(0.05)

    turned = judge_claim([-value for value in values], predicts="lower", **how)
    assert (turned.verdict, turned.remark) == (found.verdict, found.remark)
    assert (turned.low, turned.high) == (-found.high, -found.low)
