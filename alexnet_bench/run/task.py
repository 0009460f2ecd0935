"""A trial as data, and how it is carried out.

Its record follows from the task alone, whichever machine carries it out: but for times, what the machine is,
and the last digits that another kind of processor computes otherwise.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from alexnet_bench.environment import git_commit, now, versions
from alexnet_bench.records.run_folder import CHECKPOINTS, PREDICTIONS, writing
from alexnet_bench.records.schema import PER_SEED, Trial
from alexnet_bench.run import limits
from alexnet_bench.run.limits import EpochLimit
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.trainers import Follow, Trainers, Wanted
from alexnet_bench.worker.build_info import settings as settings_of

# What a request names of the run folder: paths in it, or None.
FILES = ("predictions", "model")
CHECKPOINT = "checkpoint"
UNKNOWN_DEVICE = "unknown"
OnRow = Callable[[dict[str, Any]], None]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One trial: what a worker is asked, on what, and what its record says beforehand.

    Args:
        columns: of its record, as far as they are known before it is carried out.
        request: to a worker; files are named by their paths within the run folder.
        worker: that it takes.
        memory_bytes: that the worker will hold, roughly.
        limit: for how long it may be silent.
    """

    columns: dict[str, Any]
    request: dict[str, Any]
    worker: Wanted
    memory_bytes: int
    limit: EpochLimit


def make_task(schedule: Schedule, trial: TrialTask, run_id: str) -> Task:
    """The task of a trial."""
    network, settings = trial.network, schedule.settings
    columns = dict(
        run_id=run_id,
        git_commit=git_commit(),
        **network.columns(),
        batch_size=network.recipe.batch_size,
        epochs=network.recipe.epochs,
        threads=schedule.capacity.threads,
        dataset=schedule.dataset.name,
        data_digest=schedule.dataset.digest,
        seed=trial.seed,
        purpose=trial.purpose,
        tuned=settings.tune is not None,
        rate_per_seed=settings.tune == PER_SEED,
        network=network.fingerprint_at_any_rate,
        hosts=schedule.host_count(network),
    )
    return Task(
        columns=columns,
        request=_train_request(schedule, trial) | {CHECKPOINT: checkpoint_file(columns)},
        worker=Wanted(
            network=network.fingerprint_at_any_rate,
            precision=network.precision,
            threads=schedule.capacity.threads,
            devices=schedule.capacity.trial_devices,
            # Of several hosts, one each.
            device_count=network.device_count if columns["hosts"] == 1 else 1,
            host_count=columns["hosts"],
        ),
        memory_bytes=schedule.capacity.trial_bytes(network),
        limit=limits.of_epoch(network, schedule.dataset, settings.trial_timeout),
    )


def carry_out(task: Task, place: Path, trainers: Trainers, on_row: OnRow) -> Trial:
    """Carry out a task, and return its record.

    Args:
        place: the run folder, or what stands for it: where files go.
        on_row: is given each epoch's row of the curve as it ends.

    Raises:
        BenchError: the worker refused the task as wrong, or none could be started.
    """
    started_at, started = now(), time.perf_counter()
    curve = list[dict[str, Any]]()

    def begun() -> Follow:
        curve.clear()

        def follow(reply: dict[str, Any]) -> float:
            curve.append(reply["row"])
            on_row(reply["row"])
            return task.limit.after(curve)

        return follow

    worker, reply = trainers.train(task.worker, _placed(task.request, place), begun, task.limit.after(curve))
    outcome: dict[str, Any]
    if reply["is"] == "failed":
        outcome = {name: reply.get(name) for name in ("status", "error", "log")} | {"curve": curve}
    else:
        outcome = reply["outcome"]
        if outcome["status"] == "ok":
            outcome["predictions"] = task.request["predictions"]
    return _record(
        task,
        versions=versions() | worker.versions,
        build=worker.build,
        device=worker.device,
        started_at=started_at,
        # One that went on from a checkpoint trained its first epochs before.
        duration_seconds=max(time.perf_counter() - started, sum(row["seconds"] for row in outcome["curve"])),
        peak_memory_bytes=reply.get("peak_memory_bytes"),
        **outcome,
    )


def lost(task: Task, status: str, error: str, started_at: str, seconds: float) -> Trial:
    """The record of a task that no machine got done."""
    return _record(
        task,
        versions=versions(),
        device=UNKNOWN_DEVICE,
        started_at=started_at,
        duration_seconds=seconds,
        status=status,
        error=error,
        curve=(),
    )


def _record(task: Task, **columns: Any) -> Trial:
    return msgspec.convert({"kind": Trial.kind, **task.columns, **columns}, Trial)


def _train_request(schedule: Schedule, trial: TrialTask) -> dict[str, Any]:
    counts, name = trial.purpose == "result", _name(trial)
    keeps_model = counts and schedule.settings.save_models
    return {
        "do": "train",
        **trial.network.request(schedule.settings.ablations),
        "dataset": schedule.settings.dataset,
        "seed": trial.seed,
        "most_epochs": trial.most_epochs,
        "evaluate_test": counts,
        "predictions": f"{PREDICTIONS}/{name}.npz" if counts else None,
        "model": f"models/{name}.keras" if keeps_model else None,
    }


def checkpoint_file(columns: Mapping[str, Any]) -> str:
    """Where in the run folder a trial stands until its record is there, given columns of that.

    The name tells apart what would go on to other numbers: another trial, other data, other libraries.
    """
    kept = ("fingerprint", "precision", "seed", "purpose", "data_digest", "threads", "hosts")
    told = {name: columns[name] for name in kept}, versions(), settings_of(os.environ)
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    return f"{CHECKPOINTS}/{digest}.zip"


def _placed(request: dict[str, Any], place: Path) -> dict[str, Any]:
    """A request whose files are where a worker finds them; their folders are there."""
    files = {kind: place.resolve() / request[kind] for kind in (*FILES, CHECKPOINT) if request[kind]}
    for file in files.values():
        with writing(file.parent):
            file.parent.mkdir(exist_ok=True)
    return request | {kind: str(file) for kind, file in files.items()}


def _name(trial: TrialTask) -> str:
    # No variant has this sign in its name: `q` in bfloat16 is no `q-mixed_bfloat16`.
    precision = "" if trial.network.precision == "float32" else f"@{trial.network.precision}"
    return f"{trial.network.variant.name}{precision}-seed{trial.seed}"
