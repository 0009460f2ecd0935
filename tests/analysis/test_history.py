"""What gates add to a history."""

from itertools import product

import pytest
from history_rows import commit
from report_runs import CRASHED, changed, draw, in_run

from alexnet_bench.analysis.gate import decisions
from alexnet_bench.analysis.history import make_rows
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.records.history import append_history, read_history

YARDSTICK = {"flops_per_second": [1e11, 2e11, 9e11], "bytes_per_second": [1e10]}
USUAL = {"steady": True, "yardstick": YARDSTICK}
HEAD = {"side": "head", "git_commit": commit(1)} | USUAL
BASE = {"side": "base", "git_commit": commit(0)} | USUAL


def gate(head_changes=None, base_changes=None, draws=8, modes=("training",), variant="alexnet"):
    """The draws of a gate whose head is a tenth slower."""
    return in_run(
        draw(
            variant, number, [rate, rate * (1 + 0.001 * (number % odd))], mode=mode, **usual | (changes or {})
        )
        for number in range(draws)
        for mode in modes
        for usual, rate, odd, changes in ((HEAD, 90.0, 2, head_changes), (BASE, 100.0, 3, base_changes))
    )


def rows_of(records):
    return make_rows(records, decisions(records, Thresholds()))


# -- what is added


def test_a_gate_adds_a_row_for_each_variant_and_mode(tmp_path):
    variants, modes = ("alexnet", "no-lrn"), ("training", "inference")
    records = [record for variant in variants for record in gate(modes=modes, variant=variant)]
    append_history(tmp_path / "deep" / "history.jsonl", rows_of(records))

    found = read_history(tmp_path / "deep" / "history.jsonl")
    assert [(item.variant, item.mode) for item in found] == [*product(variants, modes)]


def test_a_row_says_what_was_measured():
    (found,) = rows_of(gate())

    assert (found.commit, found.base, found.decision) == (commit(1), commit(0), "regressed")
    assert (found.draws, found.pairs) == (8, 8)
    assert found.ratio == pytest.approx(0.9, rel=0.001)
    assert found.low < found.ratio < found.high
    assert found.images_per_second == pytest.approx(90, rel=0.001)
    assert found.yardstick_flops_per_second == 2e11
    # 90 images while the yardstick does 0.2 teraflop.
    assert found.images_per_teraflop == pytest.approx(450, rel=0.001)


def test_draws_without_a_steady_state_do_not_count():
    records = [record for item in gate() for record in changed([item], steady=item.draw > 1)]

    assert rows_of(records)[0].draws == 6
    assert rows_of(gate({"steady": False})) == []


def test_what_could_not_be_measured_of_head_is_not_there():
    assert rows_of(gate(CRASHED)) == []
    assert rows_of(gate({"status": "crashed", "error": "no"})) == []
    (found,) = rows_of(gate(None, CRASHED))
    assert (found.base, found.ratio, found.decision) == (commit(0), None, "not comparable")


def test_without_a_base_there_is_no_ratio():
    head = [record for record in gate() if record.side == "head"]
    (found,) = make_rows(head, decisions(gate(), Thresholds()))

    assert (found.base, found.ratio, found.pairs) == (None, None, 0)
    assert found.images_per_second == pytest.approx(90, rel=0.001)


def test_what_is_not_gated_has_no_decision():
    records = gate()
    (found,) = make_rows(records, decisions(records, Thresholds(general={"training": None})))

    assert (found.decision, found.ratio) == (None, None)


def test_without_a_yardstick_the_speed_stands_alone():
    (found,) = rows_of(gate({"yardstick": None}))

    assert found.images_per_second == pytest.approx(90, rel=0.001)
    assert found.images_per_teraflop is found.yardstick_flops_per_second is None


def test_few_draws_have_a_ratio_without_an_interval(tmp_path):
    (found,) = rows_of(gate(draws=3))
    append_history(tmp_path / "h.jsonl", [found])

    assert (found.low, found.high, found.decision) == (None, None, "inconclusive")
    assert read_history(tmp_path / "h.jsonl") == [found]
