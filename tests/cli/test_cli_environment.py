"""No terminal, pipe, locale or variable ends a command in a traceback, and no name acts on a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from report_runs import accuracy, failed_trial, manifest, write_run

from alexnet_bench.cli.progress import Progress

BENCH = [sys.executable, "-c", "from alexnet_bench.cli import main; main()"]
NASTY = "a[red]b:smile:\x1b[31mc\u202ed\x07\x9b"
SHOWN = r"a[red]b:smile:\x1b[31mc\u202ed\x07\x9b"


def typed(*arguments, **options):
    """Run the command in a process of its own."""
    environment = os.environ | options.pop("environment", {})
    return subprocess.run([*BENCH, *arguments], env=environment, **options)


# -- the streams


def test_a_reader_that_goes_away_ends_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = typed("list", "--json", stdout=closed, stderr=subprocess.PIPE)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_one_line():
    with Path("/dev/full").open("wb") as full:
        done = typed("list", stdout=full, stderr=subprocess.PIPE, text=True)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "Error: standard output cannot be written (No space left on device); what it lacks is lost"
    ]


def test_streams_that_are_closed_take_nothing_in():
    code = f"import os, subprocess\nos.close(1)\nos.close(2)\nos._exit(subprocess.call({[*BENCH, 'list']}))"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_code_is_not_lost_where_python_would_go_on_at_a_prompt():
    done = typed("show", "nothing", environment={"PYTHONINSPECT": "1"}, stdin=subprocess.DEVNULL)

    assert done.returncode == 2


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONWARNINGS": "error", "LANGUAGE": "de", "LANG": "xx_XX.nonsense"},
    ],
    ids=" ".join,
)
def test_a_terminal_that_lacks_characters_gets_others(environment):
    done = typed("show", "no-lrn", "--ablations", "ä ", environment=environment, capture_output=True, cwd="/")
    listed = typed("list", environment=environment, capture_output=True)

    assert done.returncode == 2
    assert b" is not a folder" in done.stderr
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert b"8 \\xd7 8" in listed.stdout or "8 × 8".encode() in listed.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("COLUMNS", value) for value in ("", "0", "1", "-5", "²", "many", "9" * 5000, "80")),
        *(("TERM", value) for value in ("", "dumb", "nonsense")),
        ("LINES", "0"),
        ("NO_COLOR", "1"),
        ("FORCE_COLOR", "1"),
        ("TTY_COMPATIBLE", "1"),
    ],
)
def test_whatever_a_terminal_is_said_to_be_the_table_is_there(bench, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    code, out, err = bench("show", "no-lrn")

    assert (code, err) == (0, "")
    assert all(word in out for word in ("conv1", "55x55x96", "34,944", "105.4"))


@pytest.mark.parametrize("missing", ["HOME", "TMPDIR", "PATH", "USER"])
def test_a_variable_that_is_missing_is_not_missed(bench, monkeypatch, missing):
    monkeypatch.delenv(missing, raising=False)

    assert bench("list").code == 0


def test_a_warning_of_a_library_is_no_error(bench, monkeypatch):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert bench("list").code == 0


# -- names and messages


def test_what_is_typed_acts_on_no_terminal(bench, tmp_path):
    for arguments in (
        [NASTY],
        ["show", NASTY],
        ["run", "--variants", NASTY],
        ["run", "--dataset", NASTY],
        ["run", "--preset", NASTY],
        ["run", "--seeds", NASTY],
        ["run", f"--{NASTY}"],
        ["list", "--ablations", tmp_path / NASTY],
        ["report", tmp_path / NASTY],
    ):
        code, out, err = bench(*arguments)

        assert (code, out) == (2, "")
        assert not set(err) & set("\x1b\u202e\x07\x9b")


def test_names_and_messages_of_ablation_files_act_on_no_terminal(bench, write_ablations):
    folder = write_ablations({"mine.py": f"raise ValueError({NASTY!r} + '\\n' + {NASTY!r})"})

    code, out, err = bench("list", "--ablations", folder)

    assert (code, out) == (2, "")
    assert err == f"Error: {folder / 'mine.py'}: ValueError: {SHOWN}\\n{SHOWN}\n"


def test_a_report_of_names_and_messages_holds_no_control_character(bench, tmp_path):
    failed = failed_trial("no-lrn", 2, error=NASTY)
    plan = manifest(dataset=NASTY, control="alexnet")
    run = write_run(tmp_path / "run", [*accuracy(), failed], msgspec.structs.replace(plan, command=NASTY))

    assert bench("report", run).code == 0

    for name in ("index.html", "report.md"):
        text = (run / "report" / name).read_text(encoding="utf-8")
        assert not set(text) & set("\x1b\u202e\x07\x9b")
        assert r"c\u202ed" in text.replace("\\\\", "\\")


def test_the_first_line_says_what_is_begun(capsys):
    with Progress() as progress:
        progress.planned(0, 9, 1)
        progress.planned(0, 3, 0)
    with Progress() as progress:
        progress.planned(0, 0, 0)

    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Starting workers for 1 draw and 9 trials.", "Nothing is left to do."]


def test_progress_prints_names_and_messages_as_they_are(capsys):
    with Progress() as progress:
        progress.recorded(failed_trial("a[red]b[/nonsense]:smile:", 1, error=f"{NASTY}[/]"))
        progress.recorded(accuracy(["a[red]b[/nonsense]:smile:"])[0])
        progress.stopped(NASTY)

    err = capsys.readouterr().err
    assert err.count("a[red]b[/nonsense]:smile:") == 2
    assert err.count(SHOWN) == 2
