import math
from functools import partial

import numpy as np
import pytest
from report_runs import DEVICE, changed, draw, in_run, manifest, trial

from alexnet_bench.analysis.comparison import compare_runs, compare_sides, yardstick_change

RUNS = [manifest("run-a"), manifest("run-b")]


def sides(*head_over_base, mode="training", **changes):
    """Draws of base and head; the base's speed changes from round to round and is never twice the same."""
    records = []
    for number, ratio in enumerate(head_over_base):
        base = [10.0 + number, 30.0 + number]
        records.append(draw("alexnet", number, base, side="base", mode=mode))
        records.append(
            draw("alexnet", number, [rate * ratio for rate in base], mode=mode, **{"side": "head"} | changes)
        )
    return records


def runs(first, second):
    """Draws of alexnet in two runs, at these rates."""
    return [
        draw("alexnet", number, [rate, rate], run_id=run)
        for run, rates in (("run-a", first), ("run-b", second))
        for number, rate in enumerate(rates)
    ]


def only(found):
    (row,) = found
    return row


def test_head_over_base_is_paired_by_round():
    row = only(compare_sides(in_run(sides(1.01, 1.02, 1.03, 1.04))))

    assert row.effect == pytest.approx(np.prod([1.01, 1.02, 1.03, 1.04]) ** 0.25)
    assert row.low < row.effect < row.high
    assert row.high / row.low < 1.05
    assert (row.variant, row.measure) == ("alexnet", "training throughput")
    assert (row.pairs, row.unit) == (4, "images/s")


def test_under_four_draws_there_is_no_interval():
    row = only(compare_sides(in_run(sides(1.01, 1.02, 1.03))))

    assert row.effect == pytest.approx(1.02, abs=1e-3)
    assert math.isnan(row.low)


def test_every_mode_variant_and_batch_is_a_row():
    records = [*sides(1.0), *sides(2.0, mode="inference"), *sides(3.0, batch_size=16)]
    others = changed(sides(1.5), variant="no-lrn")

    found = compare_sides(in_run([*records, *others]))

    assert [(row.variant, row.measure) for row in found] == [
        ("alexnet", "training throughput"),
        ("alexnet", "inference throughput"),
        ("no-lrn", "training throughput"),
    ]


def test_steps_have_a_median_and_quantiles():
    row = only(compare_sides(in_run(sides(1.0))))

    # Batches of 16 at 10 and 30 images a second.
    assert row.base_milliseconds[0] == pytest.approx(1000 * 16 * (1 / 10 + 1 / 30) / 2)
    assert row.base_milliseconds[1] < row.base_milliseconds[0] < row.base_milliseconds[2]


@pytest.mark.parametrize("steady", [True, None])
def test_a_steady_state_is_told_of_where_it_was_tested(steady):
    assert only(compare_sides(in_run(sides(1.0, 1.0, steady=steady)))).steady is steady


def test_a_draw_without_a_steady_state_is_left_out_and_named():
    records = [*sides(1.1, 1.1), *changed(sides(9.0), draw=2, steady=False)]

    row = only(compare_sides(in_run(records)))

    assert (row.effect, row.pairs, row.steady) == (pytest.approx(1.1), 2, False)
    assert row.note == "without a steady state, and left out: draw 2 of alexnet, draw 2 of alexnet (base)"


def test_a_side_that_failed_is_named():
    base, head = sides(1.0)

    row = only(compare_sides(in_run([base, *changed([head], status="crashed")])))

    assert (row.pairs, math.isnan(row.effect)) == (0, True)
    assert row.note == "no round timed both sides; training draw 0 of alexnet: crashed"
    row = only(compare_sides(in_run([*changed([base], status="crashed"), head])))
    assert "training draw 0 of alexnet (base): crashed" in row.note


def test_two_runs_are_compared_draw_by_draw_without_pairs():
    row = only(compare_runs(in_run(runs([10, 11, 10, 11], [20, 22, 20, 22])), RUNS))

    assert row.effect == pytest.approx(2.0)
    assert 1.7 < row.low < 2.0 < row.high < 2.3


@pytest.mark.parametrize(
    ("compare", "base", "head"),
    [
        (compare_sides, {"side": "base"}, {"side": "head"}),
        (partial(compare_runs, manifests=RUNS), {"run_id": "run-a"}, {"run_id": "run-b"}),
    ],
)
def test_a_slower_half_that_was_disturbed_changes_no_ratio(compare, base, head):
    """However the head is compared with the base: in one job, or run with run."""
    records = [
        record
        for number in range(4)
        for record in (
            draw("alexnet", number, [100.0, 100.0, 99.0, 98.0], **base),
            draw("alexnet", number, [102.0, 102.0, 10.0, 5.0], **head),
        )
    ]

    # Of four, the median lies between the halves; the mean of the faster one is what is compared.
    assert only(compare(in_run(records))).effect == pytest.approx(1.02)


def test_errors_of_two_runs_are_paired_by_seed():
    records = [
        trial("alexnet", seed, wrong + 0.01 * seed, run_id=run)
        for run, wrong in (("run-a", 0.02), ("run-b", 0.03))
        for seed in range(3)
    ]

    row = only(compare_runs(in_run(records), RUNS))

    assert (row.effect, row.pairs, row.unit) == (pytest.approx(1.0), 3, "%")
    assert (row.base, row.head) == (pytest.approx(3.0), pytest.approx(4.0))


def test_runs_of_other_conditions_are_not_compared():
    first, second = runs([10], [20])
    records = [first, *changed([second], device="another", threads=4)]

    row = only(compare_runs(in_run(records), RUNS))

    note = f"not comparable: they differ in device ({DEVICE}, another) and in threads (2, 4)"
    assert (row.note, math.isnan(row.effect)) == (note, True)


def test_versions_are_what_two_runs_may_differ_in():
    first, second = runs([10], [20])
    records = [first, *changed([second], versions={"tensorflow": "3"}, build={"driver": "1"})]

    assert only(compare_runs(in_run(records), RUNS)).effect == pytest.approx(2)


def test_what_only_one_run_measured_says_so():
    found = compare_runs(in_run(runs([10], [])), RUNS)

    assert only(found).note == "not measured in the second run"


def test_the_yardstick_tells_how_the_machine_changed():
    peaks = [{"flops_per_second": [flops], "bytes_per_second": [5.0]} for flops in (1.0, 3.0, 4.0, 4.0)]
    records = [
        record
        for item, peak in zip(runs([10, 10], [10, 10]), peaks, strict=True)
        for record in changed([item], yardstick=peak)
    ]

    assert yardstick_change(in_run(records), RUNS) == {"flops_per_second": 2.0, "bytes_per_second": 1.0}
    assert yardstick_change(in_run(runs([10], [20])), RUNS) == {}
