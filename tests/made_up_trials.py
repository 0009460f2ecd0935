"""Records of trials that nobody trained, as the answers to tasks."""

import msgspec

from alexnet_bench.records.schema import Trial
from alexnet_bench.run.trials import task_key, trial_key


def made_up_trial(task, run_id, **columns):
    """A trial of a task that succeeded, with these outcomes."""
    usual = {
        "threads": 1,
        "duration_seconds": 1.0,
        "curve": [],
        "dataset": "digits",
        "tuned": False,
        "status": "ok",
    }
    values = dict(
        run_id=run_id,
        **task.network.columns(),
        versions={},
        batch_size=task.network.recipe.batch_size,
        epochs=task.network.recipe.epochs,
        device="made up",
        started_at="2026-01-02T03:04:05+00:00",
        seed=task.seed,
        purpose=task.purpose,
        network=task.network.fingerprint_at_any_rate,
        **usual | columns,
    )
    record = msgspec.convert({"kind": "trial", **values}, Trial)
    assert trial_key(record) == task_key(task)
    return record
