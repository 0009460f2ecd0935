"""What nobody foresaw leaves with a code of its own, one line, and a file to report it with."""

import re
from pathlib import Path

import pytest

from alexnet_bench.cli.group import FAULT
from alexnet_bench.network import registry
from alexnet_bench.run import run

ERRORS = [
    ZeroDivisionError("division by zero"),
    KeyError("two\nlines, \x1b[31mred"),
    EOFError("the end of some file"),
    BrokenPipeError(32, "Broken pipe"),
    OSError(28, "No space left on device"),
    SystemExit(1),
    SystemExit(0),
    RecursionError(),
]


def failing(error):
    def fail(*arguments, **options):
        raise error

    return fail


def written_down(outcome):
    """The file that the one line of an outcome names."""
    assert outcome.code == FAULT == 4
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("Error: ")
    assert "\x1b" not in outcome.err
    assert "Traceback" not in outcome.err
    return Path(re.search(r"please report it with (\S+)$", outcome.err.rstrip())[1])


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__}{error.args[:1]}")
def test_an_uncaught_error_is_written_down(bench, monkeypatch, tmp_path, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(registry, "load_registry", failing(error))
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("SECRET_TOKEN", "mine")

    outcome = bench("list")
    file = written_down(outcome)

    assert type(error).__name__ in outcome.err
    assert file.parent == tmp_path
    text = file.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "test_cli_faults.py" in text
    assert "alexnet-bench 0" in text
    assert "'cores'" in text
    assert "MPLBACKEND=nonsense" in text
    assert "mine" not in text


def test_in_a_run_it_is_written_into_the_runs_folder(bench, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "continue_run", failing(ValueError("what is this")))

    outcome = bench("run", "--variants", "alexnet", "--measure", "accuracy", "--out", tmp_path / "run")

    assert written_down(outcome).parent == tmp_path / "run"
    assert "ValueError: what is this. This is a fault of alexnet-bench" in outcome.err


def test_where_nothing_can_be_written_the_traceback_is_printed(bench, monkeypatch):
    monkeypatch.setattr("tempfile.mkstemp", failing(OSError(28, "No space left on device")))
    monkeypatch.setattr(registry, "load_registry", failing(ValueError("what is this")))

    code, out, err = bench("list")

    assert (code, out) == (FAULT, "")
    assert "Traceback" in err
    assert err.splitlines()[-1].endswith("please report it with the lines above")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), KeyboardInterrupt("now")])
def test_an_interruption_is_no_fault(bench, monkeypatch, error):
    monkeypatch.setattr(registry, "load_registry", failing(error))

    code, _, err = bench("list")

    assert code == 130
    assert err.strip() == "Interrupted."
