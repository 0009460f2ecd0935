"""What a run will do, before anything is started."""

import json
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from alexnet_bench.data import Dataset, open_dataset
from alexnet_bench.errors import BenchError
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import CUDA_CONVNET
from alexnet_bench.records.manifest import Plan
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run import capacity
from alexnet_bench.run.capacity import MOST_MEMORY
from alexnet_bench.run.cost import estimate
from alexnet_bench.run.effort import run_effort
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import PRESETS, Settings
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.worker.nvml import Gpu

REGISTRY = load_registry()
ALL = [variant.name for variant in REGISTRY.select("all")]
QUICK = PRESETS["quick"]
GIB = 2**30
REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def plenty():
    return 1024 * GIB


def schedule(variants="all", memory=plenty, gpus=(), **asked):
    return Schedule(Settings(variants=variants, **asked), REGISTRY, memory, lambda: list(gpus))


def gpu(gib=80):
    return Gpu(name="H200", memory_bytes=gib * GIB, free_bytes=gib * GIB)


def names(networks):
    return [network.variant.name for network in networks]


def timed(plan):
    """The networks that are timed."""
    return [contender.network for contender in plan.timing.contenders]


# -- trials


@settings(max_examples=20)
@given(st.integers(1, 6), st.lists(st.sampled_from(ALL), min_size=1, unique=True))
def test_trials_go_seed_by_seed_and_train_each_network_once(seeds, chosen):
    plan = schedule(",".join(chosen), seeds=seeds)

    trials = plan.trials()

    planned = chosen if {"alexnet", "lrn"} & set(chosen) else ["alexnet", *chosen]
    one_network = [
        name for name in planned if name in ("alexnet", "lrn", "he-weights", "bias-0", "no-colour-noise")
    ]
    distinct = [name for name in planned if name not in one_network[1:]]
    assert [(task.seed, task.network.variant.name) for task in trials] == [
        (seed, name) for seed in range(seeds) for name in distinct
    ]
    assert {task.purpose for task in trials} == {"result"}
    assert len({task.network.fingerprint for task in trials}) == len(distinct)


def test_a_recipe_that_names_layers_is_for_the_topology_that_is_trained():
    """What is timed, at another one, has other layers."""
    plan = schedule("alexnet", topology="18pct", recipe="18pct")

    assert plan.recipe.name == "18pct"
    assert {network.recipe.name for network in timed(plan)} == {"paper"}


def test_a_network_under_another_name_is_trained_once_and_timed_under_both():
    plan = schedule("alexnet,lrn,no-lrn", seeds=1)

    assert plan.aliases == {"lrn": "alexnet"}
    assert names(plan.trained) == ["alexnet", "no-lrn"]
    assert names(timed(plan)) == ["alexnet", "lrn", "no-lrn"]
    assert schedule("lrn,alexnet").aliases == {"alexnet": "lrn"}
    assert schedule("lrn,no-lrn").aliases == {}


def test_a_variants_own_recipe_is_what_it_is_trained_with(write_ablations):
    mine = """
        from alexnet_bench import ALEXNET, Ablation

        ARM = ALEXNET.but("longer", recipe={"epochs": 50, "batch_size": 16})
        MINE = Ablation(name="mine", factor="recipe", control=ALEXNET, arms=[ARM])
    """
    folder = write_ablations({"mine.py": mine})

    plain, longer = Schedule(Settings(variants="@mine", ablations=(folder,), epochs=2)).networks

    assert (plain.recipe.epochs, plain.recipe.batch_size) == (2, 32)
    assert (longer.recipe.epochs, longer.recipe.batch_size) == (50, 16)


def test_each_trial_at_a_time_has_memory_for_the_images_too(monkeypatch):
    monkeypatch.setattr(capacity, "usable_cores", lambda: 8)
    # Digits take hardly any: CIFAR-10's training and test images are 60,000.
    monkeypatch.setattr(Dataset, "memory_bytes", 60_000 * 32 * 32 * 3)
    plan = schedule("alexnet", measure="accuracy", memory=lambda: round(2.01 * network_bytes / MOST_MEMORY))
    (network,) = plan.networks
    network_bytes = network.plan.memory_bytes(network.recipe.batch_size)
    assert plan.capacity.trial_bytes(network) == network_bytes + 60_000 * 32 * 32 * 3
    assert plan.capacity.jobs == 1


