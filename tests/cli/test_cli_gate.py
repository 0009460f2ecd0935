"""`bench gate`: what its settings may be in every mode, and what it writes; nothing is timed."""

import json

import pytest


@pytest.fixture
def gate(bench, tmp_path, monkeypatch, no_workers):
    """Gate files of pytest-benchmark under these settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    for name, seconds in (("new.json", 1.3), ("old.json", 1.0)):
        found = [
            {"fullname": f"t.py::{test}", "stats": {"median": seconds, "iqr": 0, "rounds": 9}}
            for test in "ab"
        ]
        content = {"machine_info": {}, "benchmarks": found[: 2 if seconds > 1 else 1]}
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")

    def call(*arguments, settings=""):
        (tmp_path / "pyproject.toml").write_text(f"[tool.alexnet-bench.gate]\n{settings}\n", encoding="utf-8")
        return bench("gate", "--pytest-benchmark", "new.json", "--against", "old.json", *arguments)

    return call


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("budget = 'long'", "budget: 'long' is no time such as 90s, 10m or 2h"),
        ("budget = nan", "budget: 'nan' is no time such as 90s, 10m or 2h"),
        ("budget = 0", "budget is 0; it must be more than 0"),
        ("time-threads = '2'", "time-threads: '2' is no pair of thread counts such as 1x2"),
        ("time-batch-size = [16, 0]", "time batch size is 0; it must be at least 1"),
        ("devices = 'tpu'", "devices: 'tpu' is not one of 'auto', 'cpu', 'gpu'."),
        ("mode = ['both']", "unknown mode 'both'; choose from: inference, training"),
        ("time-topology = 'alexnet'", "unknown topology 'alexnet' (did you mean 'alexnet-8'?); choose from"),
        ("strict = 1", "strict is 1; it must be true or false"),
        ("variants = []", "variants is []; it must be what would be typed after --variants, as text"),
        ("base = 5", "base is 5; it must be what would be typed after --base, as text"),
        ("baseline = 5", "baseline is 5; it must be what would be typed after --baseline, as text"),
        ("history = ''", "history is ''; it must be what would be typed after --history, as text"),
        ("thresholds = {'t.py::a' = {training = 0.05}}", "thresholds: t.py::a: unknown gated quantity"),
        ("thresholds = {'t.py::a' = 5}", "thresholds: t.py::a is 5; for a variant or benchmark it must be a"),
        (
            "thresholds = {time = '150%'}",
            "thresholds: time is '150%'; it must be a share such as '2%', below",
        ),
        ("thresholds = {'t.py::a' = {time = 0}}", "thresholds: t.py::a: time is 0; it must be a share"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line_in_every_mode(gate, bench, settings, words):
    refused = gate(settings=settings)

    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"Error: pyproject.toml, [tool.alexnet-bench.gate]: {words}")
    assert refused.err.count("\n") == 1
    assert bench("gate") == bench("gate", "--budget", "5m", "--base", "main") == refused


def test_what_is_switched_off_is_said_where_nothing_is_left(gate):
    code, _, err = gate(settings="thresholds = {time = false}")

    where = "pyproject.toml, [tool.alexnet-bench.gate]"
    assert (code, err) == (3, f"Warning: {where}: nothing is left to gate: thresholds switch off time\n")
    each = "thresholds = {'t.py::a' = {time = false}, 't.py::b' = {time = false}}"
    assert "thresholds switch off time of t.py::a and time of t.py::b\n" in gate(settings=each).err
    assert "switch" not in gate(settings="thresholds = {'t.py::b' = {time = false}}").err


def test_a_file_in_a_folders_place_is_called_so(gate):
    code, out, err = gate("--junit", "new.json/x")

    assert (code, "1 regressed" in out) == (1, True)
    assert err.endswith("Error: new.json/x cannot be written: new.json is a file, not a folder\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--junit", "a", "--markdown", "./a"], "--junit and --markdown are the same file"),
        (["--bencher", "old.json"], "--bencher and what is gated are the same file"),
    ],
)
def test_two_things_in_one_file_are_refused(gate, arguments, words):
    code, out, err = gate(*arguments)

    assert (code, out) == (2, "")
    assert words in err


def test_the_table_fits_a_narrow_terminal(gate):
    lines = gate().out.splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["t.py::a", "time", "+30.00%", "15.0%", "2", "regressed"]
    assert lines[2].strip() == "[+19.63%, +41.27%]"
