"""Which trials are run, with outcomes that are made up: seeds until there is a verdict, and rates."""

import math

import pytest
from report_runs import curve_point

from alexnet_bench.analysis.effects import effects
from alexnet_bench.errors import RecordError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import resume_settings
from alexnet_bench.run.trials import task_key

SILENT = Observer()
# Alternates, so that no number of seeds below 32 tells it from nothing.
UNSURE = (0.02, -0.02, 0.03, -0.01)


@pytest.fixture
def conclude(carry_out):
    """Run variants whose error is made up by seed, a minute a trial, until they are conclusive."""

    def do(errors, **asked):
        def columns(task):
            error = errors[task.network.variant.name](task.seed)
            if task.purpose == "tuning":
                return {"duration_seconds": 60.0, "curve": steady_curve(error, task.most_epochs)}
            return {"duration_seconds": 60.0, "test_top1_error": error}

        return carry_out(columns, until_conclusive=True, **asked)

    return do


class Told(Observer):
    """Remembers why less was trained."""

    def __init__(self):
        self.reasons = []

    def stopped(self, reason):
        self.reasons.append(reason)


class Planned(Observer):
    """Remembers how much was left."""

    def __init__(self):
        self.plans = []

    def planned(self, *left):
        self.plans.append(left)


def constant(error):
    return lambda seed: error + 0.0003 * (seed % 3)


def unsure(error):
    return lambda seed: error + UNSURE[seed % 4] * (1 + seed % 3)


def steady_curve(error, epochs):
    return [curve_point(epoch, error) for epoch in range(1, epochs + 1)]


def counts(row):
    return row.purpose == "result"


def seeds_of(folder, *purposes):
    """How many seeds of each variant were trained, for some purposes or for any."""
    rows = [row for row in run_records(folder) if not purposes or row.purpose in purposes]
    names = dict.fromkeys(row.variant for row in rows)
    return {name: len({row.seed for row in rows if row.variant == name}) for name in names}


def verdicts(folder):
    found = effects(run_records(folder), [read_manifest(folder)], None)
    return dict(found[found["verdict"] != ""].set_index("arm")["verdict"])


def test_it_stops_at_the_first_look_that_is_conclusive(conclude):
    folder = conclude({"alexnet": constant(0.10), "no-lrn": constant(0.20)}, variants="alexnet,no-lrn")

    assert seeds_of(folder) == {"alexnet": 4, "no-lrn": 4}
    assert verdicts(folder) == {"no-lrn": "worse"}


def test_only_arms_without_a_verdict_get_more_seeds(conclude):
    errors = {"alexnet": constant(0.10), "no-lrn": constant(0.20), "tanh": unsure(0.10)}

    folder = conclude(errors, variants="alexnet,no-lrn,tanh", seeds=16)

    assert seeds_of(folder) == {"alexnet": 16, "no-lrn": 4, "tanh": 16}
    assert verdicts(folder) == {"no-lrn": "worse", "tanh": "inconclusive"}


def test_the_seeds_are_limited_and_the_last_look_is_at_the_limit(conclude):
    """The control may go by another name."""
    folder = conclude({"lrn": constant(0.10), "no-lrn": unsure(0.10)}, variants="@lrn", seeds=11)

    assert seeds_of(folder) == {"lrn": 11, "no-lrn": 11}
    assert read_manifest(folder).plan.looks == (4, 8, 11)


def test_seeds_that_do_not_fit_into_the_budget_up_to_the_next_look_are_not_begun(conclude):
    """A minute a trial, two a seed: eight seeds take 16 minutes, sixteen 32."""
    folder = conclude(
        {"alexnet": constant(0.10), "tanh": unsure(0.10)},
        variants="alexnet,tanh",
        budget=20 * 60.0,
        observer=(told := Told()),
    )

    assert seeds_of(folder) == {"alexnet": 8, "tanh": 8}
    assert told.reasons == ["the budget leaves no time for the trials up to 16 seeds"]


def test_no_trial_is_begun_when_the_budget_is_used_up(conclude):
    """Nobody knows what the first ones take."""
    errors = {"alexnet": constant(0.10), "tanh": unsure(0.10)}

    folder = conclude(errors, variants="alexnet,tanh", budget=3 * 60.0, observer=(told := Told()))

    assert seeds_of(folder) == {"alexnet": 2, "tanh": 1}
    assert told.reasons == ["the budget ended before 5 of 8 trials were begun"]


def test_choosing_rates_does_not_count_against_the_budget(conclude):
    errors = {"alexnet": constant(0.10), "no-lrn": constant(0.20)}

    folder = conclude(errors, variants="alexnet,no-lrn", tune="lr", budget=8 * 60.0)

    results = [row for row in run_records(folder) if counts(row)]
    assert len(results) == 8 < len(run_records(folder))


def test_where_each_seed_chooses_its_rate_that_counts_against_the_budget(conclude):
    """Seven rates, of which two are trained for longer, and a result, a minute each: 80 for four seeds."""
    errors = {"alexnet": constant(0.10), "tanh": unsure(0.10)}
    asked = {"variants": "alexnet,tanh", "tune": "lr-per-seed", "observer": (told := Told())}

    folder = conclude(errors, budget=81 * 60.0, **asked)

    assert seeds_of(folder, "result") == {"alexnet": 4, "tanh": 4}
    assert told.reasons == ["the budget leaves no time for the trials up to 8 seeds"]


