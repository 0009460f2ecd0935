import math

import pytest
from report_runs import DEVICE, draw, failed_trial, in_run, manifest, trial

from alexnet_bench.analysis.summary import summarize

THREE = {"no-lrn": ["normalization"], "alexnet": [], "lrn": []}


def rows(records, run=None):
    return {row.variant: row for row in summarize(in_run(records), [run or manifest()]).itertuples()}


def test_a_row_a_variant_with_error_throughput_and_costs():
    row = rows(
        [
            trial("alexnet", 0, 0.02, parameters=1000, peak_memory_bytes=5),
            trial("alexnet", 1, 0.04, parameters=1000, peak_memory_bytes=5),
            draw("alexnet", 0, [10.0], peak_memory_bytes=100),
            draw("alexnet", 1, [20.0], peak_memory_bytes=300),
            draw("alexnet", 0, [90.0], mode="inference", peak_memory_bytes=200),
        ]
    )["alexnet"]
    assert (row.error_percent, row.error_name) == (pytest.approx(3), "test top-1 error")
    assert (row.dataset, row.topology, row.epochs) == ("digits", "alexnet-8", 2)
    assert row.learning_rates == ((0.01, 2),)
    assert row.training_images_per_second == pytest.approx(math.sqrt(10 * 20))
    assert row.inference_images_per_second == pytest.approx(90)
    assert (row.time_topology, row.time_batch_size) == ("alexnet-227", 16)
    assert (row.parameters, row.macs, row.counted_at) == (60_965_224, 724_000_000, "alexnet-227")
    assert (row.peak_memory_bytes, row.device) == (300, DEVICE)
    assert (row.seeds_ok, row.seeds_failed, row.draws_ok, row.draws_failed) == (2, 0, 2, 0)


def test_the_control_comes_first_and_then_the_plan_s_order():
    records = [trial(name, 0) for name in ("no-lrn", "alexnet")]
    found = rows(records, manifest(variants=THREE))
    assert list(found) == ["alexnet", "no-lrn", "lrn"]
    assert [name for name, row in found.items() if row.is_control] == ["alexnet"]


def test_a_network_trained_once_is_shown_under_both_names():
    row = rows([trial("alexnet", 0, 0.02)], manifest(variants=THREE))["lrn"]
    assert (row.error_percent, row.same_as, row.seeds_ok) == (pytest.approx(2), "alexnet", 1)


def test_failed_trials_and_draws_are_counted_and_named():
    row = rows(
        [
            trial("no-lrn", 0, 0.02),
            failed_trial("no-lrn", 1),
            draw("no-lrn", 0, [10.0]),
            draw("no-lrn", 1, [], status="crashed"),
        ]
    )["no-lrn"]
    assert (row.error_percent, row.seeds_ok, row.seeds_failed) == (pytest.approx(2), 1, 1)
    assert (row.draws_ok, row.draws_failed) == (1, 1)
    assert row.failures == "training draw 1: crashed; seed 1: diverged"


def test_a_planned_variant_without_a_record_has_a_row():
    row = rows([trial("alexnet", 0)])["no-lrn"]
    assert (row.seeds_ok, row.draws_ok, math.isnan(row.error_percent)) == (0, 0, True)


def test_held_out_errors_are_named_so():
    records = [trial("alexnet", 0, test_top1_error=None, held_out_top1_error=0.25)]
    row = rows(records)["alexnet"]
    assert (row.error_percent, row.error_name) == (25, "held-out top-1 error")


def test_both_devices_of_a_variant_are_shown():
    row = rows([trial("alexnet", 0), draw("alexnet", 0, [1.0], device="H100")])["alexnet"]
    assert row.device == f"{DEVICE}, H100"


def test_speeds_are_the_controls_typical_speed_times_the_ratio():
    """The arm was timed beside the control while the machine was busy, and so looks slow."""
    records = [
        draw("alexnet", 0, [100.0, 100.0]),
        draw("alexnet", 1, [25.0, 25.0]),
        draw("no-lrn", 1, [50.0, 50.0]),
    ]
    found = rows(records)

    assert found["alexnet"].training_images_per_second == pytest.approx(50)
    assert found["no-lrn"].training_images_per_second == pytest.approx(100)


def test_draws_without_a_steady_state_are_told_and_not_counted_in():
    records = [draw("alexnet", 0, [10.0], steady=True), draw("alexnet", 1, [90.0], steady=False)]
    row = rows(records)["alexnet"]

    assert (row.training_images_per_second, row.steady) == (pytest.approx(10), False)
