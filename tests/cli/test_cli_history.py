"""`bench history`: tables, figures and warnings, and the rows that `bench gate` adds for it."""

import json
import sys
from pathlib import Path

import pytest
from history_rows import commit, row, speeds, write
from report_runs import draw

from alexnet_bench.records.history import COLUMNS, read_history
from alexnet_bench.run import compare as comparing


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """The folder that a command is typed in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


def written(rows):
    return write(Path("h.jsonl"), rows)


@pytest.fixture
def slower(workplace):
    """A history that lost 6% five entries ago in training, and nothing in inference."""
    training, inference = speeds(40, step=0.06, at=35), speeds(40, seed=1)
    rows = [row(number, speed) for number, speed in enumerate(training)]
    return written(rows + [row(number, speed, mode="inference") for number, speed in enumerate(inference)])


def test_a_table_a_figure_and_a_warning(bench, slower, workplace):
    code, out, err = bench("history", slower)

    words = " ".join(out.split())
    assert code == 0
    assert "AMD EPYC, 2 threads (2x2), one-device; alexnet-32, batch 128, float32" in words
    assert "alexnet training 40" in words and "alexnet inference 40" in words
    assert words.count(f"{commit(34)} to {commit(35)}") == 1
    assert err.startswith("Warning: alexnet, training: −")
    assert err.count("\n") == 1
    for ending in ("png", "svg"):
        assert (workplace / "results" / "history" / f"history.{ending}").stat().st_size > 1000
    assert commit(35) in (workplace / "results" / "history" / "history.svg").read_text(encoding="utf-8")


def test_strict_makes_a_warning_a_finding(bench, slower):
    assert bench("history", slower, "--strict").code == 1

    code, _, err = bench("history", written(row(n, speed) for n, speed in enumerate(speeds(40))), "--strict")
    assert (code, err) == (0, "")


def test_gates_that_add_up_are_warned_of(bench, workplace):
    file = written(row(number, ratio=0.995) for number in range(1, 13))

    code, _, err = bench("history", file)
    assert code == 0
    assert f"since {commit(0)}: 12 gates up to {commit(12)} add up to it, and none found it" in err

    (workplace / "pyproject.toml").write_text(
        '[tool.alexnet-bench.gate.thresholds]\ntraining = "10%"\n', encoding="utf-8"
    )
    assert bench("history", file).err == ""


def test_as_json(bench, slower):
    code, out, _ = bench("history", slower, "--json", "--out", "charts")

    found = json.loads(out)
    training, inference = found["series"]
    assert code == 0
    assert found["figure"] == "charts/history.png"
    assert (training["mode"], training["entries"], training["trend_loss"]) == ("training", 40, None)
    (change,) = training["changes"]
    assert (change["since"], change["until"], change["is_news"]) == (commit(34), commit(35), True)
    assert change["low"] < change["ratio"] < change["high"] < 1
    assert len(training["warnings"]) == 1
    assert inference["changes"] == inference["warnings"] == []


def test_a_level_too_short_for_an_interval_has_none(bench):
    rows = [row(number, speed) for number, speed in enumerate(speeds(30, step=0.3, at=27))]
    _, out, _ = bench("history", written(rows), "--json")

    (change,) = json.loads(out)["series"][0]["changes"]
    assert (change["low"], change["high"]) == (None, None)
    assert change["ratio"] == pytest.approx(0.7, rel=0.02)


def test_a_row_of_before_a_column_was_there(bench):
    required = {column.name for column in COLUMNS if column.required}
    assert bench("history", written([{name: row(0, 1.0)[name] for name in required}] * 3)).code == 0


def test_few_entries_without_a_yardstick_have_no_figure(bench, workplace):
    code, out, err = bench("history", written([row(0, None)]))

    assert (code, err) == (0, "")
    assert "No figure" in out
    assert list((workplace / "results" / "history").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "results/history.jsonl does not exist; `bench gate` writes one"),
        ("{}\n", "line 1: Object missing required field"),
    ],
)
def test_what_cannot_be_read_is_one_line(bench, workplace, text, words):
    if text is not None:
        (workplace / "results").mkdir()
        (workplace / "results" / "history.jsonl").write_text(text)
    code, out, err = bench("history")

    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_what_hinders_a_figure_is_one_line(bench, slower, monkeypatch):
    code, _, err = bench("history", slower, "--out", slower / "charts")
    assert code == 2
    assert "cannot be written" in err and "--out" in err

    monkeypatch.setitem(sys.modules, "ruptures", None)
    code, out, err = bench("history", slower)
    assert (code, out) == (2, "")
    assert 'pip install "alexnet-bench[history]"' in err
    assert err.count("\n") == 1


# -- the gate's part


@pytest.fixture
def gate(bench, repository, no_workers, monkeypatch):
    """Call the gate on draws that are made up."""

    def call(*arguments):
        rows = [
            draw("alexnet", number, [100.0, 100.0 + 0.1 * (number % odd)], side=side, git_commit=side)
            for number in range(8)
            for side, odd in (("base", 3), ("head", 2))
        ]
        monkeypatch.setattr(comparing, "compare", lambda *given, **how: rows)
        return bench("gate", "--base", "HEAD~1", *arguments)

    call.folder = repository
    return call


def test_every_gate_adds_a_row(gate):
    assert [gate().code, gate().code] == [0, 0]

    found = read_history(gate.folder / "results" / "history.jsonl")
    assert [(item.commit, item.base, item.decision) for item in found] == [("head", "base", "pass")] * 2


def test_the_file_is_the_options_or_the_projects(bench, gate):
    (gate.folder / "pyproject.toml").write_text(
        '[tool.alexnet-bench.gate]\nhistory = "kept.jsonl"\n', "utf-8"
    )
    gate()
    gate("--history", "typed.jsonl")
    assert bench("history").code == 0

    assert [len(read_history(gate.folder / name)) for name in ("kept.jsonl", "typed.jsonl")] == [1, 1]
    assert not (gate.folder / "results" / "history.jsonl").exists()


def test_a_history_that_cannot_be_written_does_not_lose_the_decision(gate):
    (gate.folder / "file").touch()
    code, out, err = gate("--history", "file/h.jsonl")

    assert code == 2
    assert "pass" in out
    assert err.splitlines()[-1].startswith("Error: file/h.jsonl cannot be written")
