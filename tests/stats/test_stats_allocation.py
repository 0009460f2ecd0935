import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.stats import Components, best_rounds, variance_components

POSITIVE = st.floats(1e-4, 1e4)


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
