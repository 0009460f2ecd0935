"""Files of pytest-benchmark are gated: a file is a process."""

import json
import math
import os
import subprocess
import sys

import pytest

from alexnet_bench.analysis.gate_pytest_benchmark import benchmark_decisions, read_timings
from alexnet_bench.analysis.quantities import Thresholds, read_thresholds

MACHINE = {
    "node": "here",
    "machine": "x86_64",
    "system": "Linux",
    "python_version": "3.12.1",
    "cpu": {"brand_raw": "EPYC", "count": 2, "hz_advertised": [1, 0]},
}


@pytest.fixture
def write(tmp_path):
    """Write a file of benchmarks `{name: seconds}`; returns its path."""

    def call(name, machine=MACHINE, iqr=0.0, rounds=100, told=None, **seconds):
        extra = {} if told is None else {"extra_info": told}
        found = [
            {"fullname": key, "stats": {"median": value, "iqr": value * iqr, "rounds": rounds}} | extra
            for key, value in seconds.items()
        ]
        content = {"machine_info": machine, "benchmarks": found}
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        return tmp_path / name

    return call


def decided(new, old, thresholds=None, **how):
    sides = ([read_timings(file) for file in side] for side in (new, old))
    found = benchmark_decisions(*sides, thresholds or Thresholds(), **how)
    return {row.variant: row for row in found}


@pytest.mark.parametrize(
    ("seconds", "decision"), [(1.0, "pass"), (1.3, "regressed"), (0.7, "improved"), (1.1, "inconclusive")]
)
def test_a_file_a_side(write, seconds, decision):
    row = decided([write("new", a=seconds)], [write("old", a=1.0)])["a"]

    assert (row.decision, row.unit, row.threshold, row.draws) == (decision, "s", 0.15, 2)
    assert row.ratio == pytest.approx(seconds)
    assert row.low < seconds < row.high


def test_several_files_tell_their_spread(write):
    def files(name, *seconds):
        return [write(f"{name}-{number}", a=value) for number, value in enumerate(seconds)]

    old = files("old", 1.0, 1.001, 0.999, 1.0)
    assert decided(files("new", 1.1, 1.101, 1.099), old)["a"].decision == "pass"
    tight = read_thresholds({"time": "5%"})
    assert decided(files("new", 1.1, 1.101, 1.099), old, tight)["a"].decision == "regressed"
    assert decided(files("new", 1.1, 1.4, 0.8), old, tight)["a"].decision == "inconclusive"


def test_few_rounds_that_scatter_widen_the_interval(write):
    old = [write("old", a=1.0)]
    found = [decided([write("new", a=1.3, iqr=0.5, rounds=rounds)], old)["a"] for rounds in (10_000, 5)]

    assert [row.decision for row in found] == ["regressed", "inconclusive"]


def test_a_benchmark_of_one_side_is_not_comparable(write):
    found = decided([write("new", a=1.0, b=1.0)], [write("old", a=1.0, c=1.0)])

    assert {name: (row.decision, row.note) for name, row in found.items()} == {
        "a": ("pass", ""),
        "b": ("not comparable", "it is only in the new files"),
        "c": ("not comparable", "it is only in the old files"),
    }


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"batch_size": 32}, "they differ in batch_size (32 and 16)"),
        ({"steady": False}, "one of them reached no steady state, which gives no verdict"),
        ({"versions": {"tensorflow": "2.22"}}, ""),
        ({}, ""),
    ],
)
def test_what_a_variant_was_timed_as_must_agree(write, told, words):
    usual = {"batch_size": 16, "steady": True, "versions": {"tensorflow": "2.21"}}

    row = decided([write("new", a=1.0, told=usual | told)], [write("old", a=1.0, told=usual)])["a"]

    assert (row.decision, row.note) == ("not comparable" if words else "pass", words)


