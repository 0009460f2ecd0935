import contextlib

import pytest
from made_up_trials import made_up_trial

from alexnet_bench.records.schema import PER_SEED
from alexnet_bench.run import run as runs
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

SILENT = Observer()


@pytest.fixture
def carry_out(monkeypatch, tmp_path):
    """Carry out a run, or go on with it, with trials that are made up by a function of the task."""

    def do(columns, observer=SILENT, *, retries_errors=False, **asked):
        def train(schedule, tasks, executor, run_id, keep, on_epoch):
            tune = {"tuned": bool(schedule.settings.tune)}
            tune["rate_per_seed"] = schedule.settings.tune == PER_SEED
            for task in tasks:
                own = {"data_digest": schedule.dataset.digest, "threads": schedule.threads}
                keep(made_up_trial(task, run_id, **tune, **own, **columns(task)))

        monkeypatch.setattr(runs, "run_trials", train)
        monkeypatch.setattr(runs, "Zygote", lambda log: contextlib.nullcontext())
        schedule, folder = Schedule(Settings(measure="accuracy", jobs=1, **asked)), tmp_path / "run"
        if not folder.exists():
            start_run(schedule, folder, "a test")
        continue_run(schedule, folder, observer, retries_errors=retries_errors)
        return folder

    return do