def test_seeds_that_choose_their_rates_are_trained_one_after_the_other(carry_out):
    """So that a run cut short has whole pairs. It goes on with exactly what is missing."""
    trained, asked = [], {"variants": "alexnet,tanh", "tune": "lr-per-seed", "seeds": 3, "epochs": 6}

    def columns(task, until=math.inf):
        if len(trained) == until:
            raise KeyboardInterrupt
        trained.append(task)
        rate = task.network.recipe.learning_rate
        return {"curve": steady_curve(rate, task.most_epochs or 6), "test_top1_error": rate}

    with pytest.raises(KeyboardInterrupt):
        carry_out(lambda task: columns(task, 20), **asked)
    folder = carry_out(columns, **asked)

    rates = {row.seed: row.recipe_settings["learning_rate"] for row in run_records(folder) if counts(row)}
    # The lowest of those below the grid that may be tried; what it takes is the same for every seed.
    assert len({round(rate, 9) for rate in rates.values()}) == 1
    of_seed = [task.seed % 1_000_000 for task in trained]
    assert of_seed == sorted(of_seed)
    assert [task.purpose for task in trained if task.seed % 1_000_000 == 1][-2:] == ["result", "result"]
    assert len({(task_key(task), task.most_epochs) for task in trained}) == len(trained)
    rows = effects(run_records(folder), [read_manifest(folder)], None).set_index("measure")
    assert rows.loc["test_top1_error", "pairs"] == 3


def test_a_run_that_goes_on_looks_where_it_was_planned(conclude):
    errors = {"alexnet": constant(0.10), "tanh": unsure(0.10)}
    asked = {"variants": "alexnet,tanh", "seeds": 8}
    folder = conclude(errors, **asked)
    before = len(run_records(folder))

    conclude(errors, **asked)

    assert len(run_records(folder)) == before
    with pytest.raises(RecordError, match="planned with looks"):
        resume_settings(folder, 40)


def test_each_arm_is_judged_beside_its_own_control(conclude):
    """Which nobody named. An arm that goes on takes its control along, and no other."""
    errors = {
        "alexnet": constant(0.10),
        "no-lrn": constant(0.20),
        "relu-he": constant(0.30),
        "tanh-he": unsure(0.30),
    }

    folder = conclude(errors, variants="no-lrn,tanh-he", seeds=8)

    assert seeds_of(folder) == {"alexnet": 4, "relu-he": 8, "no-lrn": 4, "tanh-he": 8}
    assert verdicts(folder) == {"no-lrn": "worse", "tanh-he": "inconclusive"}


def test_a_control_that_is_given_is_judged_beside_all(conclude):
    errors = {"tanh": constant(0.10), "no-lrn": constant(0.20), "tanh-he": unsure(0.10)}

    folder = conclude(errors, variants="no-lrn,tanh-he", control="tanh", seeds=8)

    assert seeds_of(folder) == {"tanh": 8, "no-lrn": 4, "tanh-he": 8}


def test_no_rate_is_tried_for_longer_than_can_be_of_use_where_a_recipe_stops(carry_out):
    """Each trial is asked for when what was recorded before it is known."""
    given = []

    def columns(task):
        rate = task.network.recipe.learning_rate
        if task.purpose == "tuning":
            given.append((round(rate, 4), task.most_epochs))
        errors = [0.6, 0.45, 0.4, 0.2] if rate == 0.02 else [0.7, 0.5, *[0.3] * 18]
        return {"curve": [curve_point(*point) for point in enumerate(errors[: task.most_epochs], 1)]}

    carry_out(columns, variants="alexnet", tune="lr", seeds=1, recipe="figure-1", epochs=20)

    grid = [(rate, 2) for rate in (0.02, 0.0067, 0.06, 0.002)]
    # The better one is there after 3.25 epochs; that three times, the other one has used up with one seed.
    assert given == [*grid, *[(0.02, 20)] * 3, (0.002, 10)]


@pytest.mark.parametrize("done", [0, 3, 4, 5, 7, 8, 10])
def test_a_run_that_was_killed_goes_on_with_exactly_what_is_missing(carry_out, done):
    """In a rung, between rungs, after tuning: four rates, three seeds of the better one, results."""
    asked = {"variants": "alexnet", "tune": "lr", "seeds": 3, "recipe": "figure-1", "epochs": 20}
    trained, told = [], Planned()

    def columns(task, until=math.inf):
        if len(trained) == until:
            raise KeyboardInterrupt
        rate = task.network.recipe.learning_rate
        trained.append((task.purpose, rate, task.seed, task.most_epochs))
        errors = [0.6, 0.45, 0.4, 0.2] if rate == 0.02 else [0.7, 0.5, *[0.3] * 18]
        return {"curve": [curve_point(*point) for point in enumerate(errors[: task.most_epochs], 1)]}

    with pytest.raises(KeyboardInterrupt):
        carry_out(lambda task: columns(task, done), **asked)
    carry_out(columns, observer=told, **asked)

    # The other rate that goes on has no chance after one seed.
    assert [purpose for purpose, *_ in trained] == ["tuning"] * 8 + ["result"] * 3
    assert len(set(trained)) == len(trained)
    assert told.plans[-1] == (0, min(3, 11 - done), 0)
    if done < 4:
        assert told.plans[0] == (10 - done, 3, 0)
