"""Trains what a run has left to train: what chooses rates, and what counts, look by look, within a budget."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from alexnet_bench.records.manifest import read_manifest
from alexnet_bench.records.schema import FAULTS, PER_SEED, AnyRecord, Trial
from alexnet_bench.run.observer import Observer
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.trials import task_key, trial_key
from alexnet_bench.run.tuning import Choice, rates_in_use

Train = Callable[[Iterable[TrialTask]], None]
# A choice of rates, by its tuning seeds and its seeds, and variants.
_Of = tuple[tuple[int, ...], tuple[int, ...], frozenset[str]]


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


@dataclass(frozen=True, kw_only=True)
class _Left:
    """What is left of a choice of rates.

    Args:
        rungs: the trials that make it, rung by rung.
        trials: those that count, at the rates that are chosen so far.
    """

    rungs: Sequence[Sequence[TrialTask]]
    trials: Sequence[TrialTask]


class _TrialsBySeed:
    """The trials among records that more are added to, each looked at once."""

    def __init__(self, records: Sequence[AnyRecord]) -> None:
        self._records, self._seen = records, 0
        self._by_seed: dict[int, list[Trial]] = {}

    def seeds(self, *seeds: int) -> list[Trial]:
        """Those of some seeds, of each the oldest first."""
        for record in self._records[self._seen :]:
            if isinstance(record, Trial):
                self._by_seed.setdefault(record.seed, []).append(record)
        self._seen = len(self._records)
        return [trial for seed in seeds for trial in self._by_seed.get(seed, ())]


class Training:
    """The trials of a run.

    Args:
        records: of the run so far; those to come are added to it.
        train: carries trials out, and adds a record of each as soon as it is there.
        places: trials that it carries out at a time.
    """

    def __init__(
        self,
        schedule: Schedule,
        folder: Path,
        records: Sequence[AnyRecord],
        observer: Observer,
        train: Train,
        places: int,
    ) -> None:
        self._schedule, self._folder, self._observer = schedule, folder, observer
        self._train, self._places = train, places
        self._records, self._trials_of = records, _TrialsBySeed(records)
        self._left_before: dict[_Of, tuple[int, _Left]] = {}
        names = [network.variant.name for network in schedule.trained]
        self._all = _Part(choices=schedule.choices, names=names)
        self._is_over = False

    def announce(self, draws: int) -> None:
        """Tell the observer what is left to train, up to the next look, and that so many draws are left."""
        parts = [self._up_to(look, self._all.names) for look in self._schedule.settings.looks]
        self._announce(next((part for part in parts if any(self._due(part))), self._all), draws)

    def choose_shared_rates(self) -> Iterator[None]:
        """Train what chooses the rates that all seeds share; comes back before each rung."""
        while self._schedule.settings.tune != PER_SEED and any(self._shared_rungs()):
            yield
            self._train(self._next_of_rung())

    def carry_out(self) -> None:
        """Train all seeds; where looks are planned, up to each those of the arms without a verdict."""
        looks = self._schedule.settings.looks
        for part in self._up_to_looks() if looks else [self._all]:
            while not self._is_over and any(self._due(part)):
                self._announce(part, 0)
                self._train(self._next_due(part))

    def _up_to_looks(self) -> Iterator[_Part]:
        """What is left up to each planned look, of the control and of the arms that have no verdict yet.

        It ends when all have one, or where the budget leaves no time for the trials up to the next look, if
        each takes as long as those before it.
        """
        schedule, names, before = self._schedule, set(self._schedule.compared.names), 0
        for look in schedule.settings.looks:
            if look > schedule.settings.looks[0]:
                names = undecided(self._folder, self._records, before)
            if not names or self._is_over:
                return
            part = self._up_to(look, {schedule.aliases.get(name, name) for name in names})
            took, left = self._durations(), sum(map(len, self._tasks_left(part)))
            if sum(took) * (1 + left / max(1, len(took))) > self._budget:
                self._stop(f"the budget leaves no time for the trials up to {look} seeds")
                return
            yield part
            before = look

    def _up_to(self, look: int, names: Collection[str]) -> _Part:
        """The trials of some variants up to a look."""
        some = ((choice, [seed for seed in choice.seeds if seed < look]) for choice in self._all.choices)
        return _Part(choices=[replace(choice, seeds=seeds) for choice, seeds in some if seeds], names=names)

    def _next_due(self, part: _Part) -> Iterator[TrialTask]:
        """One trial after the other, as soon as it can be trained, until none can or the budget is used up.

        What the first ones take, nobody knows.
        """
        planned, begun = len(self._tasks_left(part)[1]), set[tuple[Any, ...]]()

        def left() -> Iterator[TrialTask]:
            return (task for task in self._due(part) if _asked(task) not in begun)

        while (first := next(left(), None)) is not None:
            # What chooses rates may change what is due after it; what counts does not.
            for task in takewhile(_counts, left()) if _counts(first) else [first]:
                if self._is_spent():
                    counting = (task for choice in part.choices for task in self._left(part, choice).trials)
                    unbegun = {*map(_asked, counting)} - begun
                    self._stop(f"the budget ended before {len(unbegun)} of {planned} trials were begun")
                    return
                begun.add(_asked(task))
                yield task

    def _stop(self, reason: str) -> None:
        self._is_over = True
        self._observer.stopped(reason)

    def _next_of_rung(self) -> Iterator[TrialTask]:
        """The trials of the first rung that has some left, each as what was recorded before it asks for."""
        number = next(number for number, rung in enumerate(self._shared_rungs()) if rung)
        begun = set()
        while left := [task for task in self._shared_rungs()[number] if _asked(task) not in begun]:
            begun.add(_asked(left[0]))
            yield left[0]

    def _shared_rungs(self) -> list[Sequence[TrialTask]]:
        """Of the one choice of rates that all seeds share; of none where the recipe has them."""
        return [rung for choice in self._all.choices for rung in self._left(self._all, choice).rungs]

    def _due(self, part: _Part) -> Iterator[TrialTask]:
        """What can be trained now, of each choice of rates: the trials that make it, or those that use it."""
        for choice in part.choices:
            left = self._left(part, choice)
            yield from next(filter(None, left.rungs), None) or left.trials

    def _announce(self, part: _Part, draws: int) -> None:
        tuning, counting = self._tasks_left(part)
        self._observer.due([*tuning, *counting])
        self._observer.planned(len(tuning), len(counting), draws)

    def _tasks_left(self, part: _Part) -> tuple[list[TrialTask], list[TrialTask]]:
        """The trials that choose rates, which are a guess, and those that count."""
        left = [self._left(part, choice) for choice in part.choices]
        tuning = [task for one in left for rung in one.rungs for task in rung]
        return tuning, [task for one in left for task in one.trials]

    def _left(self, part: _Part, choice: Choice) -> "_Left":
        """What is left of a choice of rates; found anew where there are new records of it."""
        key = tuple(choice.tuning_seeds), tuple(choice.seeds), frozenset(part.names)
        records = self._trials_of.seeds(*choice.tuning_seeds, *choice.seeds)
        count, left = self._left_before.get(key, (-1, None))
        if left is None or count != len(records):
            done = {trial_key(record) for record in records}
            waiting = _waiting_for_a_rate(records, choice)
            tasks = [
                task
                for task in part.of(self._schedule.trials(records, [choice]))
                if (task.network.variant.name, task.network.precision) not in waiting
            ]
            left = _Left(
                rungs=[part.of(rung) for rung in self._schedule.tuning_rungs(records, [choice])],
                trials=[task for task in tasks if task_key(task) not in done],
            )
            self._left_before[key] = len(records), left
        return left

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


def _waiting_for_a_rate(records: Sequence[Trial], choice: Choice) -> set[tuple[str, str]]:
    """The variants, with precisions, of whose choice a fault ended a part: that is to be done again first."""
    ended = {
        (record.variant, record.precision)
        for record in records
        if record.purpose == "tuning" and record.status in FAULTS
    }
    return ended - rates_in_use(records, choice)


def _counts(trial: Trial | TrialTask) -> bool:
    """Whether it is more than the choice of a rate."""
    return trial.purpose == "result"


def _asked(task: TrialTask) -> tuple[Any, ...]:
    """What a task asks for: of a rate that goes on, a trial once more, for longer."""
    return *task_key(task), task.most_epochs


def undecided(folder: Path, records: Iterable[AnyRecord], seeds: int) -> set[str]:
    """The arms of a run whose verdict on error with its first seeds is inconclusive, and their controls.

    Of a run that was ended between two looks there are some more seeds, which the look knew nothing of.
    """
    from alexnet_bench.analysis.effects import effects
    from alexnet_bench.analysis.metrics import HEADLINES

    manifest = read_manifest(folder)
    looked_at = [row for row in records if isinstance(row, Trial) and row.seed < seeds]
    found = effects(looked_at, [manifest], {manifest.run_id: folder})
    errors = found["measure"].isin([metric.name for metric in HEADLINES])
    rows = found[errors & (found["verdict"] == "inconclusive")]
    return {*rows["arm"], *rows["control"]}
