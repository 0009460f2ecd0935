"""One run: makes or reopens its folder, does what is left to do, appends each record as it comes."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from alexnet_bench.analysis.rates import chosen_rates, fewest_epochs
from alexnet_bench.environment import describe_environment, git_commit
from alexnet_bench.errors import BenchError, RecordError
from alexnet_bench.records.run_folder import (
    add_record,
    create_run,
    read_manifest,
    reopen_run,
    run_records,
    write_manifest,
)
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw, Trial
from alexnet_bench.run.clock import now
from alexnet_bench.run.local import Code, Zygote
from alexnet_bench.run.machine import read_machine
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.session import Sessions, Side
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.throughput import time_contenders
from alexnet_bench.run.timing_plan import DrawTask
from alexnet_bench.run.trials import run_trials, task_key, trial_key


class Observer(Protocol):
    """What is told how a run gets on."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """How much is left to do, before it starts and after the rates are chosen."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """A trial has ended an epoch."""

    def recorded(self, record: AnyRecord) -> None:
        """A record is on disk."""

    def timing(self, task: DrawTask, event: str) -> None:
        """A timing session goes on."""

    def stopped(self, reason: str) -> None:
        """Less is trained than was planned."""


class Silent:
    """An observer that does nothing."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """Nothing."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """Nothing."""

    def recorded(self, record: AnyRecord) -> None:
        """Nothing."""

    def timing(self, task: DrawTask, event: str) -> None:
        """Nothing."""

    def stopped(self, reason: str) -> None:
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
            "environment": describe_environment() | {"settings": read_machine()},
            "settings": asdict(schedule.settings),
            "plan": _plan(schedule),
        },
    )


def resume_settings(folder: Path, seeds: int | None) -> Settings:
    """The settings of a run that is to go on, with more seeds where asked.

    Raises:
        RecordError: the folder holds no run, or fewer seeds are asked for than it has.
    """
    manifest = reopen_run(folder)
    if manifest.get("plan", {}).get("kind") == "comparison":
        raise RecordError(f"{folder} holds a comparison, which cannot go on; start it again")
    try:
        settings = Settings(**manifest["settings"])
    except (BenchError, KeyError, TypeError) as error:
        raise RecordError(f"{folder} holds settings that cannot be read ({error}); start a new run") from None
    if seeds is None:
        return settings
    if settings.until_conclusive:
        raise RecordError(f"{folder} was planned with looks at {settings.looks} seeds; leave out --seeds")
    before = settings.seeds or settings.scale.seeds
    if seeds < before:
        raise RecordError(f"{folder} was planned with {before} seeds; ask for at least as many")
    return replace(settings, seeds=seeds)


def continue_run(schedule: Schedule, folder: Path, observer: Observer) -> list[AnyRecord]:
    """Do what is left to do of a run, and return all its records.

    A trial or draw counts as done when its record is there, whatever its status.

    Raises:
        BenchError: the data are others than the run was begun with, or they or a block turned out to be
            unusable; what was finished is kept.
    """
    manifest = reopen_run(folder)
    plan = _plan(schedule)
    _check_same_data(folder, manifest.get("plan", {}), plan, schedule.settings.dataset)
    manifest["plan"], manifest["settings"] = plan, asdict(schedule.settings)
    write_manifest(folder, manifest)
    run_id = manifest["run_id"]

    def keep(record: AnyRecord) -> None:
        add_record(folder, record)
        observer.recorded(record)

    tuning = _tuning_left(schedule, folder)
    with Zygote(folder / "workers.log") as zygote:

        def train(tasks: Iterable[TrialTask]) -> None:
            run_trials(schedule, tasks, zygote, folder, run_id, keep, observer.epoch)

        sessions = schedule.timing.sessions_left(_draws(folder)) if schedule.times else 0
        observer.planned(len(tuning), len(_trials_left(schedule.trials(), folder)), sessions)
        while tuning:
            train(_while_it_can_win(tuning, folder))
            tuning = _tuning_left(schedule, folder)
        trials = _trials_left(schedule.trials(chosen_rates(run_records(folder))), folder)
        observer.planned(0, len(trials), sessions)
        # Timing first: it is what a machine that others start to use later spoils.
        if schedule.times:
            _time(schedule, zygote, folder, run_id, keep, observer)
        if not schedule.settings.looks:
            train(trials)
        for some in _by_looks(schedule, folder, observer):
            observer.planned(0, len(some), 0)
            train(_within_budget(some, schedule, folder, observer))
    return run_records(folder)


def _plan(schedule: Schedule) -> dict[str, Any]:
    """The plan with a digest of what is trained on, for which a large folder is read whole once."""
    trains = "accuracy" in schedule.settings.measure
    return schedule.manifest_plan() | {"data_digest": schedule.dataset.digest if trains else None}


def _check_same_data(folder: Path, begun: dict[str, Any], now: dict[str, Any], dataset: str) -> None:
    """Refuse to add to the seeds of other images. Runs from before digests were kept have none."""
    before, after = begun.get("data_digest"), now["data_digest"]
    if before is not None and before != after:
        raise RecordError(
            f"{folder} was begun with other images or labels than {dataset} holds now (digest {before}, now "
            f"{after}); bring back the former ones, or start a new run"
        )


def _by_looks(schedule: Schedule, folder: Path, observer: Observer) -> Iterator[list[TrialTask]]:
    """The trials up to each planned look, of the control and of the arms that have no verdict yet.

    It ends when all have one, or where the budget leaves no time for the trials up to the next look.
    """
    for look in schedule.settings.looks:
        names = undecided(folder) if look > schedule.settings.looks[0] else set(schedule.compared.names)
        wanted = {schedule.aliases.get(name, name) for name in names}
        trials = schedule.trials(chosen_rates(run_records(folder)))
        due = [task for task in trials if task.seed < look and task.network.variant.name in wanted]
        left = _trials_left(due, folder)
        if not names:
            return
        if not _affordable(schedule, len(left), folder):
            observer.stopped(f"the budget leaves no time for the trials up to {look} seeds")
            return
        yield left


def undecided(folder: Path) -> set[str]:
    """The arms of a run whose verdict on error is that it is inconclusive, and their controls."""
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.analysis.metrics import HEADLINES

    manifest = read_manifest(folder)
    found = effects(run_records(folder), [manifest], {manifest["run_id"]: folder})
    errors = found["measure"].isin([metric.name for metric in HEADLINES])
    rows = found[errors & (found["verdict"] == "inconclusive")]
    return {*rows["arm"], *rows["control"]}


def _affordable(schedule: Schedule, count: int, folder: Path) -> bool:
    """Whether so many trials more fit into the budget, each as long as those before them took."""
    took = _trial_seconds(folder)
    budget = schedule.settings.budget
    if budget is None or not took:
        return True
    return (sum(took) + count * sum(took) / len(took)) / schedule.jobs <= budget


def _within_budget(
    tasks: list[TrialTask], schedule: Schedule, folder: Path, observer: Observer
) -> Iterator[TrialTask]:
    """The trials that are begun before the budget is used up: what the first ones take, nobody knows."""
    budget = schedule.settings.budget
    for number, task in enumerate(tasks):
        if budget is not None and sum(_trial_seconds(folder)) / schedule.jobs >= budget:
            observer.stopped(
                f"the budget ended before {len(tasks) - number} of {len(tasks)} trials were begun"
            )
            return
        yield task


def _trial_seconds(folder: Path) -> list[float]:
    """What the trials that count took; choosing rates has no budget."""
    return [
        record.duration_seconds
        for record in run_records(folder)
        if isinstance(record, Trial) and record.purpose == "result"
    ]


def _time(
    schedule: Schedule,
    zygote: Zygote,
    folder: Path,
    run_id: str,
    keep: Callable[[AnyRecord], None],
    observer: Observer,
) -> None:
    settings = schedule.settings
    side = Side(code=Code(), ablations=settings.ablations, revision=git_commit())
    with Sessions(
        {HEAD: side},
        zygotes={HEAD: zygote},
        modes=settings.mode,
        threads=settings.timed_threads,
        devices=settings.devices,
        slice_seconds=settings.effort.slice_seconds,
        log=folder / "workers.log",
        run_id=run_id,
    ) as sessions:

        def on_records(records: list[Draw]) -> None:
            for record in records:
                keep(record)

        time_contenders(schedule.timing, sessions, _draws(folder), on_records, observer.timing)


def _tuning_left(schedule: Schedule, folder: Path) -> list[TrialTask]:
    return _trials_left(schedule.tuning_trials(run_records(folder)), folder)


def _while_it_can_win(tuning: list[TrialTask], folder: Path) -> Iterator[TrialTask]:
    """The trials that choose a rate, none longer than the best one before it took."""
    for task in tuning:
        which = task.network.variant.name, task.network.precision
        yield replace(task, most_epochs=fewest_epochs(run_records(folder), which))


def _trials_left(tasks: list[TrialTask], folder: Path) -> list[TrialTask]:
    done = {trial_key(record) for record in run_records(folder) if isinstance(record, Trial)}
    return [task for task in tasks if task_key(task) not in done]


def _draws(folder: Path) -> list[Draw]:
    return [record for record in run_records(folder) if isinstance(record, Draw)]
