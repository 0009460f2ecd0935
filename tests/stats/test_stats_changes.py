"""Changes of level and slow drifts, found where they are planted and not where they are not."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.errors import BenchError
from alexnet_bench.stats.changes import FEWEST_AFTER, changes
from alexnet_bench.stats.drift import as_step, chain_drift, trend_drift
from alexnet_bench.stats.estimate import Estimate, Mean, estimate

LOSS = 0.02


def noise(count, deviation=0.01, seed=0):
    return np.random.default_rng(seed).normal(0, deviation, count)


# -- changes


def test_every_step_of_several_is_found():
    places = np.arange(60)
    values = noise(60) - 0.06 * (places >= 20) + 0.1 * (places >= 45)

    assert {at: found.mean < 0 for at, found in changes(values).items()} == {20: True, 45: False}


def test_noise_alone_is_no_change():
    assert not any(changes(noise(50, seed=seed)) for seed in range(20))


@pytest.mark.parametrize("entry", [0, 7, 19])
def test_an_entry_that_stands_alone_is_no_change(entry):
    values = noise(20)
    values[entry] -= 0.5

    assert changes(values) == {}


def test_a_level_has_three_entries_even_where_two_stand_out():
    values = noise(22) - 0.5 * (np.arange(22) >= 20)

    assert list(changes(values)) == [19]


def test_fewer_than_twelve_entries_tell_nothing():
    values = [*noise(6), *(noise(6) - 1)]

    assert len(changes(values)) == 1
    assert changes(values[:-1]) == {}


def test_equal_entries_have_no_change_but_where_they_step():
    assert changes([1.0] * 30) == {}
    assert list(changes([1.0] * 15 + [0.9] * 15)) == [15]


@given(values=st.lists(st.integers(-5, 5), max_size=40), shift=st.integers(-100, 100))
def test_levels_have_some_entries_each_and_do_not_hang_on_the_unit(values, shift):
    found = list(changes(values))

    assert all(end - start >= FEWEST_AFTER for start, end in pairwise([0, *found, len(values)]) if found)
    assert list(changes(np.add(values, shift))) == found


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)

    with pytest.raises(BenchError, match=r"ruptures.*pip install \"alexnet-bench\[history\]\""):
        changes(noise(12))


# -- what steps add up to


def steps(*gains, error=0.003):
    return [Mean(value=gain, error=error, freedom=7) for gain in gains]


def test_two_steps_are_enough_where_they_are_sure():
    assert chain_drift(steps(-0.015, -0.015, error=0.001), LOSS).count == 2
    assert chain_drift(steps(-0.03, error=0.001), LOSS) is None
    assert chain_drift([], LOSS) is None


def test_what_is_not_sure_or_too_small_is_no_drift():
    assert chain_drift(steps(*[-0.005] * 12, error=0.02), LOSS) is None
    assert chain_drift(steps(*[-0.001] * 12, error=0.0001), LOSS) is None
    assert chain_drift(steps(*[0.005] * 12), LOSS) is None


def test_a_late_drift_is_found_after_a_long_calm():
    found = chain_drift(steps(*[0.0] * 100, *[-0.005] * 8), LOSS)

    assert found.count == 8


def test_a_step_knows_its_error_from_its_interval():
    values = noise(9)
    found = as_step(estimate(values))

    assert (found.value, found.freedom) == (pytest.approx(values.mean()), 8)
    assert found.error == pytest.approx(values.std(ddof=1) / 3)
    with pytest.raises(ValueError, match="interval"):
        as_step(Estimate(mean=0.0, count=3))


def test_few_degrees_of_freedom_make_a_sum_less_sure():
    sure = [Mean(value=-0.008, error=0.003, freedom=100)] * 4
    less = [Mean(value=-0.008, error=0.003, freedom=1)] * 4
    certain = [Mean(value=-0.008, error=0.0, freedom=1)] * 4

    widths = [
        found.high - found.low
        for found in (chain_drift(some, LOSS) for some in (certain, sure, less))
        if found
    ]
    assert widths == sorted(widths)
    assert widths[0] == 0


# -- trends


def test_a_trend_is_found_with_its_size():
    values = noise(40) - 0.002 * np.arange(40)

    found = trend_drift(values, LOSS)

    assert found.count == 40
    assert found.mean == pytest.approx(-0.078, abs=0.02)
    assert found.low < found.mean < found.high < 0


def test_what_rises_stays_or_hardly_falls_is_no_drift():
    entries = np.arange(40)

    assert trend_drift(noise(40) + 0.002 * entries, LOSS) is None
    assert trend_drift(noise(40), LOSS) is None
    assert trend_drift(-0.0004 * entries, LOSS) is None
    assert trend_drift([0.0, -0.03, 0.01, -0.02, -0.05, -0.01, -0.04, -0.02], LOSS) is None
    assert trend_drift([0.0] * 40, LOSS) is None
    assert trend_drift([0.0, -1.0, -2.0], LOSS) is None
