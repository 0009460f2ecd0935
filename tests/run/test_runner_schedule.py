"""What a run will do, before anything is started."""

import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from report_runs import curve_point
from whole_records import record

from alexnet_bench.analysis.rates import chosen_rates, fewest_epochs
from alexnet_bench.data import open_dataset
from alexnet_bench.network.registry import load_registry
from alexnet_bench.records.manifest import Plan
from alexnet_bench.run import schedule as schedules
from alexnet_bench.run.cost import estimate
from alexnet_bench.run.effort import run_effort
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import PRESETS, Settings
from alexnet_bench.run.tuning import BEYOND, MOST_BEYOND, RATE_GRID, TUNING_SEED
from alexnet_bench.stats.estimate import FEWEST_UNITS

REGISTRY = load_registry()
ALL = [variant.name for variant in REGISTRY.select("all")]
QUICK = PRESETS["quick"]
GIB = 2**30


def plenty():
    return 1024 * GIB


def schedule(variants="all", memory=plenty, **asked):
    return Schedule(Settings(variants=variants, **asked), REGISTRY, memory)


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


# -- tuning


def test_every_variant_is_tuned_on_the_same_grid_with_a_seed_of_its_own():
    plan = schedule("alexnet,lrn,no-lrn,tanh", tune="lr", seeds=3)

    tuning = plan.tuning_trials()

    rates = {
        name: [task.network.recipe.learning_rate for task in tuning if task.network.variant.name == name]
        for name in ("alexnet", "no-lrn", "tanh")
    }
    grid = [plan.recipe.learning_rate * factor for factor in RATE_GRID]
    nearest_first = [grid[2], grid[1], grid[3], grid[0]]
    assert rates == dict.fromkeys(rates, nearest_first)
    assert len(tuning) == 3 * len(RATE_GRID)
    assert {(task.seed, task.purpose) for task in tuning} == {(TUNING_SEED, "tuning")}
    assert TUNING_SEED not in plan.seeds


def test_nothing_is_tuned_that_is_not_asked_for():
    assert schedule().tuning_trials() == []
    assert schedule(tune="lr", measure=("throughput",)).tuning_trials() == []


def tuned(variant, rate, error, **more):
    values = {"purpose": "tuning", "recipe_settings": {"learning_rate": rate}, **more}
    return record(variant=variant, validation_top1_error=error, **values)


def test_the_rate_of_the_least_validation_error_is_chosen_and_the_lower_where_they_tie():
    records = [
        tuned("alexnet", 0.03, 0.2),
        tuned("alexnet", 0.01, 0.1),
        tuned("alexnet", 0.001, 0.5),
        tuned("tanh", 0.03, 0.1),
        tuned("tanh", 0.01, 0.1),
        tuned("tanh", 0.3, None, status="diverged"),
        tuned("no-lrn", 0.3, 0.0, status="crashed"),
        tuned("notebook", 0.3, 0.0, purpose="result"),
        record("draw"),
    ]

    assert chosen_rates(records) == {("alexnet", "float32"): 0.01, ("tanh", "float32"): 0.01}


def test_where_the_best_rate_is_the_grids_first_or_last_one_beyond_is_tried():
    plan = schedule("alexnet", tune="lr")
    rates = [plan.recipe.learning_rate * factor for factor in RATE_GRID]

    def tried(records):
        return sorted(task.network.recipe.learning_rate for task in plan.tuning_trials(records))

    first, middle, last = (
        [tuned("alexnet", rate, 0.2 - 0.1 * (rate == best)) for rate in rates]
        for best in (rates[0], rates[1], rates[3])
    )
    assert tried(middle) == tried(last[:3]) == rates
    assert tried(last) == [*rates, pytest.approx(rates[3] * BEYOND)]
    assert tried(first) == [pytest.approx(rates[0] / BEYOND), *rates]
    better = [*last, *(tuned("alexnet", rates[3] * BEYOND**n, 0.09 / n) for n in range(1, 9))]
    assert len(tried(better[: len(rates) + MOST_BEYOND])) == len(rates) + MOST_BEYOND
    diverged = [*last, tuned("alexnet", rates[3] * BEYOND, None, status="diverged")]
    assert tried(diverged) == [*rates, rates[3] * BEYOND]