@pytest.mark.parametrize(
    ("run", "topology"),
    [("performance/errors-cifar10-now", "alexnet-8"), ("cuda-convnet/80sec", "80sec")],
)
def test_trials_on_cifar10_held_what_is_estimated_or_a_little_less(run, topology):
    """Each in a worker of its own."""
    records = run_records(REFERENCE / run)
    network = schedule("alexnet", measure="accuracy", topology=topology).networks[0]
    estimate = network.plan.memory_bytes(128) + 60_000 * 32 * 32 * 3
    assert {record.batch_size for record in records} == {128}
    assert 0.9 < max(record.peak_memory_bytes for record in records) / estimate < 1


# -- what is timed


def test_the_timed_network_is_the_papers_whatever_is_trained():
    (network,) = timed(schedule("alexnet", time_batch_size=4))
    (small,) = timed(schedule("alexnet", time_topology="alexnet-8"))

    assert (network.plan.parameters, network.plan.input_shape) == (60_965_224, (227, 227, 3))
    assert (network.recipe.batch_size, network.recipe.name) == (4, "paper")
    assert (small.plan.classes, small.plan.input_shape) == (10, (8, 8, 1))


def test_every_variant_is_timed_against_the_control_at_every_precision_and_batch_size():
    plan = schedule("tanh,alexnet", time_batch_size=(8, 16), precision="float32,mixed_bfloat16")

    pairs = [(pair.arm.key, pair.control.key) for pair in plan.timing.pairs]

    assert pairs == [
        (("head", "tanh", precision, batch), ("head", "alexnet", precision, batch))
        for precision in ("float32", "mixed_bfloat16")
        for batch in (8, 16)
    ]
    ((alone,),) = [schedule("alexnet").timing.pairs]
    assert alone.arm == alone.control


@pytest.mark.parametrize(("preset", "twins"), [("quick", []), ("standard", ["lrn"]), ("paper", ["lrn"])])
def test_the_larger_presets_time_the_control_twice(preset, twins):
    """The pair shows the noise floor; what is trained stays as asked."""
    plan = schedule("alexnet,tanh", preset=preset)

    assert names(timed(plan)) == ["alexnet", "tanh", *twins]
    assert names(plan.networks) == ["alexnet", "tanh"]
    assert list(plan.manifest_plan().variants) == ["alexnet", "tanh", *twins]
    assert names(timed(schedule("alexnet,lrn", preset=preset))) == ["alexnet", "lrn"]


def test_the_manifest_tells_the_layers_and_the_names_of_the_classes():
    plan = schedule("alexnet,no-lrn", preset="quick").manifest_plan()

    layers = {name: variant.layers for name, variant in plan.variants.items()}
    assert layers["alexnet"]["conv1"] == "3x3/1 valid, 2 towers that see both, 6x6x16"
    assert set(layers["alexnet"]) - set(layers["no-lrn"]) == {"normalization1", "normalization2"}
    assert plan.class_names == tuple("0123456789")


def test_what_a_timed_step_does_not_show_is_trained_and_not_timed():
    plan = schedule("alexnet,bias-1,ten-crops,no-weight-decay,no-augmentation,bias-1+tanh,lrn")

    assert names(timed(plan)) == ["alexnet", "no-weight-decay", "bias-1+tanh", "lrn"]
    assert plan.manifest_plan().timed == tuple(names(timed(plan)))
    assert "ten-crops" in plan.manifest_plan().variants
    assert names(timed(schedule("alexnet,bias-1"))) == ["alexnet"]
    assert not schedule("bias-1").times


def test_an_interval_that_is_asked_for_gets_the_draws_that_it_takes():
    effort, usual = run_effort(Settings(interval=0.02, budget=60.0)), run_effort(Settings())

    assert (effort.draws, effort.interval, effort.budget_seconds) == (4, 0.02, 60.0)
    assert (usual.draws, usual.interval) == (QUICK.draws, None)
    assert run_effort(Settings(preset="standard")).interval == PRESETS["standard"].interval


# -- how much


@pytest.mark.parametrize(
    ("preset", "seeds", "epochs"), [("quick", 5, 30), ("standard", 5, 60), ("paper", 5, 90)]
)
def test_the_preset_gives_seeds_epochs_and_the_timed_batch(preset, seeds, epochs):
    plan = schedule("alexnet", preset=preset)

    assert (len(plan.seeds), plan.recipe.epochs) == (seeds, epochs)
    assert plan.time_batch_sizes == (PRESETS[preset].time_batch_size,)


def test_a_run_without_a_selection_asks_four_questions_and_can_answer_them():
    """With as many seeds and draws as a verdict takes; each arm is held against the paper's network."""
    asked = Schedule(Settings())

    assert {item.name for item in asked.manifest_plan().ablations} >= {
        "lrn",
        "dropout",
        "activation",
        "towers",
        "gpu-split",
    }
    assert set(asked.compared.controls.values()) == {"alexnet"}
    assert "alexnet" not in asked.compared.added
    assert min(len(asked.seeds), asked.timing.effort.draws) >= FEWEST_UNITS


