"""One run: makes or reopens its folder, does what is left to do, appends each record as it comes."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from alexnet_bench.environment import describe_environment, git_commit
from alexnet_bench.errors import RecordError
from alexnet_bench.run_folder import add_record, create_run, reopen_run, run_records, write_manifest
from alexnet_bench.runner.accuracy import run_trials, task_key, trial_key
from alexnet_bench.runner.local import start_server
from alexnet_bench.runner.schedule import DrawTask, Schedule, TrialTask
from alexnet_bench.runner.settings import Settings
from alexnet_bench.runner.tell import now
from alexnet_bench.runner.throughput import run_draw_task


class Observer(Protocol):
    """What is told how a run gets on."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """How much is left to do, before it starts and after the rates are chosen."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """A trial has ended an epoch."""

    def recorded(self, record: dict[str, Any]) -> None:
        """A record is on disk."""

    def timing(self, task: DrawTask, event: str) -> None:
        """A timing session goes on."""


class Silent:
    """An observer that does nothing."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """Nothing."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """Nothing."""

    def recorded(self, record: dict[str, Any]) -> None:
        """Nothing."""

    def timing(self, task: DrawTask, event: str) -> None:
        """Nothing."""


def start_run(schedule: Schedule, folder: Path, command: str) -> None:
    """Make the folder of a new run.

    Raises:
        RecordError: the folder is in use or cannot be written.
    """
    create_run(
        folder,
        {
            "run_id": uuid.uuid4().hex[:12],
            "command": command,
            "created_at": now(),
            "git_commit": git_commit(),
            "environment": describe_environment(),
            "settings": asdict(schedule.settings),
            "plan": schedule.manifest_plan(),
        },
    )


def resume_settings(folder: Path, seeds: int | None) -> Settings:
    """The settings of a run that is to go on, with more seeds where asked.

    Raises:
        RecordError: the folder holds no run, or fewer seeds are asked for than it has.
    """
    manifest = reopen_run(folder)
    try:
        settings = Settings(**manifest["settings"])
    except (KeyError, TypeError) as error:
        raise RecordError(f"{folder} holds settings that cannot be read ({error}); start a new run") from None
    if seeds is None:
        return settings
    before = settings.seeds or settings.scale.seeds
    if seeds < before:
        raise RecordError(f"{folder} was planned with {before} seeds; ask for at least as many")
    return replace(settings, seeds=seeds)


def continue_run(schedule: Schedule, folder: Path, observer: Observer) -> list[dict[str, Any]]:
    """Do what is left to do of a run, and return all its records.

    A trial or draw counts as done when its record is there, whatever its status.

    Raises:
        BenchError: the data or a block turned out to be unusable; what was finished is kept.
    """
    manifest = reopen_run(folder)
    manifest["plan"] = schedule.manifest_plan()
    manifest["settings"] = asdict(schedule.settings)
    write_manifest(folder, manifest)
    start_server(folder / "workers.log")
    run_id = manifest["run_id"]

    def keep(record: dict[str, Any]) -> None:
        add_record(folder, record)
        observer.recorded(record)

    def train(tasks: list[TrialTask]) -> None:
        run_trials(schedule, tasks, folder, run_id, keep, observer.epoch)

    draws = _draws_left(schedule, folder)
    tuning = _trials_left(schedule, schedule.tuning_trials(), folder)
    observer.planned(len(tuning), len(_trials_left(schedule, schedule.trials(), folder)), len(draws))
    train(tuning)
    trials = _trials_left(schedule, schedule.trials(chosen_rates(run_records(folder))), folder)
    observer.planned(0, len(trials), len(draws))
    # Timing first: it is what a machine that others start to use later spoils.
    for task in draws:
        for record in run_draw_task(schedule, task, folder, run_id, _telling(observer, task)):
            keep(record)
    train(trials)
    return run_records(folder)


def chosen_rates(records: list[dict[str, Any]]) -> dict[str, float]:
    """The rate of each tuned variant with the least validation error; the lower one where they tie."""
    best: dict[str, tuple[float, float]] = {}
    for record in records:
        if record["kind"] == "trial" and record["purpose"] == "tuning" and record["status"] == "ok":
            found = (record["validation_top1_error"], record["recipe_settings"]["learning_rate"])
            best[record["variant"]] = min(best.get(record["variant"], found), found)
    return {name: rate for name, (_, rate) in best.items()}


def _telling(observer: Observer, task: DrawTask) -> Callable[[str], None]:
    return lambda event: observer.timing(task, event)


def _trials_left(schedule: Schedule, tasks: list[TrialTask], folder: Path) -> list[TrialTask]:
    done = {trial_key(record) for record in run_records(folder) if record["kind"] == "trial"}
    return [task for task in tasks if task_key(schedule, task) not in done]


def _draws_left(schedule: Schedule, folder: Path) -> list[DrawTask]:
    return schedule.draws(record for record in run_records(folder) if record["kind"] == "draw")
