"""With which code `bench gate` leaves, from records that are made up."""

import pytest
from report_runs import CRASHED, draw

import alexnet_bench
from alexnet_bench.run import compare as comparing


@pytest.fixture
def gate(bench, repository, no_workers, monkeypatch):
    """Call the gate on draws of the base and a head of these rates."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def call(head, *arguments, draws=8, **changes):
        rows = [
            draw("alexnet", number, [rate, rate * (1 + 0.001 * (number % slow))], side=side, **ALIKE | how)
            for number in range(draws)
            for side, rate, slow, how in (("base", 100.0, 3, OF_BASE), ("head", head, 2, changes))
        ]

        def compare(settings, *given, **how):
            call.timed = settings, how
            return rows

        monkeypatch.setattr(comparing, "compare", compare)
        return bench("gate", "--base", "HEAD~1", *arguments)

    return call


ALIKE = {"peak_memory_bytes": 2**28, "compile_seconds": 1.5}
OF_BASE = {}


@pytest.mark.parametrize(
    ("head", "arguments", "changes", "code", "words"),
    [
        (100.0, [], {}, 0, "3 pass"),
        (90.0, [], {}, 1, "1 regressed, 2 pass"),
        (90.0, ["--strict"], {}, 1, "1 regressed"),
        (110.0, [], {}, 0, "1 improved, 2 pass"),
        (90.0, [], {"draws": 3}, 0, "3 inconclusive"),
        (90.0, ["--strict"], {"draws": 3}, 3, "3 inconclusive"),
        (100.0, [], CRASHED, 1, "3 regressed"),
        (100.0, ["--strict"], CRASHED, 1, "3 regressed"),
    ],
)
def test_the_exit_code_tells_the_gravest_decision(gate, head, arguments, changes, code, words):
    outcome = gate(head, *arguments, **changes)

    assert outcome.code == code
    assert words in " ".join(outcome.out.split())
    assert bool(outcome.err) == (changes == CRASHED or "inconclusive" in words)


def test_the_level_of_false_alarms_is_the_projects(gate, repository):
    assert gate(90.0, draws=4).code == 1

    (repository / "pyproject.toml").write_text("[tool.alexnet-bench.gate]\nfalse-alarms = 1e-12\n", "utf-8")
    assert "inconclusive" in gate(90.0, draws=4).out


def test_quick_is_small_but_for_what_is_asked(gate):
    gate(98.0, "--quick", "--time-batch-size", "64")

    settings, how = gate.timed
    assert (settings.time_topology, settings.time_batch_size) == ("alexnet-32", (64,))
    assert settings.mode == ("training",)
    assert how["effort"](settings).budget_seconds < 60
    assert "2.0%" in gate(98.0).out and "3.0%" in gate(98.0, "--quick").out


def test_it_is_timed_until_every_loss_is_ruled_out(gate):
    gate(100.0)
    settings, how = gate.timed

    def known(draws, **changes):
        head, base = (
            [draw("alexnet", number, [100.0], side=side, **ALIKE | changes) for number in range(draws)]
            for side in ("head", "base")
        )
        return how["is_known"](head, base)

    assert how["effort"](settings).budget_seconds == 120
    assert (known(3), known(4)) == (False, True)
    # What no further draw can tell is not waited for.
    assert known(4, compile_seconds=None)


@pytest.mark.parametrize(
    ("arguments", "topology", "budget"), [(["--quick"], "alexnet-32", 45), ([], "alexnet-227", 300)]
)
def test_the_projects_settings_are_as_if_they_were_typed_but_for_what_makes_quick_quick(
    gate, repository, arguments, topology, budget
):
    table = "[tool.alexnet-bench.gate]\nbudget = 300\ntime-topology = 'alexnet-227'\n"
    (repository / "pyproject.toml").write_text(table, encoding="utf-8")
    gate(100.0, *arguments)

    settings, how = gate.timed
    assert (settings.time_topology, how["effort"](settings).budget_seconds) == (topology, budget)


def test_what_cannot_be_told_says_why_whatever_else_was_found(gate):
    crashed = gate(100.0, **CRASHED | {"error": "boom: layer X"})
    assert crashed.code == 1
    assert "training throughput: regressed: head: crashed: boom: layer X" in crashed.err
    assert "nothing could be measured" in crashed.err
    slower = gate(90.0, compile_seconds=None)
    assert slower.code == 1
    assert "start-up time: not comparable: head does not record its start-up time" in slower.err


def test_a_base_that_failed_is_a_warning_and_where_head_failed_too_nothing_was_measured(gate, monkeypatch):
    monkeypatch.setattr("test_gate_exit_codes.OF_BASE", CRASHED)

    outcome = gate(100.0)
    assert (outcome.code, gate(100.0, "--strict").code) == (0, 3)
    assert "base: crashed: no" in outcome.err
    assert (gate(100.0, **CRASHED).code, gate(100.0, "--strict", **CRASHED).code) == (3, 3)


@pytest.mark.parametrize("option", ["--markdown", "--junit", "--github-benchmark", "--bencher", "--history"])
def test_a_file_that_cannot_be_written_hides_no_regression_and_no_other_file(gate, repository, option):
    (repository / "file").touch()
    others = ("--markdown", "new/folder/a.md") if option != "--markdown" else ("--junit", "new/a.xml")

    slower = gate(90.0, option, "file/a", *others)
    same = gate(100.0, option, "file/a")

    assert (slower.code, same.code) == (1, 2)
    assert "1 regressed" in slower.out
    assert "Error: file/a cannot be written" in slower.err.replace("opened", "written")
    assert (repository / others[1]).exists()
    assert (repository / "results" / "history.jsonl").exists() == (option != "--history")


@pytest.mark.parametrize(("head", "code"), [(90.0, 1), (100.0, 0)])
def test_what_nobody_asked_for_may_fail(gate, repository, monkeypatch, head, code):
    """A job's summary, and the history where it is kept by default."""
    (repository / "results").touch()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "missing" / "summary.md"))

    outcome = gate(head, "--out", "elsewhere")

    assert outcome.code == code
    assert "Warning: " in outcome.err and "summary.md cannot be written" in outcome.err
    assert "results/history.jsonl" in outcome.err
    assert "Error" not in outcome.err
    assert not (repository / "missing").exists()


