"""Which trials are run, with outcomes that are made up: seeds until there is a verdict, and rates."""

import contextlib

import pytest
from made_up_trials import made_up_trial
from report_runs import curve_point

from alexnet_bench.analysis.effects import effects
from alexnet_bench.errors import RecordError
from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.run import run as runs
from alexnet_bench.run.run import Observer, continue_run, resume_settings, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

SILENT = Observer()
# Alternates, so that no number of seeds below 32 tells it from nothing.
UNSURE = (0.02, -0.02, 0.03, -0.01)


@pytest.fixture
def carry_out(monkeypatch, tmp_path):
    """Carry out a run, or go on with it, with trials that are made up by a function of the task."""

    def do(columns, observer=SILENT, **asked):
        def train(schedule, tasks, zygote, place, run_id, keep, on_epoch):
            for task in tasks:
                keep(made_up_trial(task, run_id, **columns(task)))

        monkeypatch.setattr(runs, "run_trials", train)
        monkeypatch.setattr(runs, "Zygote", lambda log: contextlib.nullcontext())
        schedule, folder = Schedule(Settings(measure="accuracy", jobs=1, **asked)), tmp_path / "run"
        if not folder.exists():
            start_run(schedule, folder, "a test")
        continue_run(schedule, folder, observer)
        return folder

    return do


@pytest.fixture
def conclude(carry_out):
    """Run variants whose error is made up by seed, a minute a trial, until they are conclusive."""

    def do(errors, **asked):
        def columns(task):
            column = "validation_top1_error" if task.purpose == "tuning" else "test_top1_error"
            return {"duration_seconds": 60.0, column: errors[task.network.variant.name](task.seed)}

        return carry_out(columns, until_conclusive=True, **asked)

    return do


class Told(Observer):
    """Remembers why less was trained."""

    def __init__(self):
        self.reasons = []

    def stopped(self, reason):
        self.reasons.append(reason)


def constant(error):
    return lambda seed: error + 0.0003 * (seed % 3)


def unsure(error):
    return lambda seed: error + UNSURE[seed % 4] * (1 + seed % 3)


def seeds_of(folder):
    """How many seeds of each variant were trained."""
    rows = run_records(folder)
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

    results = [row for row in run_records(folder) if row.purpose == "result"]
    assert len(results) == 8 < len(run_records(folder))


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


@pytest.mark.parametrize(
    ("recipe", "tried"),
    [
        # None for longer than the best one took: from 0.02 on, rates get to 25% in the fourth epoch.
        ("figure-1", [(0.02, None), (0.0067, 4), (0.06, 4), (0.002, 4)]),
        # It stops at no training error; all rates tie, so the lowest is the best, and three beyond are tried.
        ("paper", [(rate, None) for rate in (0.01, 0.0033, 0.03, 0.001, 0.0003, 0.0001, 0.0)]),
    ],
)
def test_the_epochs_that_each_rate_is_given(carry_out, recipe, tried):
    given = []

    def columns(task):
        rate = task.network.recipe.learning_rate
        if task.purpose == "tuning":
            given.append((round(rate, 4), task.most_epochs))
        errors = [0.9, 0.6, 0.4, 0.2 if rate >= 0.02 else 0.3]
        curve = [curve_point(epoch, error) for epoch, error in enumerate(errors, 1)]
        return {"curve": curve, "validation_top1_error": 0.3}

    carry_out(columns, variants="alexnet", tune="lr", seeds=1, recipe=recipe)

    assert given == tried
