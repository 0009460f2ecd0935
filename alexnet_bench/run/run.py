"""One run: makes or reopens its folder, does what is left to do, appends each record as it comes."""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alexnet_bench.environment import describe_environment, git_commit, now
from alexnet_bench.errors import BenchError, RecordError
from alexnet_bench.records.manifest import Environment, Manifest, Plan, read_manifest, write_manifest
from alexnet_bench.records.run_folder import (
    CHECKPOINTS,
    LOG,
    create_run,
    open_run,
    run_records,
    set_records_aside,
    sound_records,
)
from alexnet_bench.records.schema import FAULTS, HEAD, AnyRecord, Draw, Trial
from alexnet_bench.run.executors.executor import Executor, cluster_executor
from alexnet_bench.run.executors.local import LocalExecutor
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.machine import read_machine
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.retries import is_retried
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import this_side
from alexnet_bench.run.task import checkpoint_file
from alexnet_bench.run.timer import Timer
from alexnet_bench.run.training import Training
from alexnet_bench.run.trials import run_trials
from alexnet_bench.run.trust import remember
from alexnet_bench.words import plain
from alexnet_bench.worker.build_info import settings as settings_of

Kind = TypeVar("Kind", Trial, Draw)


def start_run(schedule: Schedule, folder: Path, command: str) -> None:
    """Make the folder of a new run."""
    make_folder(folder, command, schedule.settings, _plan(schedule), git_commit())


def make_folder(folder: Path, command: str, settings: Settings, plan: Plan, revision: str | None) -> str:
    """Make a run's folder with its manifest, and return the run's id."""
    run_id = uuid.uuid4().hex[:12]
    manifest = Manifest(
        run_id=run_id,
        # A folder's name may be of bytes that no text has.
        command=plain(command),
        created_at=now(),
        git_commit=revision,
        environment=_environment(),
        settings=asdict(settings),
        plan=plan,
    )
    create_run(folder, manifest)
    remember(settings.ablations)
    return run_id


def _environment() -> Environment:
    return Environment(**describe_environment(), settings=read_machine(), variables=settings_of(os.environ))


