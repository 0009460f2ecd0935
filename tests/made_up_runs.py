"""Runs whose trials are made up: nobody trains, and no workers are started."""

import contextlib
from unittest import mock

from made_up_trials import made_up_trial

from alexnet_bench.records.manifest import MANIFEST
from alexnet_bench.records.schema import PER_SEED
from alexnet_bench.run import run as runs
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.run import continue_run, start_run
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings

SILENT = Observer()


def carry_out(folder, columns, observer=SILENT, *, retries_errors=False, **asked):
    """Carry out a run, or go on with it, with trials whose columns are a function of the task."""
    schedule = Schedule(Settings(measure="accuracy", jobs=1, **asked))
    goes_on(schedule, folder, columns, observer, retries_errors=retries_errors)
    return folder


def goes_on(schedule, folder, columns, observer=SILENT, *, retries_errors=False):
    """Carry out what is due of a run by a schedule."""

    def train(schedule, tasks, executor, run_id, keep, on_epoch):
        tune = {"tuned": bool(schedule.settings.tune)}
        tune["rate_per_seed"] = schedule.settings.tune == PER_SEED
        for task in tasks:
            own = {"data_digest": schedule.dataset.digest, "threads": schedule.capacity.threads}
            keep(made_up_trial(task, run_id, **tune, **own, **columns(task)))

    if not (folder / MANIFEST).exists():
        start_run(schedule, folder, "a test")
    no_zygote = mock.patch.object(runs, "Zygote", lambda log: contextlib.nullcontext())
    with mock.patch.object(runs, "run_trials", train), no_zygote:
        continue_run(schedule, folder, observer, retries_errors=retries_errors)
