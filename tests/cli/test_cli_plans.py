"""`bench list`, `bench show` and `bench run --dry-run`: what there is, and what would be done."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image
from users_repository import BLOCK

from alexnet_bench.data import DATASETS
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import TOPOLOGIES
from alexnet_bench.run.settings import FOUR_QUESTIONS

REGISTRY = load_registry()


@pytest.fixture(scope="module")
def mine(write_ablations):
    """A folder with one ablation of one arm."""
    return write_ablations({"mine.py": BLOCK})


def as_json(outcome):
    """What a command printed, which must be JSON and nothing else."""
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def words(text):
    """A table without its padding and line breaks."""
    return " ".join(text.split())


# -- list


def test_list_shows_everything_that_can_be_named(bench):
    listed = as_json(bench("list", "--json"))

    assert list(listed["variants"]) == list(REGISTRY.variants)
    assert list(listed["ablations"]) == [f"@{name}" for name in REGISTRY.ablations]
    assert list(listed["datasets"]) == [description.spec for description in DATASETS.values()]
    assert list(listed["topologies"]) == list(TOPOLOGIES)
    assert list(listed["recipes"]) == list(RECIPES)
    assert listed["variants"]["no-lrn"] == "normalization none"
    assert listed["ablations"]["@lrn"] == "no-lrn against lrn"
    code, out, err = bench("list")
    assert (code, err) == (0, "")
    assert all(f"{name} {about}" in words(out) for rows in listed.values() for name, about in rows.items())


def test_a_users_ablations_are_listed_and_shown(bench, mine):
    listed = as_json(bench("list", "--json", "--ablations", mine))
    shown = as_json(bench("show", "plain", "--json", "--ablations", mine, "--classes", 10))

    assert listed["variants"]["plain"] == shown["difference"] == "activation plain"
    assert listed["ablations"]["@mine"] == "plain against alexnet"
    assert shown["layers"][-1]["shape"] == [10]


def test_list_works_as_a_program():
    command = [Path(sys.executable).parent / "bench", "list", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "no-lrn" in json.loads(done.stdout)["variants"]


# -- show


@pytest.mark.parametrize(
    ("variant", "parameters", "macs"),
    [("alexnet", 60_965_224, 724_406_816), ("notebook", 62_378_344, 1_135_256_096)],
)
def test_show_counts_the_papers_network_and_the_notebooks(bench, variant, parameters, macs):
    shown = as_json(bench("show", variant, "--json"))

    assert (shown["parameters"], shown["macs"]) == (parameters, macs)
    assert shown["parameters"] == sum(layer["parameters"] for layer in shown["layers"])
    assert shown["macs"] == sum(layer["macs"] for layer in shown["layers"])
    assert [layer["shape"] for layer in shown["layers"] if layer["name"] == "conv1"] == [[55, 55, 96]]


def test_show_says_how_a_variant_differs(bench):
    assert words(bench("show", "no-lrn", "--topology", "18pct")[1]).startswith(
        "no-lrn at 18pct: normalization none"
    )


def test_show_prints_a_row_a_layer_and_the_totals(bench):
    code, out, err = bench("show", "alexnet")

    assert (code, err) == (0, "")
    lines = [words(line) for line in out.splitlines()]
    assert lines[0] == "alexnet at alexnet-227"
    assert "conv1 11x11/4 valid, 2 towers that see both 55x55x96 34,944 105.4" in lines
    assert "conv2 5x5/1 same, 2 towers 27x27x256 307,456 223.9" in lines
    assert "normalization1 lrn 55x55x96" in lines
    assert "dropout6 drops 0.5 4096" in lines
    assert lines[-1] == "total 60,965,224 724.4"


def test_show_says_how_a_sum_differs(bench):
    code, out, _ = bench("show", "no-lrn+tanh", "--topology", "alexnet-8", "--classes", 7, "--channels", 1)

    assert code == 0
    assert out.startswith("no-lrn+tanh at alexnet-8: normalization none, activation tanh")
    assert "lrn " not in out.split("\n", 1)[1]


# -- run --dry-run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch, no_workers):
    """Work in an empty folder, in which no command here may leave anything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    yield
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def dry_run(bench):
    """The plan of a run as JSON, and the lines that are printed, their padding taken out."""

    def call(*arguments):
        code, out, err = bench("run", "--dry-run", *arguments)
        assert (code, err) == (0, "")
        return as_json(bench("run", "--dry-run", "--json", *arguments)), [*map(words, out.splitlines())]

    return call


