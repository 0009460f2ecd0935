"""Which rates are tried for how long, with outcomes that are made up."""

import contextlib

import pytest
from made_up_trials import made_up_trial
from report_runs import curve_point

from alexnet_bench.run import run as runs
from alexnet_bench.run.run import Observer, continue_run, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """Tune a variant; returns the epochs that each rate was given, in the order in which they were tried.

    Rates of 0.02 and more reach 25% training error in the fourth epoch, lower ones never.
    """

    def do(recipe):
        given = []

        def train(schedule, tasks, zygote, place, run_id, keep, on_epoch):
            for task in tasks:
                rate = task.network.recipe.learning_rate
                if task.purpose == "tuning":
                    given.append((round(rate, 4), task.most_epochs))
                errors = [0.9, 0.6, 0.4, 0.2 if rate >= 0.02 else 0.3]
                curve = [curve_point(epoch, error) for epoch, error in enumerate(errors, 1)]
                keep(made_up_trial(task, run_id, curve=curve, validation_top1_error=0.3))

        monkeypatch.setattr(runs, "run_trials", train)
        monkeypatch.setattr(runs, "Zygote", lambda log: contextlib.nullcontext())
        asked = {"variants": "alexnet", "measure": "accuracy", "tune": "lr", "seeds": 1, "jobs": 1}
        schedule = Schedule(Settings(recipe=recipe, **asked))
        start_run(schedule, tmp_path / "run", "a test")
        continue_run(schedule, tmp_path / "run", Observer())
        return given

    return do


def test_no_rate_is_tried_for_longer_than_the_best_one_took(tried):
    assert tried("figure-1") == [(0.02, None), (0.0067, 4), (0.06, 4), (0.002, 4)]


def test_where_nothing_is_reached_every_rate_has_all_its_epochs(tried):
    assert {most for _, most in tried("paper")} == {None}
