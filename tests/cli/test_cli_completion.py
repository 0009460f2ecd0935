"""What a shell is told when Tab is pressed; the script for bash is run by bash."""

import shutil
import subprocess
import sys

import pytest
from report_runs import accuracy, manifest, write_run

from alexnet_bench.cli import completion
from alexnet_bench.cli.group import bench as program
from alexnet_bench.network.registry import load_registry

BREAKS = " \t\n\"'@><=;|&(:"


@pytest.fixture
def offered(capsys, monkeypatch, tmp_path):
    """What bash is offered for a line: its answer's words, or kinds of files."""
    monkeypatch.chdir(tmp_path)

    def call(line):
        monkeypatch.setenv(completion.VARIABLE, "bash_complete")
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_WORDBREAKS", BREAKS)
        completion.completed(program, "bench")
        out, err = capsys.readouterr()
        assert err == ""
        return [answer.partition(",")[2] for answer in out.splitlines() if answer]

    return call


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bench r", ["run", "report"]),
        ("bench run --var", ["--variants"]),
        ("bench run --variants no-lr", ["no-lrn"]),
        ("bench run --variants @lrn-", ["@lrn-placebo", "@lrn-order"]),
        ("bench run --variants=@lrn-p", ["@lrn-placebo"]),
        ("bench run --variants alexnet,no-lr", ["alexnet,no-lrn"]),
        ("bench run --variants alexnet,@lrn-p", ["@lrn-placebo"]),
        ("bench gate --variants no-lrn+gel", ["no-lrn+gelu"]),
        ("bench compare --variants al", ["alexnet", "alexnet-2012", "all"]),
        ("bench run --control averaged", ["averaged-lrn"]),
        ("bench show non", ["non-overlapping-pooling"]),
        ("bench show --topology four", ["four-layer-32"]),
        ("bench run --time-topology=four", ["four-layer-32"]),
        ("bench run --dataset f", ["fashion-mnist", "folder:", "folds:"]),
        ("bench run --recipe note", ["notebook"]),
        ("bench run --measure accuracy,t", ["accuracy,throughput"]),
        ("bench run --precision float32,mixed_b", ["float32,mixed_bfloat16"]),
        ("bench gate --mode i", ["inference"]),
        ("bench fit di", ["digits"]),
        ("bench fit digits --variants tanh,no-lr", ["tanh,no-lrn"]),
        ("bench profile no-lr", ["no-lrn"]),
        ("bench profile alexnet --topology four", ["four-layer-32"]),
        ("bench show nothing-like-it", []),
        ("bench show 'un", []),
        ("bench runn --variants ", []),
        ("bench run --variants alexnet --ablations nowhere --control ", []),
    ],
)
def test_names_are_offered_that_begin_with_what_is_typed(offered, line, words):
    assert offered(line) == words


def test_every_variant_and_ablation_is_offered(offered):
    registry = load_registry()
    found = offered("bench run --variants ")

    assert {*registry.variants, *(f"@{name}" for name in registry.ablations)} < set(found)


def test_variants_of_a_users_own_are_offered(offered, write_ablations):
    file = """
        from alexnet_bench import ALEXNET, Ablation
        ABLATION = Ablation(name="mine", factor="dropout", control=ALEXNET,
                            arms=[ALEXNET.but("mine-own", dropout=0.1)])
        """
    folder = write_ablations({"mine.py": file})

    assert offered(f"bench run --ablations {folder} --variants alexnet,mine") == ["alexnet,mine-own"]
    assert offered(f"bench run --ablations {folder} --variants @mi") == ["@mine"]


def test_runs_are_offered_by_their_name_or_their_folder(offered, tmp_path):
    for name in ("results/runs/lrn", "results/runs/old", "elsewhere/mine"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_run(tmp_path / name, accuracy(), manifest("run"))
    (tmp_path / "results" / "runs" / "empty").mkdir()

    assert offered("bench report lr") == ["results/runs/lrn"]
    assert offered("bench run --resume ") == [
        "results/runs/old",
        "results/runs/lrn",
        "elsewhere/",
        "results/",
    ]
    assert offered("bench claims results/runs/old else") == ["elsewhere/"]
    assert offered("bench compare elsewhere/") == ["elsewhere/mine"]


def test_a_folder_of_images_is_offered(offered, tmp_path):
    (tmp_path / "photographs").mkdir()

    assert offered("bench run --dataset folder:pho") == ["photographs/"]
    assert offered("bench run --dataset digits:pho") == []


def test_nothing_heavy_is_imported_to_offer_names():
    code = (
        "import os, sys; os.environ.update(_BENCH_COMPLETE='bash_complete', "
        f"COMP_LINE='bench run --variants no-', COMP_WORDBREAKS={BREAKS!r})\n"
        "from alexnet_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(sys.modules.keys() & {'tensorflow', 'keras', 'pandas', 'rich', 'scipy'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "plain,no-lrn" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_puts_the_words_into_what_it_completes(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv(completion.VARIABLE, "bash_source")
    assert completion.completed(program, "bench") == 0
    script = capsys.readouterr().out
    command = tmp_path / "bench"
    command.write_text(f"#!{sys.executable}\nfrom alexnet_bench.cli import main\nmain()\n")
    command.chmod(0o755)
    lines = f"""
        PATH={tmp_path}:$PATH
        {script}
        compopt() {{ echo "compopt $*"; }}
        COMP_LINE='bench run --variants alexnet,@lrn-p and what follows'; COMP_POINT=35
        _bench_completion bench
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """
    done = subprocess.run(["bash", "--norc", "-c", lines], capture_output=True, text=True, cwd=tmp_path)

    assert (done.stdout, done.stderr) == ("@lrn-placebo\n", "")
