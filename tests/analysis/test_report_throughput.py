import math

import numpy as np
import pytest
from report_runs import changed, draw, draws, effect_rows, manifest

A_AND_A = {"alexnet": [], "lrn": [], "no-lrn": ["normalization"]}


def rows(records, runs=None, measure="training_images_per_second"):
    return {row.arm: row for row in effect_rows(records, runs, measure=measure)}


def test_effect_is_the_geometric_mean_over_draws_of_arm_over_control():
    row = rows([*draws("alexnet", 10, 10), *draws("no-lrn", 20, 5)])["no-lrn"]
    assert (row.effect, row.pairs, row.unit) == (pytest.approx(1.0), 2, "ratio")
    assert row.values == pytest.approx((2.0, 0.5))
    assert (row.control_value, row.arm_value) == pytest.approx((10, 10))
    assert row.value_unit == "images/s"


def test_effect_is_paired_by_round_where_means_have_the_wrong_sign():
    """The machine was slow in the rounds that the arm was timed in, and not in those it missed."""
    control = draw("alexnet", 0, [10.0, 100.0, 300.0], rounds=[0, 1, 2])
    arm = draw("no-lrn", 0, [11.0, 110.0], rounds=[0, 1])
    assert arm.images_per_second < control.images_per_second
    assert rows([control, arm])["no-lrn"].effect == pytest.approx(1.1)


def test_modes_are_kept_apart_though_they_share_rounds():
    inference = [*draws("alexnet", 30, mode="inference"), *draws("no-lrn", 90, mode="inference")]
    records = [*draws("alexnet", 10), *draws("no-lrn", 20), *inference]
    assert rows(records)["no-lrn"].effect == pytest.approx(2)
    assert rows(records, measure="inference_images_per_second")["no-lrn"].effect == pytest.approx(3)


def test_under_four_draws_a_ratio_is_descriptive():
    row = rows([*draws("alexnet", 10, 10, 10), *draws("no-lrn", 11, 12, 13)])["no-lrn"]
    assert row.kind == "descriptive"
    assert math.isnan(row.low)


def test_from_four_draws_on_a_ratio_has_a_t_interval_of_its_logarithm():
    arm = [10 * math.exp(log) for log in (0.1, 0.2, 0.3, 0.4)]
    row = rows([*draws("alexnet", 10, 10, 10, 10), *draws("no-lrn", *arm)])["no-lrn"]
    assert (row.kind, row.pairs) == ("interval", 4)
    assert np.log([row.effect, row.low, row.high]) == pytest.approx([0.25, 0.044574, 0.455426], abs=1e-5)


def test_a_control_drawn_beside_other_arms_too_counts_where_it_shares_rounds():
    """Arms are timed in groups, the control in each: no-lrn in draws 0 and 2, others in 1 and 3."""
    control = draws("alexnet", 10, 99, 10, 99)
    arm = [draw("no-lrn", number, [20.0, 20.0]) for number in (0, 2)]
    row = rows([*control, *arm])["no-lrn"]
    assert (row.effect, row.pairs) == (pytest.approx(2), 2)
    # What is typical of the control is so beside every arm.
    assert (row.control_value, row.arm_value) == pytest.approx((math.sqrt(990), 2 * math.sqrt(990)))


def test_rates_are_of_images_where_an_arm_has_another_batch():
    run = manifest(variants={"alexnet": [], "big": ["recipe.batch_size"]})
    records = [draw("alexnet", 0, [10.0]), draw("big", 0, [20.0], batch_size=64)]
    assert rows(records, [run])["big"].effect == pytest.approx(2)


def test_equal_round_ids_of_two_runs_are_different_rounds():
    runs = [manifest("run-a"), manifest("run-b")]
    records = [
        draw(name, 0, [rate], run_id=run)
        for run, rates in (("run-a", (10, 20)), ("run-b", (100, 400)))
        for name, rate in zip(("alexnet", "no-lrn"), rates, strict=True)
    ]
    row = rows(records, runs)["no-lrn"]
    assert row.values == pytest.approx((2.0, 4.0))


def test_a_failed_draw_is_left_out_and_named():
    failed = draw("no-lrn", 1, [9.0], status="out-of-memory", images_per_second=None)
    row = rows([*draws("alexnet", 10, 10), draw("no-lrn", 0, [20.0, 20.0]), failed])["no-lrn"]
    assert (row.effect, row.pairs) == (pytest.approx(2), 1)
    assert row.note == "training draw 1 of no-lrn: out-of-memory"


def test_a_build_that_failed_before_its_first_slice_is_a_row_that_says_so():
    failed = draw("no-lrn", 0, [], status="crashed")
    row = rows([*draws("alexnet", 10), failed])["no-lrn"]
    assert (row.kind, math.isnan(row.effect)) == ("not measured", True)
    assert row.note == "no round timed both sides; training draw 0 of no-lrn: crashed"


def test_the_same_network_timed_twice_is_called_so():
    row = rows([*draws("alexnet", 10), *draws("lrn", 10.2)], [manifest(variants=A_AND_A)])["lrn"]
    assert (row.effect, row.note) == (pytest.approx(1.02), "the same network as alexnet, measured twice")
    assert row.ablation == "lrn"


@pytest.mark.parametrize("side", ["alexnet", "no-lrn"])
def test_a_draw_without_a_steady_state_is_left_out_and_the_rest_is_judged(side):
    names = {"alexnet": 10.0, "no-lrn": 11.0}
    moving = [draw(name, 4, [3 * rate, rate], steady=name != side) for name, rate in names.items()]
    steady = [
        draw(name, number, [rate] * 2, steady=True) for name, rate in names.items() for number in range(4)
    ]

    found = rows([*steady, *moving])["no-lrn"]
    assert (found.kind, found.pairs, found.effect) == ("interval", 4, pytest.approx(1.1))
    note = f"without a steady state, and left out: draw 4 of {side}"
    assert (found.verdict, found.note) == ("better", note)


def test_without_a_steady_draw_there_is_a_row_that_says_so():
    moving = changed(draws("no-lrn", 11, 11), steady=False)
    found = rows([*draws("alexnet", 10, 10), *moving])["no-lrn"]
    assert (found.kind, found.verdict, math.isnan(found.effect)) == ("not steady", "", True)


def test_a_failed_draw_leaves_no_verdict():
    failed = changed(draws("no-lrn", 11, 11, 11, 11, 11)[4:], status="crashed")
    found = rows([*draws("alexnet", *[10] * 5), *draws("no-lrn", 11, 11, 11, 11), *failed])["no-lrn"]
    assert (found.kind, found.verdict, found.pairs) == ("incomplete", "", 4)


def test_a_slowdown_of_few_steps_is_told_where_the_ratio_does_not_show_it():
    records = [
        draw(name, number, [100.0, 100.0, 100.0, 100.0, 100.0, last * (1 + 0.001 * number)])
        for name, last in (("alexnet", 100.0), ("no-lrn", 50.0))
        for number in range(4)
    ]
    row = rows(records)["no-lrn"]

    assert row.effect == pytest.approx(1.0, abs=0.001)
    assert row.note.startswith("over all slices the ratio is -10.")
    assert rows([record for record in records if record.draw < 3])["no-lrn"].note == ""
