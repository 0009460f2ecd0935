"""A stored baseline: sessions are added, and later code is held against them."""

import itertools
import json
import shutil

import pytest
from msgspec.structs import replace as replaced
from report_runs import CRASHED, draw, manifest, write_run

from alexnet_bench.analysis.gate import UNTIMED, Asked
from alexnet_bench.analysis.gate_baseline import add_session, baseline_decisions, stored_sessions
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.errors import RecordError, WorkerError
from alexnet_bench.run import compare as comparing
from alexnet_bench.show import gate as formats

PEAK = {"flops_per_second": [1e11], "bytes_per_second": [1e10]}
USUAL = {"peak_memory_bytes": 2**28, "compile_seconds": 2.0, "yardstick": PEAK, "steady": True}
SLOW = {"yardstick": {name: [value / 2 for value in values] for name, values in PEAK.items()}}
SCATTER = (1.0, 1.02, 0.99, 1.01, 0.98)


def session(rate=100.0, draws=3, variant="alexnet", **changes):
    return [draw(variant, number, [rate], side="head", **USUAL | changes) for number in range(draws)]


def decided(records, stored, **how):
    found = baseline_decisions(records, stored, Thresholds(general={"training": 0.1}), **how)
    return {(row.variant, row.quantity): row for row in found}


def training(records, stored):
    return decided(records, stored)["alexnet", "training"]


@pytest.fixture
def stored():
    return [session(100 * luck) for luck in SCATTER]


@pytest.mark.parametrize(
    ("rate", "decision"), [(100, "pass"), (60, "regressed"), (160, "improved"), (94, "inconclusive")]
)
def test_throughput(stored, rate, decision):
    row = training(session(rate), stored)

    assert (row.decision, row.draws) == (decision, 6)
    assert row.ratio == pytest.approx(rate / 100, rel=0.01)
    assert row.low < row.ratio < row.high


def test_a_machine_that_is_slower_today_is_no_regression(stored):
    """And the base is what it would be by today's yardstick."""
    row = training(session(50, **SLOW), stored)

    assert row.ratio == pytest.approx(1, rel=0.01)
    assert row.head == pytest.approx(50)
    assert row.base == pytest.approx(row.head / row.ratio)
    (bounds,) = json.loads(formats.bencher([row])).values()
    assert bounds["training-throughput"]["lower_value"] < 50 < bounds["training-throughput"]["upper_value"]
    assert training(session(50), stored).decision == "regressed"


def test_a_session_counts_once_however_many_draws_it_has(stored):
    longer = [session(100 * luck, draws=40) for luck in SCATTER]
    few, more = training(session(draws=3), stored), training(session(draws=50), longer)

    assert more.draws == few.draws == 6
    assert (more.low, more.high) == pytest.approx((few.low, few.high), rel=1e-6)


def test_memory_and_start_up_need_no_yardstick(stored):
    found = decided(session(peak_memory_bytes=2**29, compile_seconds=2.0, yardstick=None), stored)

    assert found["alexnet", "training"].decision == "not comparable"
    assert found["alexnet", "memory"].ratio == pytest.approx(2)
    assert found["alexnet", "start-up"].ratio == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "another CPU"}, "device (another CPU here, "),
        ({"batch_size": 7}, "batch_size (7 here, "),
        ({"precision": "mixed_float16"}, "precision (mixed_float16 here, float32 there)"),
        ({"build": {"tensorflow": "other"}}, "build: tensorflow (other here, "),
        ({"variant": "no-lrn"}, "the baseline holds no no-lrn"),
    ],
)
def test_what_was_measured_otherwise_is_not_comparable(stored, changes, words):
    (row,) = [row for row in decided(session(**changes), stored).values() if row.quantity == "training"]

    assert row.decision == "not comparable"
    assert words in row.note


def test_a_session_that_was_copied_half_is_none(tmp_path, monkeypatch):
    run = write_run(tmp_path / "run", session())
    copy = shutil.copy

    def full(source, target):
        if list(target.parent.iterdir()):
            raise OSError(28, "No space left on device")
        copy(source, target)

    monkeypatch.setattr(shutil, "copy", full)
    with pytest.raises(RecordError, match="No space left"):
        add_session(tmp_path / "kept", run)
    assert stored_sessions(tmp_path / "kept") == []


def test_memory_and_start_up_are_of_the_modes_that_were_built(stored):
    both = [
        replaced(row, mode=mode, peak_memory_bytes=2**29, compile_seconds=5.0)
        for row in session()
        for mode in ("training", "inference")
    ]
    found = decided(both, stored)

    assert found["alexnet", "training"].decision == "pass"
    for quantity in ("memory", "start-up"):
        row = found["alexnet", quantity]
        assert row.decision == "not comparable"
        assert row.note == "no session of the baseline built the same modes"


def test_another_release_of_this_package_is_what_is_gated(stored):
    versions = stored[0][0].versions | {"alexnet-bench": "9.9"}

    assert training(session(versions=versions), stored).decision == "pass"


def test_sessions_of_other_machines_do_not_count(stored):
    others = [session(500, device="another CPU") for _ in range(9)]

    row = training(session(), [*others, *stored])

    assert (row.decision, row.draws) == ("pass", 6)