def test_a_dry_run_says_what_would_be_done_and_what_it_would_cost(dry_run):
    arguments = ["--variants", "@lrn,tanh", "--seeds", 2, "--epochs", 3, "--time-topology", "alexnet-8"]
    plan, lines = dry_run(*arguments)

    tanh = plan["variants"]["tanh"]
    assert (tanh["difference"], tanh["fields"]) == ("activation tanh", ["activation"])
    assert tanh["layers"]["activation1"].startswith("tanh, ")
    assert list(plan["variants"]) == ["lrn", "no-lrn", "tanh"]
    assert (plan["control"], plan["aliases"]) == ("lrn", {})
    assert (plan["dataset"], plan["topology"], plan["time_topology"]) == ("digits", "alexnet-8", "alexnet-8")
    assert (plan["seeds"], plan["epochs"], plan["batch_size"]) == ([0, 1], 3, 32)
    assert [item["name"] for item in plan["ablations"]] == ["activation", "lrn"]
    cost = plan["estimate"]
    assert (cost["trials"], cost["draws"]) == (6, 12)
    assert all(cost[name] > 0 for name in ("seconds", "memory_bytes", "disk_bytes"))
    assert any(line.startswith("estimate: ") for line in lines)


def test_a_dry_run_tells_the_trials_that_choose_rates_apart(dry_run):
    plan, lines = dry_run("--variants", "alexnet", "--measure", "accuracy", "--tune", "lr")

    assert "5 trials of 30 epochs, after 8 trials that choose rates: alexnet-8" in " ".join(lines)
    assert (plan["estimate"]["trials"], plan["estimate"]["tuning_trials"]) == (13, 8)


@pytest.mark.parametrize(("topology", "is_said"), [("11pct", True), ("alexnet-8", False)])
def test_a_dry_run_says_what_an_ablation_says_of_the_topology(dry_run, topology, is_said):
    arguments = ["--variants", "@lrn-placebo", "--measure", "accuracy", "--topology", topology]
    _, lines = dry_run(*arguments)
    said = f"note: @lrn-placebo at {topology}: k is 1 here, and so is the constant that"
    assert any(line.startswith(said) for line in lines) == is_said


def test_a_dry_run_prints_the_plan(dry_run):
    text = " ".join(dry_run("--variants", "alexnet,@lrn")[1])

    assert "no-lrn alexnet normalization none" in text
    assert "10 trials of 30 epochs: alexnet-8, digits, recipe paper, batch 32" in text
    assert "12 draws of 6 rounds: alexnet-227, batch 16" in text
    assert "lrn is the same network as alexnet: trained once, timed under both names" in text


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        ([], FOUR_QUESTIONS),
        (["--variants"], FOUR_QUESTIONS),
        (["--variants", "--seeds", "1"], FOUR_QUESTIONS),
        (["--variants", "all"], "all"),
        (["--variants=all"], "all"),
    ],
    ids=str,
)
def test_variants_left_out_or_bare_are_the_four_questions(dry_run, selection, meant):
    assert list(dry_run(*selection)[0]["variants"]) == [variant.name for variant in REGISTRY.select(meant)]


@pytest.mark.parametrize("measure", ["accuracy", "throughput", "accuracy, throughput"])
def test_a_dry_run_leaves_out_what_is_not_measured(dry_run, measure):
    plan, lines = dry_run("--variants", "alexnet", "--measure", measure)

    assert ", ".join(plan["measures"]) == measure
    for kind, count in (("accuracy", "trials"), ("throughput", "draws")):
        told = any(line.startswith(f"{kind}:") for line in lines)
        assert told == (plan["estimate"][count] > 0) == (kind in measure)


def test_a_dry_run_plans_a_users_variant(dry_run, mine):
    plan, _ = dry_run("--variants", "@mine", "--ablations", mine)

    assert list(plan["variants"]) == ["alexnet", "plain"]
    assert [item["name"] for item in plan["ablations"]] == ["mine"]