def test_everything_quickly_is_a_look():
    """`all` by the quick preset; with another, or for fewer variants, seeds and draws are the preset's."""
    quick = Settings(variants="all").scale

    assert (quick.seeds, quick.draws) == (3, 2)
    assert Settings(variants="all", preset="standard").scale == PRESETS["standard"]
    assert Settings(variants="alexnet").scale == QUICK


@given(st.sampled_from(list(PRESETS.values())), st.integers(1, 10_000))
def test_epochs_train_for_about_as_many_steps_as_the_preset_says(preset, steps_per_epoch):
    epochs = preset.epochs(steps_per_epoch, published=140)

    if preset.training_steps is None:
        assert epochs == 140
    else:
        assert 1 <= epochs <= preset.most_epochs
        assert epochs in (preset.most_epochs, math.ceil(preset.training_steps / steps_per_epoch))
        assert (epochs - 1) * steps_per_epoch < preset.training_steps


def test_what_is_said_goes_before_the_preset():
    plan = schedule(preset="standard", seeds=1, epochs=2, batch_size=8, time_batch_size=4, jobs=3)

    assert (list(plan.seeds), plan.recipe.epochs, plan.recipe.batch_size) == ([0], 2, 8)
    assert (plan.time_batch_sizes, plan.capacity.jobs) == ((4,), 3)


def test_the_recipe_is_scaled_to_small_images_alone_and_keeps_its_epochs_if_it_stops_by_itself():
    assert schedule().recipe.initialization.name == "he"
    large = schedule(topology="alexnet-227").recipe
    # Digits are few for it, but what is a matter of the images' size stays.
    assert (large.initialization.name, large.augmentation) == ("he", "crops-flips-colour")
    assert schedule(recipe="notebook").recipe.optimizer.name == "adam"
    assert schedule("alexnet", recipe="figure-1").recipe.epochs == 30
    assert schedule("alexnet", recipe="figure-1", epochs=3).recipe.epochs == 3


@pytest.mark.parametrize("name", [topology.name for topology in CUDA_CONVNET])
def test_a_topology_may_have_a_recipe_of_its_own_which_another_that_is_named_replaces(name):
    plan = schedule("alexnet", topology=name, preset="paper", time_topology=name, recipe=None)

    assert plan.recipe == RECIPES[name]
    assert {network.recipe.name for network in timed(plan)} == {name}
    assert plan.manifest_plan().recipe == name
    assert schedule("alexnet", topology=name, recipe="paper").recipe.initialization.name == "he"
    assert timed(schedule("alexnet", topology=name))[0].recipe.name == "paper"
    (shortened,) = schedule("alexnet", topology=name, epochs=2).networks
    assert (shortened.recipe.epochs, shortened.recipe.drops) == (2, RECIPES[name].drops)


def test_a_recipe_for_the_layers_of_a_network_is_refused_for_another():
    with pytest.raises(BenchError, match=r"alexnet-8 layers? 'local3'"):
        _ = schedule("alexnet", recipe="13pct").networks


@settings(max_examples=20)
@given(st.integers(1, 64))
def test_trials_side_by_side_share_the_cores(jobs):
    assert schedule("alexnet", jobs=jobs).capacity.threads >= 1
    assert schedule("alexnet", jobs=1).capacity.threads >= schedule("alexnet", jobs=jobs).capacity.threads


def test_trials_of_small_images_share_cores_and_memory(monkeypatch):
    """Whatever the preset; of large images one at a time has the machine."""
    monkeypatch.setattr(capacity, "usable_cores", lambda: 8)
    few = schedule("alexnet", lambda: 3 * GIB)

    assert [schedule("alexnet", preset=preset).capacity.jobs for preset in PRESETS] == [8, 8, 8]
    assert (few.capacity.jobs, few.capacity.threads) == (3, 2)
    assert schedule("alexnet", lambda: 3 * GIB, jobs=5).capacity.jobs == 5
    assert schedule("alexnet", devices="gpu").capacity.jobs == 1, "nobody knows how much memory it has"
    assert schedule("alexnet", topology="alexnet-227").capacity.jobs == 1


def test_a_plan_says_what_it_costs():
    asked = {"seeds": 1}, {"seeds": 3, "save_models": True}, {"measure": "throughput", "budget": 1.0}
    small, large, timed_only = (estimate(schedule("alexnet", **some), peak=1e11) for some in asked)

    assert (small["trials"], small["draws"], small["memory_bytes"] > GIB) == (1, QUICK.draws, True)
    assert small["disk_bytes"] < large["disk_bytes"]
    assert small["seconds"] < large["seconds"]
    assert (timed_only["trials"], timed_only["seconds"]) == (0, 1)