def resume_settings(folder: Path, seeds: int | None, others: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a run that is to go on, with more seeds where asked, and others in place of its own.

    Nothing of the run is changed.

    Raises:
        RecordError: the folder holds no run, or fewer seeds are asked for than it has.
    """
    manifest = read_manifest(folder)
    if manifest.plan.kind == "comparison":
        raise RecordError(f"{folder} holds a comparison, which cannot go on; start it again")
    try:
        settings = Settings(**manifest.settings | dict(others or {}))
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
    return next((record.threads for record in sound_records(folder) if isinstance(record, Trial)), None)


def planned_draws(folder: Path) -> int | None:
    """The draws that a run was begun with: what its preset stands for may have changed since."""
    return read_manifest(folder).plan.draws or None


def continue_run(
    schedule: Schedule, folder: Path, observer: Observer, *, retries_errors: bool = False
) -> list[AnyRecord]:
    """Do what is left to do of a run, and return all its records.

    A trial or draw counts as done when its record is there. That of what a fault ended (it was killed or
    silent, or memory ran out), or with `retries_errors` a program's error, is moved aside first.

    Raises:
        BenchError: the data are others than the run was begun with, or they or a block turned out to be
            unusable; what was finished is kept.
    """
    with open_run(folder) as add:
        manifest, plan = read_manifest(folder), _plan(schedule)
        if not run_records(folder):
            # Nothing was measured yet: here and now is what it is begun with.
            manifest = msgspec.structs.replace(manifest, environment=_environment())
        _check_reading(folder, manifest, plan.reading)
        before, after = manifest.plan.data_digest, plan.data_digest
        # Runs from before digests were kept have none.
        if before is not None and before != after:
            raise RecordError(
                f"{folder} was begun with other images or labels than {schedule.settings.dataset} holds now "
                f"(digest {before}, now {after}); bring back the former ones, or start a new run"
            )
        settings = asdict(schedule.settings)
        write_manifest(folder, msgspec.structs.replace(manifest, plan=plan, settings=settings))
        again = is_retried(run_records(folder), schedule.choices, program_errors=retries_errors)
        observer.retried(set_records_aside(folder, again))
        records = run_records(folder)
        for record in records:
            # Where it was ended between a record and this.
            _remove_checkpoint(folder, record)
        observer.begun(plan)
        with contextlib.ExitStack() as stack:
            executor: Executor
            if schedule.capacity.on_cluster:
                zygote, executor = None, stack.enter_context(cluster_executor(schedule, folder))
            else:
                zygote = stack.enter_context(Zygote(folder / LOG))
                executor = LocalExecutor(schedule, zygote, folder)
            run = _Run(schedule, folder, records, observer, zygote, executor, manifest.run_id, add)
            run.carry_out()
        _remove_other_checkpoints(folder, records)
        return records


def _check_reading(folder: Path, begun: Manifest, now: int | None) -> None:
    """Refuse to mix trials on the same files that were read to other pixels."""
    # Runs from before it was kept were read as the first version does.
    before = 1 if begun.plan.reading is None else begun.plan.reading
    if now is not None and before != now and run_records(folder):
        raise RecordError(
            f"{folder} was begun when image files were read otherwise (version {before}, now {now}) and gave "
            "other pixels; start a new run"
        )


class _Run:
    """A run that goes on; `records` are those that there are, and grow with it."""

    def __init__(
        self,
        schedule: Schedule,
        folder: Path,
        records: list[AnyRecord],
        observer: Observer,
        zygote: Zygote | None,
        executor: Executor,
        run_id: str,
        add: Callable[[AnyRecord], None],
    ) -> None:
        self.schedule, self.folder, self.records, self.observer = schedule, folder, records, observer
        self.zygote, self.executor, self.run_id, self.add = zygote, executor, run_id, add

    def carry_out(self) -> None:
        """Choose the rates that all seeds share, time, train."""
        schedule = self.schedule
        training = Training(
            schedule, self.folder, self.records, self.observer, self._train, self.executor.places
        )
        draws = schedule.timing.tasks_left(self._of(Draw)) if schedule.times else 0
        for _ in training.choose_shared_rates():
            training.announce(draws)
        training.announce(draws)
        # Timing first: it is what a machine that others start to use later spoils.
        if schedule.times and self.zygote:
            self._time(self.zygote)
        training.carry_out()

    def _train(self, tasks: Iterable[TrialTask]) -> None:
        begun = self._begun(tasks)
        run_trials(self.schedule, begun, self.executor, self.run_id, self._keep, self.observer.epoch)

    def _begun(self, tasks: Iterable[TrialTask]) -> Iterator[TrialTask]:
        """Each is asked for as soon as there is a place for it."""
        for task in tasks:
            self.observer.started(task)
            yield task

    def _time(self, zygote: Zygote) -> None:
        settings, log = self.schedule.settings, self.folder / LOG
        sides, zygotes = {HEAD: this_side(settings)}, {HEAD: zygote}
        with Timer(sides, settings, log=log, run_id=self.run_id, zygotes=zygotes) as timer:
            timer.carry_out(self.schedule.timing, self._of(Draw), self._keep, self.observer.timing)

    def _keep(self, record: AnyRecord) -> None:
        if isinstance(record, Trial) and record.status == "out-of-memory":
            # First, lest it goes on as before where it is ended between both.
            self._halve_jobs()
        self.add(record)
        self.records.append(record)
        _remove_checkpoint(self.folder, record)
        self.observer.recorded(record)

    def _halve_jobs(self) -> None:
        """Have the run go on, when it does, with half as many trials at a time."""
        manifest = read_manifest(self.folder)
        half = max(1, self.executor.places // 2)
        if manifest.plan.most_jobs != half:
            plan = msgspec.structs.replace(manifest.plan, most_jobs=half)
            write_manifest(self.folder, msgspec.structs.replace(manifest, plan=plan))

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [record for record in self.records if isinstance(record, kind)]


def _remove_checkpoint(folder: Path, record: AnyRecord) -> None:
    """Of a trial that is done; one that a fault ended goes on from there when it is tried again."""
    if isinstance(record, Trial) and record.status not in FAULTS:
        with contextlib.suppress(OSError):
            (folder / checkpoint_file(msgspec.structs.asdict(record))).unlink()


def _remove_other_checkpoints(folder: Path, records: Iterable[AnyRecord]) -> None:
    """All but those of trials that a fault ended: half written ones, and those that nobody goes on from."""
    wanted = {
        folder / checkpoint_file(msgspec.structs.asdict(record))
        for record in records
        if isinstance(record, Trial) and record.status in FAULTS
    }
    with contextlib.suppress(OSError):
        for file in set((folder / CHECKPOINTS).iterdir()) - wanted:
            file.unlink()
        (folder / CHECKPOINTS).rmdir()


def _plan(schedule: Schedule) -> Plan:
    """The plan with a digest of what is trained on, for which a large folder is read whole once."""
    plan = schedule.manifest_plan()
    if not schedule.trains:
        return plan
    data = schedule.dataset
    return msgspec.structs.replace(plan, data_digest=data.digest, reading=data.reading)
