"""What a run will do, before anything is started."""

import json
import math
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from alexnet_bench.data import open_dataset
from alexnet_bench.errors import BenchError
from alexnet_bench.records import MODES
from alexnet_bench.registry import load_registry
from alexnet_bench.runner.run import chosen_rates
from alexnet_bench.runner.schedule import RATE_GRID, TUNING_SEED, Schedule
from alexnet_bench.runner.settings import PRESETS, Settings
from alexnet_bench.runner.tell import dataset_request, network_request

REGISTRY = load_registry()
ALL = list(REGISTRY.variants)
QUICK = PRESETS["quick"]
GIB = 2**30


def plenty():
    return 1024 * GIB


def schedule(variants="all", memory=plenty, **asked):
    return Schedule(Settings(variants=variants, **asked), REGISTRY, memory)


def names(networks):
    return [network.variant.name for network in networks]


# -- trials


@settings(max_examples=20)
@given(st.integers(1, 6), st.lists(st.sampled_from(ALL), min_size=1, unique=True))
def test_trials_go_seed_by_seed_and_train_each_network_once(seeds, chosen):
    plan = schedule(",".join(chosen), seeds=seeds)

    trials = plan.trials()

    one_network = [name for name in chosen if name in ("alexnet", "lrn")]
    distinct = [name for name in chosen if name not in one_network[1:]]
    assert [(task.seed, task.network.variant.name) for task in trials] == [
        (seed, name) for seed in range(seeds) for name in distinct
    ]
    assert {task.purpose for task in trials} == {"result"}
    assert len({task.network.fingerprint for task in trials}) == len(distinct)


def test_a_network_under_another_name_is_trained_once_and_timed_under_both():
    plan = schedule("alexnet,lrn,no-lrn", seeds=1)

    assert plan.aliases == {"lrn": "alexnet"}
    assert names(plan.trained) == ["alexnet", "no-lrn"]
    assert names(plan.timed_networks) == ["alexnet", "lrn", "no-lrn"]
    assert schedule("lrn,alexnet").aliases == {"alexnet": "lrn"}
    assert schedule("lrn,no-lrn").aliases == {}


@pytest.mark.parametrize(
    ("variants", "control"),
    [("all", "alexnet"), ("@lrn", "lrn"), ("tanh,no-lrn,alexnet", "alexnet"), ("tanh,no-lrn", "tanh")],
)
def test_the_control_is_the_papers_network_or_the_first_named(variants, control):
    assert schedule(variants).control.name == control


def test_a_variants_own_recipe_is_what_it_is_trained_with(write_ablations):
    folder = write_ablations(
        {
            "mine.py": """
                from alexnet_bench import ALEXNET, Ablation

                ARM = ALEXNET.but("longer", recipe={"epochs": 50, "batch_size": 16})
                MINE = Ablation(name="mine", factor="recipe", control=ALEXNET, arms=[ARM])
            """
        }
    )

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
    assert rates == dict.fromkeys(rates, grid)
    assert len(tuning) == 3 * len(RATE_GRID)
    assert {(task.seed, task.purpose) for task in tuning} == {(TUNING_SEED, "tuning")}
    assert TUNING_SEED not in plan.seeds


def test_the_chosen_rates_are_what_the_trials_are_run_with():
    plan = schedule("alexnet,tanh", tune="lr", seeds=2)

    trials = plan.trials({"tanh": 0.25})

    assert {(task.network.variant.name, task.network.recipe.learning_rate) for task in trials} == {
        ("alexnet", plan.recipe.learning_rate),
        ("tanh", 0.25),
    }


def test_nothing_is_tuned_that_is_not_asked_for():
    assert schedule().tuning_trials() == []
    assert schedule(tune="lr", measure=("throughput",)).tuning_trials() == []


def tuned(variant, rate, error, **more):
    return {
        "kind": "trial",
        "purpose": "tuning",
        "status": "ok",
        "variant": variant,
        "validation_top1_error": error,
        "recipe_settings": {"learning_rate": rate},
    } | more


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
        {"kind": "draw"},
    ]

    assert chosen_rates(records) == {"alexnet": 0.01, "tanh": 0.01}


# -- draws


