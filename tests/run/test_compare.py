"""Two sides in one job, with real workers, on the smallest network."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from report_runs import draw, in_run, manifest, timing, write_run
from users_repository import git

import alexnet_bench
from alexnet_bench.errors import BenchError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run import compare as comparing
from alexnet_bench.run.code import ROOT, Code
from alexnet_bench.run.compare import compare
from alexnet_bench.run.local import Worker, Zygote
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side
from alexnet_bench.worker import protocol

ASKED = {
    "variants": "alexnet",
    "measure": "throughput",
    "mode": "training",
    "time_topology": "alexnet-8",
    "time_batch_size": 4,
    "budget": 1.0,
}
TYPED = ["--time-topology", "alexnet-8", "--time-batch-size", "4", "--mode", "training", "--budget", "1s"]


@pytest.fixture
def copied(tmp_path):
    """A copy of this project's code elsewhere."""
    shutil.copytree(Path(alexnet_bench.__file__).parent, tmp_path / "copy" / "alexnet_bench")
    if (ROOT / "ablations").is_dir():
        shutil.copytree(ROOT / "ablations", tmp_path / "copy" / "ablations")
    return tmp_path / "copy"


def two_sides(base):
    return {"base": Side(code=base, revision="before"), "head": Side(code=Code(), revision="now")}


def test_a_slower_block_is_seen_in_a_users_repository(bench, repository):
    folder = repository / "found"

    code, out, err = bench(
        "compare", "--base", "HEAD~1", "--variants", "plain", *TYPED, "--json", "--out", folder
    )

    assert (code, err) == (0, "")
    (row,) = json.loads(out)["comparisons"]
    assert (row["variant"], row["measure"]) == ("plain", "training throughput")
    assert row["effect"] < 0.8
    records = run_records(folder)
    assert {record.side for record in records} == {"base", "head"}
    assert len({record.fingerprint for record in records}) == 2
    assert {record.status for record in records} == {"ok"}
    kept = read_manifest(folder)
    revisions = kept.plan.sides
    assert (kept.plan.kind, set(revisions)) == ("comparison", {"base", "head"})
    assert revisions["head"] == kept.git_commit != revisions["base"]
    assert {record.git_commit for record in records if record.side == "base"} == {revisions["base"]}
    listed = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert len(listed.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to compare with; give --base or --base-python"),
        (["--base", "no-such"], "'no-such' is no revision of the repository"),
        (["--base-python", "/no/python"], "/no/python cannot be run"),
        (["one"], "give two run folders"),
        (["one", "two", "--base", "HEAD"], "give two run folders"),
        (["one", "two"], "holds no run.json"),
    ],
)
def test_what_cannot_be_compared_is_refused(bench, repository, arguments, words):
    code, out, err = bench("compare", *arguments, *TYPED)

    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_the_code_under_test_is_the_roots_and_the_loop_the_callers(copied, tmp_path):
    """The base's own loop would raise, and its network has another activation."""
    (copied / "alexnet_bench" / "worker" / "timing.py").write_text(
        "raise SystemExit('loop')\n", encoding="utf-8"
    )
    text = (copied / "alexnet_bench" / "network" / "parts.py").read_text(encoding="utf-8")
    changed = text.replace('keras.layers.Activation("relu"', 'keras.layers.Activation("gelu"')
    (copied / "alexnet_bench" / "network" / "parts.py").write_text(changed, encoding="utf-8")

    records = compare(Settings(**ASKED), two_sides(Code(root=copied)), tmp_path / "run", "here")

    base, head = ({row.fingerprint for row in records if row.side == side} for side in ("base", "head"))
    assert len(base) == len(head) == 1
    assert base != head
    assert {row.status for row in records} == {"ok"}
    assert {(row.side, row.git_commit) for row in records} == {("base", "before"), ("head", "now")}
    assert records == run_records(tmp_path / "run")


def worker_of(folder):
    """A worker of the code in a folder, which is given back if it settles."""
    with Zygote(folder / "workers.log", Code(root=folder)) as zygote:
        return Worker(zygote, threads=(1, 1), devices="cpu", device_count=1, deterministic=False)


def test_another_protocol_is_refused(copied):
    spoken = copied / "alexnet_bench" / "worker" / "protocol.py"
    spoken.write_text(
        spoken.read_text(encoding="utf-8").replace(f"VERSION = {protocol.VERSION}", "VERSION = 99")
    )

    with pytest.raises(BenchError, match=f"speaks protocol 99, its caller {protocol.VERSION}"):
        worker_of(copied)


def test_code_that_is_older_than_the_protocol_is_refused(copied):
    shutil.rmtree(copied / "alexnet_bench" / "worker")
    (copied / "alexnet_bench" / "worker.py").touch()

    with pytest.raises(BenchError, match="older than protocol"):
        worker_of(copied)


def test_another_interpreter_needs_no_more_than_tensorflow(tmp_path):
    """An interpreter in which the libraries that only reports need cannot be imported."""
    lacking = ["click", "pandas", "seaborn", "matplotlib", "scipy", "psutil", "jinja2", "pyarrow"]
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            import sys


            class Lacking:
                def find_spec(self, name, path=None, target=None):
                    if name.partition(".")[0] in {lacking}:
                        raise ImportError(name + " is not here")


            sys.meta_path.insert(0, Lacking())
            """
        ),
        encoding="utf-8",
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)

    records = compare(Settings(**ASKED), two_sides(Code(python=python)), tmp_path / "run", "here")

    assert {row.status for row in records} == {"ok"}
    assert {row.versions["tensorflow"] for row in records} == {records[0].versions["tensorflow"]}


def test_python_compares_as_the_command_does(repository, tmp_path, monkeypatch):
    rows = in_run([draw("plain", 0, [10.0]), draw("plain", 0, [20.0], side="base")])
    called = []
    monkeypatch.setattr(comparing, "compare", lambda *given, **how: called.append(given) or rows)

    found = alexnet_bench.compare(base="HEAD~1", out=tmp_path / "run", variants="plain", budget=1.0)

    ((settings, sides, folder, _),) = called
    assert (settings.variants, settings.measure, settings.budget) == ("plain", ("throughput",), 1.0)
    assert (list(sides), folder) == (["base", "head"], tmp_path / "run")
    assert (found["variant"][0], found["effect"][0]) == ("plain", pytest.approx(0.5))


def test_a_comparison_is_no_run_that_could_go_on(bench, tmp_path):
    """Nor one that could be held against another."""
    write_run(tmp_path / "run", timing(), manifest(kind="comparison"))

    for arguments in (["run", "--resume", tmp_path / "run"], ["compare", tmp_path / "run", tmp_path / "run"]):
        code, _, err = bench(*arguments)
        assert code == 2
        assert "comparison" in err or "the same run" in err


def test_a_repository_of_which_nothing_would_be_timed_is_refused_and_what_is_none(
    bench, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, _, err = bench("compare", "--base", "HEAD")
    assert (code, "--base needs a git repository" in err) == (2, True)

    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "nothing")
    code, _, err = bench("compare", "--base", "HEAD")
    assert (code, "has no folder ablations" in err) == (2, True)


def test_an_interpreter_that_is_none_says_what_it_said(bench, tmp_path):
    """And not what TensorFlow logged on the other side."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho I am no Python >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)

    code, _, err = bench("compare", "--base-python", python, *TYPED, "--out", tmp_path / "run")

    assert code == 3
    assert err.strip().endswith(f"Error: base: workers cannot be started with {python}: I am no Python")
