"""Trains what a run has left to train: what chooses rates, and what counts, look by look, within a budget."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.run_folder import run_records
from alexnet_bench.records.schema import PER_SEED, AnyRecord, Trial
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.trials import task_key, trial_key
from alexnet_bench.run.tuning import Choice

Train = Callable[[Iterable[TrialTask]], None]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Some of a run's trials.

    Args:
        choices: of rates, with the seeds that wait for each.
        names: of the variants.
    """

    choices: Sequence[Choice]
    names: Collection[str]

    def of(self, tasks: Iterable[TrialTask]) -> list[TrialTask]:
        """Those of its variants."""
        return [task for task in tasks if task.network.variant.name in self.names]


class Training:
    """The trials of a run; what was trained is read from its folder whenever that is asked.

    Args:
        train: carries trials out, and puts a record of each into the folder as soon as it is there.
        places: trials that it carries out at a time.
    """

    def __init__(
        self, schedule: Schedule, folder: Path, observer: Observer, train: Train, places: int
    ) -> None:
        self._schedule, self._folder, self._observer = schedule, folder, observer
        self._train, self._places = train, places
        names = [network.variant.name for network in schedule.trained]
        self._all = _Part(choices=schedule.choices, names=names)
        self._is_over = False

    def left(self) -> tuple[int, int]:
        """How many trials choose rates, and how many count; the former are a guess."""
        return self._number_left(self._all)

    def choose_shared_rates(self) -> Iterator[None]:
        """Train what chooses the rates that all seeds share; comes back before each rung."""
        while self._schedule.settings.tune != PER_SEED and any(self._rungs(self._all, self._records)):
            yield
            self._train(self._next_of_rung())

    def carry_out(self) -> None:
        """Train all seeds; where looks are planned, up to each those of the arms without a verdict."""
        looks = self._schedule.settings.looks
        for part in self._up_to_looks() if looks else [self._all]:
            while self._due(part) and not self._is_over:
                self._observer.planned(*self._number_left(part), 0)
                self._train(self._next_due(part))

    def _up_to_looks(self) -> Iterator[_Part]:
        """What is left up to each planned look, of the control and of the arms that have no verdict yet.

        It ends when all have one, or where the budget leaves no time for the trials up to the next look, if
        each takes as long as those before it.
        """
        schedule, names, before = self._schedule, set(self._schedule.compared.names), 0
        for look in schedule.settings.looks:
            if look > schedule.settings.looks[0]:
                names = undecided(self._folder, before)
            if not names or self._is_over:
                return
            part = _Part(
                choices=[
                    replace(choice, seeds=seeds)
                    for choice in schedule.choices
                    if (seeds := [seed for seed in choice.seeds if seed < look])
                ],
                names={schedule.aliases.get(name, name) for name in names},
            )
            took, left = self._durations(), sum(self._number_left(part))
            if sum(took) * (1 + left / max(1, len(took))) > self._budget:
                self._stop(f"the budget leaves no time for the trials up to {look} seeds")
                return
            yield part
            before = look

    def _next_due(self, part: _Part) -> Iterator[TrialTask]:
        """One trial after the other, as soon as it can be trained, until none can or the budget is used up.

        What the first ones take, nobody knows.
        """
        planned, begun = self._number_left(part)[1], set[tuple[Any, ...]]()
        while left := [task for task in self._due(part) if _asked(task) not in begun]:
            # What chooses rates may change what is due after it; what counts does not.
            for task in list(takewhile(_counts, left)) or left[:1]:
                if self._is_spent():
                    unbegun = {*map(_asked, self._trials(part, self._records))} - begun
                    self._stop(f"the budget ended before {len(unbegun)} of {planned} trials were begun")
                    return
                begun.add(_asked(task))
                yield task

    def _stop(self, reason: str) -> None:
        self._is_over = True
        self._observer.stopped(reason)

    def _next_of_rung(self) -> Iterator[TrialTask]:
        """The trials of the first rung that has some left, each as what was recorded before it asks for."""
        number = next(number for number, rung in enumerate(self._rungs(self._all, self._records)) if rung)
        begun = set()
        while left := [
            task for task in self._rungs(self._all, self._records)[number] if _asked(task) not in begun
        ]:
            begun.add(_asked(left[0]))
            yield left[0]

    def _due(self, part: _Part) -> list[TrialTask]:
        """What can be trained now, of each choice of rates: the trials that make it, or those that use it."""
        records, found = self._records, list[TrialTask]()
        for one in (replace(part, choices=[choice]) for choice in part.choices):
            rung = next(filter(None, self._rungs(one, records)), None)
            found += rung or self._trials(one, records)
        return found

    def _number_left(self, part: _Part) -> tuple[int, int]:
        records = self._records
        return sum(map(len, self._rungs(part, records))), len(self._trials(part, records))

    def _rungs(self, part: _Part, records: Sequence[AnyRecord]) -> list[list[TrialTask]]:
        """The trials that are left to choose rates."""
        return [part.of(rung) for rung in self._schedule.tuning_rungs(records, part.choices)]

    def _trials(self, part: _Part, records: Sequence[AnyRecord]) -> list[TrialTask]:
        """Those that are left of what counts, at the rates that are chosen so far."""
        done = {trial_key(record) for record in records if isinstance(record, Trial)}
        tasks = part.of(self._schedule.trials(records, part.choices))
        return [task for task in tasks if task_key(task) not in done]

    @property
    def _records(self) -> list[AnyRecord]:
        return run_records(self._folder)

    def _is_spent(self) -> bool:
        return math.isfinite(self._budget) and sum(self._durations()) >= self._budget

    def _durations(self) -> list[float]:
        """Seconds of the trials that the budget is for: to choose rates that all seeds share is not."""
        trials = (row for row in self._records if isinstance(row, Trial))
        return [row.duration_seconds for row in trials if row.rate_per_seed or _counts(row)]

    @property
    def _budget(self) -> float:
        """Seconds for them all, those side by side counted one after the other, where looks are planned."""
        settings = self._schedule.settings
        if settings.budget is None or not settings.looks:
            return math.inf
        return settings.budget * self._places


def _counts(trial: Trial | TrialTask) -> bool:
    """Whether it is more than the choice of a rate."""
    return trial.purpose == "result"


def _asked(task: TrialTask) -> tuple[Any, ...]:
    """What a task asks for: of a rate that goes on, a trial once more, for longer."""
    return *task_key(task), task.most_epochs


def undecided(folder: Path, seeds: int) -> set[str]:
    """The arms of a run whose verdict on error with its first seeds is inconclusive, and their controls.

    Of a run that was ended between two looks there are some more seeds, which the look knew nothing of.
    """
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.analysis.metrics import HEADLINES

    manifest = read_manifest(folder)
    records = [row for row in run_records(folder) if isinstance(row, Trial) and row.seed < seeds]
    found = effects(records, [manifest], {manifest.run_id: folder})
    errors = found["measure"].isin([metric.name for metric in HEADLINES])
    rows = found[errors & (found["verdict"] == "inconclusive")]
    return {*rows["arm"], *rows["control"]}