@settings(max_examples=30)
@given(st.integers(2, len(ALL)), st.floats(0.1, 64))
def test_timing_sessions_hold_the_control_and_as_many_others_as_memory(count, gib):
    chosen, available = ALL[:count], int(gib * GIB)
    plan = schedule(",".join(chosen), memory=lambda: available)

    sessions = plan.draws()

    assert all(names(task.networks)[0] == "alexnet" for task in sessions)
    assert len({task.draw for task in sessions}) == len(sessions)
    assert len(sessions) % QUICK.draws == 0
    others = [name for task in sessions for name in names(task.networks)[1:]]
    assert sorted(others) == sorted(QUICK.draws * chosen[1:])
    for task in sessions:
        needed = sum(network.plan.memory_bytes(plan.time_batch_size) for network in task.networks)
        assert needed <= available or len(task.networks) == 2


def test_one_session_a_draw_where_memory_is_plenty():
    assert [names(task.networks) for task in schedule("alexnet,tanh,no-lrn").draws()] == [
        ["alexnet", "tanh", "no-lrn"],
        ["alexnet", "tanh", "no-lrn"],
    ]
    assert [names(task.networks) for task in schedule("tanh").draws()] == [["tanh"], ["tanh"]]


def rows_of(sessions, step=1):
    """The records that timing sessions leave, as far as a schedule reads them; backwards if step is -1."""
    return [
        {
            "draw": task.draw,
            "variant": network.variant.name,
            "fingerprint": network.fingerprint,
            "mode": mode,
        }
        for task in sessions
        for network in task.networks[::step]
        for mode in MODES
    ]


@settings(max_examples=40)
@given(
    st.integers(1, 6),
    st.sampled_from([8, 12, 64]),
    st.sampled_from([8, 12, 64]),
    st.integers(0, 30),
    st.sampled_from([1, -1]),
)
def test_a_run_that_goes_on_times_what_is_missing_whatever_memory_holds_now(count, before, now, cut, step):
    chosen = ",".join(ALL[:count])
    first = schedule(chosen, memory=lambda: before * GIB)
    rows = rows_of(first.draws(), step)[:cut]
    second = schedule(chosen, memory=lambda: now * GIB)

    left = second.draws(rows)

    everything = rows + rows_of(left)
    assert len({tuple(row.values()) for row in everything}) == len(everything)
    found = {tuple(row[name] for name in ("draw", "variant", "mode")) for row in everything}
    draws = {row["draw"] for row in everything}
    for name in ALL[:count]:
        beside_the_control = [
            draw
            for draw in draws
            if all((draw, variant, mode) in found for variant in (name, "alexnet") for mode in MODES)
        ]
        assert len(beside_the_control) >= QUICK.draws
        assert name == "alexnet" or len(beside_the_control) == QUICK.draws
    assert second.draws(everything) == []
    assert rows or left == second.draws()


def test_a_variant_that_was_edited_is_timed_again():
    plan = schedule("alexnet,tanh")
    rows = rows_of(plan.draws())
    edited = [row | ({"fingerprint": "other"} if row["variant"] == "tanh" else {}) for row in rows]

    assert [(task.draw, names(task.networks)) for task in plan.draws(edited)] == [
        (2, ["alexnet", "tanh"]),
        (3, ["alexnet", "tanh"]),
    ]


def test_the_control_comes_first_wherever_it_was_named():
    assert names(schedule("tanh,no-lrn,alexnet").draws()[0].networks) == ["alexnet", "tanh", "no-lrn"]


def test_the_timed_network_is_the_papers_whatever_is_trained():
    (network,) = schedule("alexnet", time_batch_size=4).timed_networks

    assert (network.plan.parameters, network.plan.input_shape) == (60_965_224, (227, 227, 3))
    assert (network.recipe.batch_size, network.recipe.name) == (4, "paper")
    (small,) = schedule("alexnet", time_topology="alexnet-8").timed_networks
    assert (small.plan.classes, small.plan.input_shape) == (10, (8, 8, 1))


@pytest.mark.parametrize("measure", ["accuracy", "throughput"])
def test_only_what_is_asked_for_is_measured(measure):
    plan = schedule(measure=(measure,))

    assert (bool(plan.trials()), bool(plan.draws())) == (measure == "accuracy", measure == "throughput")