def test_a_control_that_nobody_named_is_added_and_that_is_said(dry_run):
    plan, lines = dry_run("--variants", "tanh,no-lrn")

    assert list(plan["variants"]) == ["alexnet", "tanh", "no-lrn"]
    assert plan["controls"] == {"alexnet": "alexnet", "tanh": "alexnet", "no-lrn": "alexnet"}
    assert plan["added_controls"] == ["alexnet"]
    assert plan["estimate"]["trials"] == 15
    assert "note: alexnet is added, as the control of tanh and no-lrn" in lines
    assert "tanh alexnet activation tanh" in lines


def test_another_control_may_be_given(dry_run):
    plan, lines = dry_run("--variants", "no-lrn,no-dropout", "--control", "tanh")

    assert (plan["control_given"], set(plan["controls"].values())) == ("tanh", {"tanh"})
    assert [item["claims"] for item in plan["ablations"] if item["name"] in ("lrn", "dropout")] == [[], []]
    assert "note: tanh is the control of all, as asked" in lines
    assert "no-lrn tanh normalization none" in lines


def test_what_has_its_controls_step_is_shown_with_that(dry_run):
    plan, lines = dry_run("--variants", "tanh,no-augmentation", "--measure", "throughput")

    assert plan["same_step"] == {"no-augmentation": "alexnet"}
    assert "no-augmentation alexnet same step as alexnet recipe.augmentation none" in lines
    assert "note: same step as alexnet, so not timed: no-augmentation" in lines


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Twenty-five classes of three to five images, and what is none."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(25):
        (folder / f"class-{number:02}").mkdir()
        for image in range(3 + number % 3):
            Image.new("RGB", (4, 4)).save(folder / f"class-{number:02}" / f"{image}.png")
    for number in range(3):
        (folder / f"class-{number:02}" / "a.heic").touch()
    return folder


def test_a_dry_run_shows_the_images_of_a_class_and_split_and_what_was_skipped(dry_run, photographs):
    plan, lines = dry_run(
        "--variants", "alexnet", "--measure", "accuracy", "--dataset", f"folder:{photographs}"
    )

    assert plan["images"]["class-02"] == {"training": 3, "validation": 1, "held-out": 1}
    assert plan["notes"][0] == "3 .heic files in 3 classes were skipped"
    text = "\n".join(lines)
    assert "class-02 3 1 1\n" in text and "class-20" not in text
    assert "and 5 more 10 5 5\nall 49 25 25\n" in text
    assert "note: 3 .heic files in 3 classes were skipped" in text


def test_a_dry_run_counts_no_images_where_none_are_the_users(dry_run, photographs):
    timed = ["--variants", "@lrn", "--measure", "throughput", "--dataset", f"folder:{photographs}"]
    for arguments in (["--variants", "alexnet"], timed):
        plan, lines = dry_run(*arguments)
        assert (plan["images"], plan["notes"]) == ({}, [])
        assert not any(line.startswith("Images of") for line in lines)


def test_few_photographs_are_told_how_they_are_trained_on(dry_run, photographs):
    few = dry_run("--variants", "alexnet", "--measure", "accuracy", "--dataset", f"folder:{photographs}")[0]
    assert (few["topology"], few["batch_size"], few["epochs"]) == ("alexnet-227", 8, 30)
    assert few["notes"][1:] == [
        "49 training images are few: batches of 8, a rate of 0.000625, initial weights by he, "
        "in place of 128, 0.01 and paper"
    ]


def test_the_papers_preset_is_the_papers_recipe_and_says_first_how_long_it_takes(
    bench, dry_run, monkeypatch, tmp_path_factory
):
    def interrupted(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("alexnet_bench.run.run"), "continue_run", interrupted)
    arguments = ["--variants", "alexnet", "--measure", "accuracy", "--preset", "paper"]
    assert dry_run(*arguments, "--recipe", "paper")[0]["epochs"] == 90
    out = tmp_path_factory.mktemp("runs") / "run"
    err = bench("run", *arguments, "--out", out).err
    assert re.match(r"All of it takes about [\d.]+ \w+, [\d.]+ GiB of memory, \d+ MiB of disk\.\n", err)
