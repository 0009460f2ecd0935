"""One run: makes or reopens its folder, does what is left to do, appends each record as it comes."""

import math
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alexnet_bench.analysis.rates import chosen_rates
from alexnet_bench.environment import describe_environment, git_commit, now
from alexnet_bench.errors import BenchError, RecordError
from alexnet_bench.records.manifest import Environment, Manifest, Plan, read_manifest, write_manifest
from alexnet_bench.records.run_folder import add_record, create_run, reopen_run, run_records
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw, Trial
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.machine import read_machine
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import this_side
from alexnet_bench.run.timer import Timer
from alexnet_bench.run.timing_plan import DrawTask
from alexnet_bench.run.trials import run_trials, task_key, trial_key
from alexnet_bench.run.tuning import TUNING_SEEDS

Kind = TypeVar("Kind", Trial, Draw)


class Observer:
    """What is told how a run gets on; this one takes no notice."""

    def begun(self, plan: Plan) -> None:
        """A run goes ahead; its workers take seconds to start."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """How much is left to do: before it starts, before each rung of tuning, after rates are chosen."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """A trial has ended an epoch."""

    def recorded(self, record: AnyRecord) -> None:
        """A record is on disk."""

    def timing(self, task: DrawTask, event: str) -> None:
        """Timing goes on."""

    def stopped(self, reason: str) -> None:
        """Less is trained than was planned."""


def start_run(schedule: Schedule, folder: Path, command: str) -> None:
    """Make the folder of a new run."""
    make_folder(folder, command, schedule.settings, _plan(schedule), git_commit())


def make_folder(folder: Path, command: str, settings: Settings, plan: Plan, revision: str | None) -> str:
    """Make a run's folder with its manifest, and return the run's id."""
    run_id = uuid.uuid4().hex[:12]
    manifest = Manifest(
        run_id=run_id,
        command=command,
        created_at=now(),
        git_commit=revision,
        environment=Environment(**describe_environment(), settings=read_machine()),
        settings=asdict(settings),
        plan=plan,
    )
    create_run(folder, manifest)
    return run_id


def resume_settings(folder: Path, seeds: int | None) -> Settings:
    """The settings of a run that is to go on, with more seeds where asked.

    Raises:
        RecordError: the folder holds no run, or fewer seeds are asked for than it has.
    """
    manifest = reopen_run(folder)
    if manifest.plan.kind == "comparison":
        raise RecordError(f"{folder} holds a comparison, which cannot go on; start it again")
    try:
        settings = Settings(**manifest.settings)
    except (BenchError, TypeError) as error:
        raise RecordError(f"{folder} holds settings that cannot be read ({error}); start a new run") from None
    before = len(manifest.plan.seeds)
    if seeds is None:
        return settings if settings.looks else replace(settings, seeds=before or None)
    if settings.until_conclusive:
        raise RecordError(f"{folder} was planned with looks at {settings.looks} seeds; leave out --seeds")
    if seeds < before:
        raise RecordError(f"{folder} was planned with {before} seeds; ask for at least as many")
    return replace(settings, seeds=seeds)


def trial_threads(folder: Path) -> int | None:
    """The threads of a run's trials; None without one.

    With others, later trials would give other numbers, which are not compared with those.
    """
    return next((record.threads for record in run_records(folder) if isinstance(record, Trial)), None)


def planned_draws(folder: Path) -> int | None:
    """The draws that a run was begun with: what its preset stands for may have changed since."""
    return read_manifest(folder).plan.draws or None


def continue_run(schedule: Schedule, folder: Path, observer: Observer) -> list[AnyRecord]:
    """Do what is left to do of a run, and return all its records.

    A trial or draw counts as done when its record is there, whatever its status.

    Raises:
        BenchError: the data are others than the run was begun with, or they or a block turned out to be
            unusable; what was finished is kept.
    """
    manifest = reopen_run(folder)
    plan = _plan(schedule)
    before, after = manifest.plan.data_digest, plan.data_digest
    # Runs from before digests were kept have none.
    if before is not None and before != after:
        raise RecordError(
            f"{folder} was begun with other images or labels than {schedule.settings.dataset} holds now "
            f"(digest {before}, now {after}); bring back the former ones, or start a new run"
        )
    write_manifest(folder, msgspec.structs.replace(manifest, plan=plan, settings=asdict(schedule.settings)))
    observer.begun(plan)
    with Zygote(folder / "workers.log") as zygote:
        _Run(schedule, folder, observer, zygote, manifest.run_id).carry_out()
    return run_records(folder)


def undecided(folder: Path) -> set[str]:
    """The arms of a run whose verdict on error is that it is inconclusive, and their controls."""
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.analysis.metrics import HEADLINES

    manifest = read_manifest(folder)
    found = effects(run_records(folder), [manifest], {manifest.run_id: folder})
    errors = found["measure"].isin([metric.name for metric in HEADLINES])
    rows = found[errors & (found["verdict"] == "inconclusive")]
    return {*rows["arm"], *rows["control"]}


class _Run:
    """A run that goes on; what was done is read from its folder whenever that is asked."""

    def __init__(
        self, schedule: Schedule, folder: Path, observer: Observer, zygote: Zygote, run_id: str
    ) -> None:
        self.schedule, self.folder, self.observer = schedule, folder, observer
        self.zygote, self.run_id = zygote, run_id

    def carry_out(self) -> None:
        """Choose rates, time, train."""
        schedule = self.schedule
        draws = schedule.timing.tasks_left(self._of(Draw)) if schedule.times else 0
        trials = self._left(schedule.trials())
        while any(rungs := self._tuning_left()):
            self.observer.planned(sum(map(len, rungs)), len(trials), draws)
            self._train(self._next_rung())
        trials = self._trials_left()
        self.observer.planned(0, len(trials), draws)
        # Timing first: it is what a machine that others start to use later spoils.
        if schedule.times:
            self._time()
        if not schedule.settings.looks:
            self._train(trials)
        for some in self._by_looks():
            self.observer.planned(0, len(some), 0)
            self._train(self._within_budget(some))

    def _train(self, tasks: Iterable[TrialTask]) -> None:
        run_trials(
            self.schedule, tasks, self.zygote, self.folder, self.run_id, self._keep, self.observer.epoch
        )

    def _time(self) -> None:
        settings, log = self.schedule.settings, self.folder / "workers.log"
        sides, zygotes = {HEAD: this_side(settings)}, {HEAD: self.zygote}
        with Timer(sides, settings, log=log, run_id=self.run_id, zygotes=zygotes) as timer:
            timer.carry_out(self.schedule.timing, self._of(Draw), self._keep, self.observer.timing)

    def _keep(self, record: AnyRecord) -> None:
        add_record(self.folder, record)
        self.observer.recorded(record)

    def _by_looks(self) -> Iterator[list[TrialTask]]:
        """The trials up to each planned look, of the control and of the arms that have no verdict yet.

        It ends when all have one, or where the budget leaves no time for the trials up to the next look, if
        each takes as long as those before it.
        """
        schedule, names = self.schedule, set(self.schedule.compared.names)
        for look in schedule.settings.looks:
            if look > schedule.settings.looks[0]:
                names = undecided(self.folder)
            if not names:
                return
            wanted = {schedule.aliases.get(name, name) for name in names}
            left = [
                task
                for task in self._trials_left()
                if task.seed < look and task.network.variant.name in wanted
            ]
            took = self._trial_seconds() or [0.0]
            if sum(took) * (1 + len(left) / len(took)) > self._budget:
                self.observer.stopped(f"the budget leaves no time for the trials up to {look} seeds")
                return
            yield left

    def _within_budget(self, tasks: list[TrialTask]) -> Iterator[TrialTask]:
        """The trials that are begun before the budget is used up: what the first ones take, nobody knows."""
        for number, task in enumerate(tasks):
            if sum(self._trial_seconds()) >= self._budget:
                left = f"{len(tasks) - number} of {len(tasks)}"
                self.observer.stopped(f"the budget ended before {left} trials were begun")
                return
            yield task

    @property
    def _budget(self) -> float:
        """Seconds for all trials, those side by side counted one after the other."""
        budget = self.schedule.settings.budget
        return math.inf if budget is None else budget * self.schedule.jobs

    def _trial_seconds(self) -> list[float]:
        """What the trials that count took; choosing rates has no budget."""
        return [trial.duration_seconds for trial in self._of(Trial) if trial.purpose == "result"]

    def _next_rung(self) -> Iterator[TrialTask]:
        """The trials of the first rung that has some left, each as what was recorded before it asks for."""
        number = next(number for number, rung in enumerate(self._tuning_left()) if rung)
        begun = set()
        while left := [task for task in self._tuning_left()[number] if task_key(task) not in begun]:
            begun.add(task_key(left[0]))
            yield left[0]

    def _tuning_left(self) -> list[list[TrialTask]]:
        return self.schedule.tuning_rungs(run_records(self.folder))

    def _trials_left(self) -> list[TrialTask]:
        """Those that count, at the rates that are chosen."""
        return self._left(self.schedule.trials(chosen_rates(run_records(self.folder), TUNING_SEEDS)))

    def _left(self, tasks: list[TrialTask]) -> list[TrialTask]:
        done = set(map(trial_key, self._of(Trial)))
        return [task for task in tasks if task_key(task) not in done]

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [record for record in run_records(self.folder) if isinstance(record, kind)]


def _plan(schedule: Schedule) -> Plan:
    """The plan with a digest of what is trained on, for which a large folder is read whole once."""
    digest = schedule.dataset.digest if "accuracy" in schedule.settings.measure else None
    return msgspec.structs.replace(schedule.manifest_plan(), data_digest=digest)