# -- how much


@pytest.mark.parametrize(
    ("preset", "seeds", "epochs"), [("quick", 3, 30), ("standard", 5, 60), ("paper", 5, 90)]
)
def test_the_preset_gives_seeds_epochs_and_the_timed_batch(preset, seeds, epochs):
    plan = schedule(preset=preset)

    assert (len(plan.seeds), plan.recipe.epochs) == (seeds, epochs)
    assert plan.time_batch_size == PRESETS[preset].time_batch_size


@given(st.sampled_from(list(PRESETS.values())), st.integers(1, 10_000))
def test_epochs_train_for_about_as_many_steps_as_the_preset_says(preset, steps_per_epoch):
    epochs = preset.epochs(steps_per_epoch)

    assert 1 <= epochs <= preset.most_epochs
    if preset.training_steps is None:
        assert epochs == preset.most_epochs
    else:
        assert epochs in (
            preset.most_epochs,
            math.ceil(preset.training_steps / steps_per_epoch),
        )
        assert (epochs - 1) * steps_per_epoch < preset.training_steps


def test_what_is_said_goes_before_the_preset():
    plan = schedule(preset="standard", seeds=1, epochs=2, batch_size=8, time_batch_size=4, jobs=3)

    assert (list(plan.seeds), plan.recipe.epochs, plan.recipe.batch_size) == ([0], 2, 8)
    assert (plan.time_batch_size, plan.jobs) == (4, 3)


def test_the_recipe_is_scaled_to_small_images_alone():
    assert schedule().recipe.initialization == "he"
    assert schedule(topology="alexnet-227").recipe.initialization == "paper"
    assert schedule(recipe="notebook").recipe.optimizer == "adam"


@settings(max_examples=20)
@given(st.integers(1, 64))
def test_trials_side_by_side_share_the_cores(jobs):
    assert schedule("alexnet", jobs=jobs).threads >= 1
    assert schedule("alexnet", jobs=1).threads >= schedule("alexnet", jobs=jobs).threads


def test_a_plan_says_what_it_costs():
    small, large = schedule("alexnet", seeds=1), schedule("alexnet", seeds=3, save_models=True)

    assert small.memory_bytes() > GIB
    assert small.disk_bytes() < large.disk_bytes()


def test_the_manifest_holds_the_plan_in_json():
    plan = schedule("alexnet,@lrn,tanh", seeds=2, epochs=3).manifest_plan()

    assert json.loads(json.dumps(plan)) == plan
    assert (plan["control"], plan["aliases"], plan["seeds"]) == ("alexnet", {"lrn": "alexnet"}, [0, 1])
    assert plan["variants"]["tanh"] == {"difference": "activation tanh", "fields": ["activation"]}
    (lrn,) = [item for item in plan["ablations"] if item["name"] == "lrn"]
    assert (lrn["control"], lrn["arms"]) == ("lrn", ["no-lrn"])
    assert {*lrn["claims"][0]} == {"says", "source", "setup"}


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

    assert dataset_request(plan) == f"folder:{tmp_path / 'pets'}"
    assert open_dataset(dataset_request(plan)).name == plan.dataset.name == "folder:pets"


def test_a_worker_is_told_which_network_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    plan = schedule("no-lrn+tanh", ablations=("mine",))
    (network,) = plan.networks

    request = network_request(plan, network)

    assert json.loads(json.dumps(request))["recipe"]["epochs"] == plan.recipe.epochs
    assert request["ablations"] == [str(tmp_path / "mine")]
    (named,) = REGISTRY.select(request["variant"])
    assert named.changes == network.variant.changes
    assert request["topology"] == "alexnet-8"


# -- settings


def test_every_setting_of_the_api_is_an_option_of_the_command():
    from alexnet_bench.cli.run_command import command

    options = {option.name for option in command.params}
    assert {field.name for field in fields(Settings)} <= options


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": ("speed",)},
        {"measure": ()},
        {"preset": "fast"},
        {"devices": "tpu"},
        {"precision": "float8"},
        {"tune": "momentum"},
        {"seeds": 0},
        {"jobs": 0},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(BenchError):
        Settings(**wrong)