def test_files_of_two_machines_are_a_warning_and_no_failure(bench, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = MACHINE | {"node": "there", "cpu": {"brand_raw": "Xeon", "count": 4}}
    old = write("old", machine=other, a=1.0)
    sides = ("--pytest-benchmark", write("new", a=1.0), "--against", old)

    outcome = bench("gate", *sides)
    assert outcome.code == 0
    assert (
        "Warning: a, time: not comparable: they differ in cpu: brand_raw (EPYC and Xeon) and in cpu: count "
        "(2 and 4)\n" in outcome.err
    )
    assert bench("gate", *sides, "--strict").code == 3


def test_the_level_is_shared_by_all_benchmarks(write):
    def one_slow(others):
        quick = {f"b{number}": 1.0 for number in range(others)}
        return decided([write("new", a=1.18, **quick)], [write("old", a=1.0, **quick)])["a"].decision

    assert (one_slow(0), one_slow(300)) == ("regressed", "inconclusive")


def test_the_command_times_nothing(bench, write, no_workers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    old = write("old", a=1.0, b=1.0)
    sides = ("--pytest-benchmark", write("new", a=1.0, b=2.0), "--against", old)

    outcome = bench("gate", *sides, "--markdown", "found.md")
    assert outcome.code == 1
    assert "1 regressed, 1 pass" in outcome.out
    assert "| b | time | 1.00 s | 2.00 s | +100.00%" in (tmp_path / "found.md").read_text(encoding="utf-8")
    assert json.loads(bench("gate", *sides, "--json").out)["run"] is None
    # The project's own threshold and spread.
    (tmp_path / "pyproject.toml").write_text("[tool.alexnet-bench.gate]\nprocess-spread = '80%'\n", "utf-8")
    assert bench("gate", *sides).code == 0
    (tmp_path / "pyproject.toml").write_text("[tool.alexnet-bench.gate.thresholds]\ntime = false\n", "utf-8")
    assert bench("gate", *sides).code == 3


def test_a_threshold_of_a_benchmark_in_no_file_is_told(bench, write, tmp_path, monkeypatch):
    """It may be of other files, and a variant's has nothing to do with these."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    table = "[tool.alexnet-bench.gate.thresholds]\nsleepy = {time = '90%'}\nno-lrn = {training = '4%'}\n"
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    old, new = write("old", sleep=1.0), write("new", sleep=2.0)

    outcome = bench("gate", "--pytest-benchmark", new, "--against", old)
    assert outcome.code == 1
    assert "Warning: thresholds: unknown benchmark 'sleepy' (did you mean 'sleep'?)" in outcome.err
    assert "no-lrn" not in outcome.err


def test_what_pytest_benchmark_writes_can_be_read(tmp_path):
    (tmp_path / "test_sum.py").write_text(
        "def test_sum(benchmark):\n    benchmark.pedantic(sum, ([1] * 999,), rounds=5)\n", encoding="utf-8"
    )
    file = tmp_path / "found.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--benchmark-json={file}"]
    # Within one of several test processes, it would write nothing.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    subprocess.run([*command, "test_sum.py"], cwd=tmp_path, env=alone, check=True, capture_output=True)

    (timing,) = [read_timings(file)["test_sum.py::test_sum"]]
    assert timing.seconds > 0
    assert decided([file], [file])["test_sum.py::test_sum"].ratio == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "write one with --benchmark-json"),
        ("[]", "is no result of pytest-benchmark"),
        ('{"machine_info": {}, "benchmarks": []}', "holds no benchmark"),
    ],
)
def test_files_that_cannot_be_used(bench, write, tmp_path, no_workers, content, words):
    file = tmp_path / "given.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    outcome = bench("gate", "--pytest-benchmark", file, "--against", write("old", a=1.0))

    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


@pytest.mark.parametrize(
    "change",
    [
        *({"stats": {"rounds": rounds}} for rounds in (0, -1, 10**400, math.inf, True)),
        *({"stats": {"median": median}} for median in (0, -1.0, math.nan, math.inf, 10**400, True, "1")),
        *({"stats": {"iqr": iqr}} for iqr in (-1.0, math.nan, math.inf, None)),
        *({"fullname": name} for name in (5, None)),
        {"times": 2},
        {"nested": 100_000},
    ],
    ids=str,
)
def test_what_is_no_measurement_decides_nothing(bench, write, tmp_path, no_workers, change):
    stats = {"median": 2e-3, "iqr": 1e-5, "rounds": 9} | change.get("stats", {})
    benchmark = {"fullname": change.get("fullname", "a"), "stats": stats}
    content = json.dumps({"machine_info": {}, "benchmarks": [benchmark] * change.get("times", 1)})
    file = tmp_path / "given.json"
    file.write_text("[" * change["nested"] if "nested" in change else content, encoding="utf-8")

    outcome = bench("gate", "--pytest-benchmark", file, "--against", write("old", a=1.0))

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert str(file) in outcome.err


@pytest.mark.parametrize("described", [None, {}, {"cpu": None}])
def test_a_machine_that_is_not_described_and_a_byte_order_mark_are_read(tmp_path, described):
    stats = {"median": 2e-3, "iqr": 1e-5, "rounds": 9}
    benchmark = {"fullname": "a", "stats": stats, "extra_info": None}
    file = tmp_path / "given.json"
    content = json.dumps({"machine_info": described, "benchmarks": [benchmark]})
    file.write_text(f"\ufeff{content}", encoding="utf-8")

    assert read_timings(file)["a"].seconds == 2e-3