def test_a_recipe_that_stops_at_a_training_error_is_tuned_to_get_there_soonest():
    def row(rate, *errors):
        curve = [curve_point(epoch, error) for epoch, error in enumerate(errors, 1)]
        more = {"recipe_settings": {"learning_rate": rate, "stop_at_train_error": 0.25}, "curve": curve}
        return tuned("alexnet", rate, 0.5, **more)

    quick, slow, never = row(0.1, 0.4, 0.2), row(0.01, 0.6, 0.4, 0.2), row(0.001, 0.9, 0.8)
    nearer = row(1.0, 0.9, 0.7)

    assert chosen_rates([quick, slow, never]) == {("alexnet", "float32"): 0.1}
    assert chosen_rates([never, nearer]) == {("alexnet", "float32"): 1.0}
    assert fewest_epochs([never, slow, quick, nearer], ("alexnet", "float32")) == 2
    assert fewest_epochs([never, quick], ("tanh", "float32")) is None
    assert fewest_epochs([never], ("alexnet", "float32")) is None


def test_rates_are_chosen_and_used_at_each_precision():
    """Those of the recipe where none is chosen."""
    halves = "mixed_bfloat16"
    records = [tuned("alexnet", 0.25, 0.1), tuned("alexnet", 0.1, 0.1, precision=halves)]
    plan = schedule("alexnet,tanh", precision=("float32", halves), seeds=1)

    trials = plan.trials(chosen_rates(records))

    networks = [task.network for task in trials]
    own = plan.recipe.learning_rate
    assert [(item.variant.name, item.precision, item.recipe.learning_rate) for item in networks] == [
        ("alexnet", "float32", 0.25),
        ("tanh", "float32", own),
        ("alexnet", halves, 0.1),
        ("tanh", halves, own),
    ]


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
    epochs = preset.epochs(steps_per_epoch)

    assert 1 <= epochs <= preset.most_epochs
    if preset.training_steps is None:
        assert epochs == preset.most_epochs
    else:
        assert epochs in (preset.most_epochs, math.ceil(preset.training_steps / steps_per_epoch))
        assert (epochs - 1) * steps_per_epoch < preset.training_steps


def test_what_is_said_goes_before_the_preset():
    plan = schedule(preset="standard", seeds=1, epochs=2, batch_size=8, time_batch_size=4, jobs=3)

    assert (list(plan.seeds), plan.recipe.epochs, plan.recipe.batch_size) == ([0], 2, 8)
    assert (plan.time_batch_sizes, plan.jobs) == ((4,), 3)


def test_the_recipe_is_scaled_to_small_images_alone_and_keeps_its_epochs_if_it_stops_by_itself():
    assert schedule().recipe.initialization.name == "he"
    assert schedule(topology="alexnet-227").recipe.initialization.name == "paper"
    assert schedule(recipe="notebook").recipe.optimizer.name == "adam"
    assert schedule("alexnet", recipe="figure-1").recipe.epochs == 30
    assert schedule("alexnet", recipe="figure-1", epochs=3).recipe.epochs == 3


@settings(max_examples=20)
@given(st.integers(1, 64))
def test_trials_side_by_side_share_the_cores(jobs):
    assert schedule("alexnet", jobs=jobs).threads >= 1
    assert schedule("alexnet", jobs=1).threads >= schedule("alexnet", jobs=jobs).threads


def test_trials_of_small_images_share_cores_and_memory(monkeypatch):
    """Whatever the preset; of large images one at a time has the machine."""
    monkeypatch.setattr(schedules, "usable_cores", lambda: 8)
    few = schedule("alexnet", lambda: 3 * GIB)

    assert [schedule("alexnet", preset=preset).jobs for preset in PRESETS] == [8, 8, 8]
    assert (few.jobs, few.threads) == (3, 2)
    assert schedule("alexnet", lambda: 3 * GIB, jobs=5).jobs == 5
    assert schedule("alexnet", topology="alexnet-227").jobs == 1


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