def test_three_sessions_decide_nothing(stored):
    row = training(session(50), stored[:3])

    assert row.decision == "inconclusive"
    assert "a decision takes 4 sessions and the baseline holds 3" in row.note


def test_draws_that_failed_or_moved_do_not_count(stored):
    moving = session(60, draws=2, steady=False)
    assert training([*moving, *session()], stored).ratio == pytest.approx(1, rel=0.01)
    row = training([*moving, *session(60, draws=1, **CRASHED)], stored)
    assert (row.decision, row.note) == ("not comparable", "crashed: no")


@pytest.fixture
def gate(bench, tmp_path, no_workers, monkeypatch):
    """Call the gate on a session of this rate."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    numbers = itertools.count()

    def call(rate, *arguments):
        def compare(settings, sides, folder, *given, **how):
            call.timed = settings, sides, how["effort"](settings)
            write_run(folder, session(rate), manifest(f"run-{next(numbers)}"))
            return session(rate)

        monkeypatch.setattr(comparing, "compare", compare)
        return bench("gate", "--baseline", "kept", "--out", f"at-{next(numbers)}", *arguments)

    return call


def test_sessions_are_recorded_and_then_decide(gate, tmp_path):
    outcomes = [gate(100 * luck, "--record") for luck in SCATTER[:4]]
    (tmp_path / "kept" / "notes.txt").write_text("mine", encoding="utf-8")

    assert [outcome.code for outcome in outcomes] == [0] * 4
    assert outcomes[0].out == "kept holds 1 session now; a decision takes 4, at different times\n"
    assert outcomes[3].out == "kept holds 4 sessions now\n"
    kept = sorted(item for item in (tmp_path / "kept").iterdir() if item.is_dir())
    assert [folder.name for folder in kept] == [f"2026-01-02T030405-run-{number}" for number in (1, 3, 5, 7)]
    assert {file.name for file in kept[0].iterdir()} == {"run.json", "records.jsonl"}
    slower, same = gate(50), gate(100, "--json")
    assert (slower.code, same.code) == (1, 0)
    assert "1 regressed" in slower.out
    rows = {row["quantity"]: row for row in json.loads(same.out)["decisions"]}
    assert rows["training"]["threshold"] == 0.1
    _, sides, effort = gate.timed
    assert list(sides) == ["head"]
    assert (effort.draws, effort.budget_seconds) == (16, 120)


def test_a_baseline_of_another_machine_is_a_warning_and_no_failure(gate, monkeypatch):
    for luck in SCATTER:
        gate(100 * luck, "--record")
    monkeypatch.setitem(USUAL, "device", "another CPU")

    outcome = gate(100)
    assert outcome.code == 0
    assert "throughput: not comparable: the baseline differs in device (another CPU here" in outcome.err
    assert gate(100, "--strict").code == 3


def test_quick_leaves_a_baseline_its_tenth(gate):
    for luck in SCATTER:
        gate(100 * luck, "--record", "--quick")

    rows = json.loads(gate(100, "--quick", "--json").out)["decisions"]
    assert {row["quantity"]: row["threshold"] for row in rows} == {"training": 0.1, "memory": 0.1}


def test_a_session_is_told_as_json(gate):
    told = json.loads(gate(100, "--record", "--json").out)
    assert told == {"run": "at-0", "baseline": "kept", "sessions": 1}


def test_the_projects_thresholds_hold_against_a_baseline_too(gate, tmp_path):
    table = "[tool.alexnet-bench.gate.thresholds]\ntraining = '80%'\n"
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    for luck in SCATTER:
        gate(100 * luck, "--record")

    assert gate(60).code == 0


def test_the_projects_baseline_gives_way_to_a_base_that_is_typed(bench, repository, monkeypatch):
    (repository / "pyproject.toml").write_text("[tool.alexnet-bench.gate]\nbaseline = 'kept'\n", "utf-8")
    asked = []

    def compare(settings, sides, *given, **how):
        asked.extend(sides)
        return []

    monkeypatch.setattr(comparing, "compare", compare)

    assert "kept holds no session" in bench("gate").err
    bench("gate", "--base", "HEAD~1")
    assert asked == ["base", "head"]


@pytest.mark.parametrize("draws", [0, 2])
def test_a_session_that_measured_nothing_is_not_kept(tmp_path, draws):
    run = write_run(tmp_path / "run", session(draws=draws, **CRASHED))

    with pytest.raises(WorkerError, match="nothing was measured"):
        add_session(tmp_path / "kept", run)
    assert not (tmp_path / "kept").exists()


def test_what_cannot_be_built_any_more_is_a_regression(stored):
    broken = decided(session(**CRASHED), stored)
    assert {(row.decision, row.note) for row in broken.values()} == {("regressed", "crashed: no")}
    never = decided(session(variant="newer", **CRASHED), stored)
    assert {row.decision for row in never.values()} == {"not comparable"}


def test_what_was_not_reached_is_told(stored):
    asked = Asked(
        variant="no-lrn", precision="float32", batch_size=16, topology="alexnet-227", modes=("training",)
    )
    found = decided(session(), stored, asked=[asked])

    row = found["no-lrn", "training"]
    assert found["alexnet", "training"].decision == "pass"
    assert (row.decision, row.note) == ("inconclusive", UNTIMED)