@pytest.mark.parametrize(("gib", "draws"), [(1024, 4 * QUICK.draws), (4, 6 * QUICK.draws)])
def test_a_control_that_is_shared_by_groups_is_drawn_in_each(gib, draws):
    assert estimate(schedule("alexnet,tanh,no-lrn,one-gpu", lambda: gib * GIB))["draws"] == draws


def test_the_manifest_holds_the_plan_in_json():
    plan = schedule("alexnet,@lrn,tanh", seeds=2, epochs=3).manifest_plan()

    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
    assert (plan.control, plan.aliases, plan.seeds) == ("alexnet", {"lrn": "alexnet"}, (0, 1))
    (lrn,) = [item for item in plan.ablations if item.name == "lrn"]
    assert (lrn.control, lrn.arms) == ("lrn", ("no-lrn",))
    assert lrn.claims[0].says and lrn.claims[0].source and lrn.claims[0].setup


# -- what a worker is told


@pytest.mark.parametrize("path", ["pets", "./pets", "~/pets"])
def test_a_worker_is_told_the_absolute_path_of_the_data(tmp_path, monkeypatch, path):
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(8):
            Image.new("RGB", (4, 4)).save(tmp_path / "pets" / label / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    plan = schedule("alexnet", dataset=f"folder:{path}", batch_size=2)

    assert plan.settings.dataset == f"folder:{tmp_path / 'pets'}"
    assert open_dataset(plan.settings.dataset).name == plan.dataset.name == "folder:pets"


def test_a_worker_is_told_which_network_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    plan = schedule("no-lrn+tanh", ablations=("mine",))
    network = plan.networks[-1]

    request = network.request(plan.settings.ablations)

    assert json.loads(json.dumps(request))["recipe"]["epochs"] == plan.recipe.epochs
    assert request["ablations"] == [str(tmp_path / "mine")]
    (named,) = REGISTRY.select(request["variant"])
    assert named.changes == network.variant.changes
    assert request["topology"] == "alexnet-8"


# -- on GPUs


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    ("devices", "gpus", "on_gpus"),
    [("auto", [], False), ("auto", [gpu()], True), ("cpu", [gpu()], False), ("gpu", [], True)],
)
def test_a_gpu_gets_a_batch_that_keeps_it_busy(preset, devices, gpus, on_gpus):
    plan = schedule("alexnet", preset=preset, devices=devices, gpus=gpus)

    scale = PRESETS[preset]
    assert plan.time_batch_sizes == ((scale.gpu_batch_size if on_gpus else scale.time_batch_size),)
    assert 128 <= scale.gpu_batch_size <= 1024
    assert schedule("alexnet", gpus=[gpu()], time_batch_size=8).time_batch_sizes == (8,)


def test_the_fullest_gpu_says_how_many_are_timed_at_once():
    counts = [schedule("all", gpus=[gpu(), gpu(gib)]).workers_at_once() for gib in (80, 40, 16)]

    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1] > counts[2] == 2
    assert schedule("all", lambda: 4 * GIB, gpus=[gpu()]).workers_at_once() == 2
    assert schedule("all", gpus=[gpu(16)], devices="cpu").workers_at_once() > counts[0]


def test_what_a_gpu_costs_is_not_told_from_the_processor():
    on_gpu, slow_cpu = (estimate(schedule("alexnet", gpus=[gpu()]), peak) for peak in (None, 1e9))

    assert on_gpu["seconds"] < slow_cpu["seconds"]


@pytest.mark.parametrize(
    ("variants", "gpus", "devices", "culprit"),
    [
        ("alexnet", [], "auto", "alexnet would run on the CPU (0 GPUs found"),
        ("alexnet,two-gpu", [gpu()], "auto", "two-gpu would run on the CPU (1 GPU found"),
        ("alexnet", [gpu()], "cpu", "alexnet would run on the CPU"),
        ("alexnet,two-gpu", [gpu(), gpu()], "auto", None),
        ("alexnet", [], "gpu", None),
    ],
)
def test_tf32_is_refused_where_something_has_no_gpu(variants, gpus, devices, culprit):
    if culprit is None:
        assert schedule(variants, precision="tf32", gpus=gpus, devices=devices).networks
        return
    with pytest.raises(BenchError) as caught:
        schedule(variants, precision="tf32", gpus=gpus, devices=devices)
    assert culprit in str(caught.value)
