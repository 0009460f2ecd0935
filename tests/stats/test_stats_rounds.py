import numpy as np
import pytest

from alexnet_bench.stats import Slices, log_ratios


def slices(*rows):
    """Slices from (round, draw, rate)."""
    rounds, draws, rates = zip(*rows, strict=True) if rows else ((), (), ())
    return Slices(rounds=rounds, draws=draws, rates=rates)


def ratios(arm, control):
    return np.exp(log_ratios(arm, control)).tolist()


def test_ratios_are_paired_by_round_not_by_mean():
    """The arm is a tenth faster in every round, but it was timed mostly while the machine was slow."""
    control = slices(("slow", 0, 10.0), ("fast", 0, 100.0), ("fastest", 0, 200.0))
    arm = slices(("slow", 0, 11.0), ("fast", 0, 110.0))
    assert np.mean(arm.rates) < np.mean(control.rates)
    assert ratios(arm, control) == pytest.approx([1.1])


def test_each_draw_counts_once_however_many_slices_it_has():
    control = slices((0, 0, 10.0), (1, 0, 10.0), (2, 0, 10.0), (3, 1, 10.0))
    arm = slices((0, 0, 20.0), (1, 0, 20.0), (2, 0, 20.0), (3, 1, 5.0))
    assert ratios(arm, control) == pytest.approx([2.0, 0.5])


def test_ratios_within_a_draw_are_averaged_as_logarithms():
    control = slices((0, 0, 10.0), (1, 0, 10.0))
    assert ratios(slices((0, 0, 20.0), (1, 0, 5.0)), control) == pytest.approx([1.0])


def test_draws_of_a_control_that_was_built_once_are_one_unit():
    control = slices((0, "only", 10.0), (1, "only", 10.0))
    arm = slices((0, "first", 20.0), (1, "second", 20.0))
    assert ratios(arm, control) == pytest.approx([2.0])


def test_draws_of_a_control_that_was_built_more_often_are_left_out_where_unpaired():
    control = slices((0, 0, 10.0), (1, 1, 99.0), (2, 2, 10.0))
    arm = slices((0, 0, 20.0), (2, 2, 30.0))
    assert ratios(arm, control) == pytest.approx([2.0, 3.0])


def test_no_shared_round_gives_no_ratio():
    assert ratios(slices((0, 0, 1.0)), slices((1, 0, 1.0))) == []
    assert ratios(slices(), slices((1, 0, 1.0))) == []


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        Slices(rounds=[1], draws=[1], rates=[])
