"""What a fit chooses for a data set and a budget: scale, steps, folds; and what it refuses."""

import inspect
from pathlib import Path

import pytest
from PIL import Image

import alexnet_bench
from alexnet_bench.errors import BenchError, DataError, UnknownNameError
from alexnet_bench.run import fit
from alexnet_bench.run.fit import plan_fit
from alexnet_bench.run.settings import CANDIDATES, FIT_BUDGET


@pytest.fixture
def costs(monkeypatch):
    """A machine on which the first look takes so many seconds by topology, at the fewest steps."""

    def take(**seconds):
        def estimate(schedule):
            name = schedule.topology.name.replace("-", "_")
            return {"accuracy_seconds": seconds[name], "throughput_seconds": 10}

        monkeypatch.setattr(fit, "estimate", estimate)

    return take


@pytest.fixture
def photos(tmp_path):
    """Writes a folder of two classes."""

    def write(count, *parts, name="pets"):
        for part in parts or ("",):
            for kind in ("cat", "dog"):
                folder = tmp_path / name / part / kind
                folder.mkdir(parents=True)
                for number in range(count):
                    Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / f"{number}.png")
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("budget", "topology", "steps"),
    [
        (100_000, "alexnet-227", 1200),
        (3000, "alexnet-96", 1200),
        (1000, "alexnet-32", 1200),
        (200, "alexnet-32", 600),
        (120, "alexnet-32", 300),
        (1, "alexnet-32", 300),
    ],
)
def test_a_budget_buys_steps_before_scale(costs, photos, budget, topology, steps):
    costs(alexnet_227=9000, alexnet_96=600, alexnet_32=90)

    planned = plan_fit(photos(20), budget=budget)

    settings, recipe = planned.schedule.settings, planned.schedule.recipe
    assert (settings.topology, settings.time_topology) == (topology, topology)
    per_epoch = planned.schedule.training_images // recipe.batch_size
    assert 0 <= recipe.epochs * per_epoch - steps < per_epoch
    assert settings.time_batch_size == (recipe.batch_size,)
    assert (planned.seconds <= budget) == (budget > 100)
    # Timing and training together take no longer than the budget.
    assert settings.budget == max(budget - 10, budget / 2)


def test_all_candidates_are_tuned_for_each_seed_and_held_against_one_control(costs, photos):
    costs(alexnet_227=1, alexnet_96=1, alexnet_32=1)

    schedule = plan_fit(photos(8), budget=60).schedule

    assert schedule.compared.names == ["alexnet", *CANDIDATES.split(",")]
    assert set(schedule.compared.controls.values()) == {"alexnet"}
    assert (schedule.settings.tune, schedule.settings.looks) == ("lr-per-seed", (4, 8, 16, 32))


@pytest.mark.parametrize(
    ("count", "parts", "named"),
    [(20, (), "folds:"), (501, (), "folder:"), (20, ("train", "test"), "folder:")],
    ids=["few", "many", "few, with test images"],
)
def test_few_images_of_which_none_are_set_apart_are_cross_validated(costs, photos, count, parts, named):
    costs(alexnet_227=1, alexnet_96=1, alexnet_32=1)

    schedule = plan_fit(photos(count, *parts), budget=60).schedule

    assert schedule.settings.dataset.startswith(named)
    assert schedule.manifest_plan().folds == (4 if named == "folds:" else None)


def test_any_data_set_can_be_named(costs):
    costs(alexnet_8=1)

    assert plan_fit("digits", budget=60).schedule.topology.name == "alexnet-8"


def test_the_function_has_the_commands_defaults():
    given = inspect.signature(alexnet_bench.fit).parameters

    assert (given["variants"].default, given["budget"].default) == (CANDIDATES, FIT_BUDGET)


def test_too_few_images_are_refused_with_how_many_there_must_be(photos):
    with pytest.raises(DataError, match="folds:pets leaves 2 images to train on, expected 8 or more"):
        plan_fit(photos(3), budget=60)

    with pytest.raises(DataError, match=r"too few images in .*cat \(2\).*expected 3 or more in each class"):
        plan_fit(photos(2, name="fewer"), budget=60)


def test_names_that_stand_for_nothing_are_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        plan_fit(tmp_path / "nowhere", budget=60)
    with pytest.raises(UnknownNameError, match="no-lrm"):
        plan_fit("digits", budget=60, variants="no-lrm")
    with pytest.raises(BenchError, match="there is no candidate beside alexnet"):
        plan_fit("digits", budget=60, variants="alexnet")
    with pytest.raises(BenchError, match="there is no candidate beside alexnet that is another network"):
        plan_fit("digits", budget=60, variants="he-weights")


def test_a_folder_that_is_called_like_a_data_set_is_not_passed_over(costs, photos, monkeypatch):
    costs(alexnet_227=1, alexnet_96=1, alexnet_32=1)
    folder = photos(20, name="digits")
    monkeypatch.chdir(folder.parent)

    with pytest.raises(
        BenchError, match="digits is a data set and a folder here; write folder:digits for the"
    ):
        plan_fit("digits", budget=60)
    for written in (Path("digits"), "./digits", "folder:digits"):
        assert plan_fit(written, budget=60).schedule.settings.dataset == f"folds:{folder}"


def test_a_rate_that_folds_share_is_refused(photos):
    """It would be chosen on images that other folds test."""
    from alexnet_bench.run.schedule import Schedule
    from alexnet_bench.run.settings import Settings

    settings = Settings(dataset=f"folds:{photos(20)}", topology="alexnet-32", variants="@lrn", tune="lr")

    with pytest.raises(BenchError, match="give --tune lr-per-seed"):
        Schedule(settings)