def test_python_decides_as_the_command_does(gate, tmp_path):
    gate(95.0)

    found = alexnet_bench.gate(base="HEAD~1", out=tmp_path / "run", thresholds={"memory": False})

    decided = dict(zip(found["quantity"], found["decision"], strict=True))
    assert decided == {"training": "regressed", "start-up": "pass"}
    settings, how = gate.timed
    assert settings.measure == ("throughput",)
    assert how["effort"](settings).budget_seconds == 120


@pytest.mark.parametrize("option", ["--markdown", "--junit", "--github-benchmark", "--bencher"])
def test_files_are_written_for_others(gate, tmp_path, option):
    gate(100.0, option, tmp_path / "file")

    assert (tmp_path / "file").stat().st_size > 50


def test_a_subfolder_is_gated_as_the_project_is(gate, repository, bench, monkeypatch):
    table = "[tool.alexnet-bench.gate]\nvariants = ['plain']\nhistory = 'kept.jsonl'\n"
    (repository / "pyproject.toml").write_text(table, encoding="utf-8")
    (repository / "src").mkdir()
    monkeypatch.chdir(repository / "src")

    outcome = gate(100.0, "--junit", "gate.xml")

    settings, _ = gate.timed
    assert settings.variants == "plain"
    assert settings.ablations == (str(repository / "ablations"),)
    assert f"Records: {repository}/results/runs/" in outcome.out
    assert {file.name for file in (repository / "src").iterdir()} == {"gate.xml"}
    assert (repository / "kept.jsonl").exists()
    assert bench("history").code == 0
    assert {file.name for file in (repository / "src").iterdir()} == {"gate.xml"}


def test_names_with_control_characters_reach_no_terminal(gate):
    outcome = gate(100.0, **CRASHED | {"error": "\x1b[2Jgone\x07\nsecond line"})

    assert r"head: crashed: \x1b[2Jgone\x07\nsecond line" in outcome.err
    assert "\x1b" not in outcome.out + outcome.err
