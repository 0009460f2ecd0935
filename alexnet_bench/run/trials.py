"""Runs trials, each in a process of its own, and makes a record of each."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from alexnet_bench.environment import git_commit, now, versions
from alexnet_bench.records.schema import Trial
from alexnet_bench.run import limits
from alexnet_bench.run.local import Worker, Workers, Zygote
from alexnet_bench.run.schedule import Schedule, TrialTask

OnRecord = Callable[[Trial], None]
OnEpoch = Callable[[TrialTask, dict[str, Any]], None]


def trial_key(record: Trial) -> tuple[Any, ...]:
    """What makes a trial's record the answer to a task."""
    rate = record.recipe_settings["learning_rate"]
    return record.fingerprint, record.seed, record.purpose, rate, record.precision


def task_key(task: TrialTask) -> tuple[Any, ...]:
    """The same of a task."""
    network = task.network
    rate = network.recipe.learning_rate
    return network.fingerprint, task.seed, task.purpose, rate, network.precision


def run_trials(
    schedule: Schedule,
    tasks: Iterable[TrialTask],
    zygote: Zygote,
    folder: Path,
    run_id: str,
    on_record: OnRecord,
    on_epoch: OnEpoch,
) -> None:
    """Run trials, `schedule.jobs` at a time; each record is handed on as soon as it is there."""
    waiting, workers = iter(tasks), Workers()
    with ThreadPoolExecutor(schedule.jobs) as pool, workers.ended_early(pool):

        def begun(count: int) -> set[Future[Trial]]:
            given = (schedule, zygote, folder, run_id, on_epoch, workers)
            return {pool.submit(_run_trial, task, *given) for task in islice(waiting, count)}

        running = begun(schedule.jobs)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                on_record(future.result())
                running |= begun(1)


def _run_trial(
    task: TrialTask,
    schedule: Schedule,
    zygote: Zygote,
    folder: Path,
    run_id: str,
    on_epoch: OnEpoch,
    workers: Workers,
) -> Trial:
    """Run one trial in a worker, which it adds to `workers`, and return its record."""
    network, started_at, started = task.network, now(), time.perf_counter()
    curve: list[dict[str, Any]] = []

    def follow(reply: dict[str, Any]) -> float:
        curve.append(reply["row"])
        on_epoch(task, reply["row"])
        return limits.of_epoch(network, schedule.dataset, curve)

    with Worker(
        zygote,
        threads=(schedule.threads, schedule.threads),
        devices=schedule.settings.devices,
        device_count=network.device_count,
        deterministic=True,
    ) as worker:
        workers.add(worker)
        limit = limits.of_epoch(network, schedule.dataset)
        reply = worker.ask(_train_request(schedule, task, folder), limit, follow)
    if reply["is"] == "failed":
        outcome = {"status": reply["status"], "error": reply["error"], "curve": curve}
    else:
        outcome = reply["outcome"]
        if task.purpose == "result" and outcome["status"] == "ok":
            outcome["predictions"] = str(_predictions_file(task))
    record = dict(
        kind=Trial.kind,
        run_id=run_id,
        **network.columns(),
        versions=versions() | worker.versions,
        build=worker.build,
        git_commit=git_commit(),
        batch_size=network.recipe.batch_size,
        epochs=network.recipe.epochs,
        device=worker.device,
        threads=schedule.threads,
        started_at=started_at,
        duration_seconds=time.perf_counter() - started,
        peak_memory_bytes=reply.get("peak_memory_bytes"),
        dataset=schedule.dataset.name,
        data_digest=schedule.dataset.digest,
        seed=task.seed,
        purpose=task.purpose,
        tuned=schedule.settings.tune is not None,
        **outcome,
    )
    return msgspec.convert(record, Trial)


def _train_request(schedule: Schedule, task: TrialTask, folder: Path) -> dict[str, Any]:
    counts = task.purpose == "result"
    keep_model = counts and schedule.settings.save_models
    if keep_model:
        (folder / "models").mkdir(exist_ok=True)
    return {
        "do": "train",
        **task.network.request(schedule.settings.ablations),
        "dataset": schedule.settings.dataset,
        "seed": task.seed,
        "most_epochs": task.most_epochs,
        "evaluate_test": counts,
        "predictions": str(folder.resolve() / _predictions_file(task)) if counts else None,
        "model": str(folder.resolve() / "models" / f"{_name(task)}.keras") if keep_model else None,
    }


def _predictions_file(task: TrialTask) -> Path:
    return Path("predictions") / f"{_name(task)}.npz"


def _name(task: TrialTask) -> str:
    precision = "" if task.network.precision == "float32" else f"-{task.network.precision}"
    return f"{task.network.variant.name}{precision}-seed{task.seed}"
