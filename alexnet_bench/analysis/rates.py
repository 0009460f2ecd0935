"""Which learning rate tuning chose, and how the rates stand after some epochs."""

import math
import sys
from collections.abc import Collection, Iterable, Sequence
from statistics import fmean

from alexnet_bench.analysis.metrics import epochs_to
from alexnet_bench.records.schema import AnyRecord, Trial

Which = tuple[str, str]
# Of one variant and precision, by rate and seed.
Tried = dict[float, dict[int, Trial]]


def tuning_trials(records: Iterable[AnyRecord], seeds: Collection[int]) -> dict[Which, Tried]:
    """The trials of these seeds that choose rates; where one was trained again for longer, the longer one."""
    found: dict[Which, Tried] = {}
    for record in records:
        if isinstance(record, Trial) and record.purpose == "tuning" and record.seed in seeds:
            tried = found.setdefault((record.variant, record.precision), {})
            tried.setdefault(float(record.recipe_settings["learning_rate"]), {})[record.seed] = record
    return found


def chosen_rates(records: Iterable[AnyRecord], seeds: Collection[int]) -> dict[Which, float]:
    """The best rate by variant and precision of those that got the furthest; the lower of a tie.

    The best has the least validation error, as a mean over the seeds, or, where the recipe stops at a
    training error, got there in the fewest epochs; where none got there, the one that came nearest.
    """
    chosen = {}
    for which, tried in tuning_trials(records, seeds).items():
        if running := [rate for rate in tried if is_in_race(tried[rate])]:
            chosen[which] = min(running, key=lambda rate: (_final_score(tried[rate]), rate))
    return chosen


def ranked(tried: Tried, rates: Iterable[float], seeds: Iterable[int], epochs: int) -> list[float]:
    """Rates that were all trained with these seeds for so many epochs, the best first; the lower of a tie."""
    return sorted(rates, key=lambda rate: (_score([tried[rate][seed] for seed in seeds], epochs), rate))


def is_in_race(trials: dict[int, Trial]) -> bool:
    """Whether a rate can be chosen: a trial that failed or diverged puts it out."""
    return all(trial.succeeded for trial in trials.values())


def has_reached(trial: Trial) -> bool:
    """Whether it ended at the training error that its recipe stops at."""
    share = trial.recipe_settings.get("stop_at_train_error")
    return trial.succeeded and share is not None and math.isfinite(epochs_to(trial.curve, share))


def _score(trials: Sequence[Trial], epochs: int) -> tuple[float, ...]:
    """After so many epochs; lower is better.

    Before the last epoch, while the rate is high, errors go up and down, so the last third of them counts.
    """
    curves = [trial.curve[:epochs] for trial in trials]
    share = trials[0].recipe_settings.get("stop_at_train_error")
    if share is None:
        last = max(1, epochs // 3) if epochs < trials[0].epochs else 1
        return (_mean(row.validation_top1_error for curve in curves for row in curve[-last:]),)
    return _mean(epochs_to(curve, share) for curve in curves), _mean(
        curve[-1].train_error for curve in curves
    )


def _final_score(trials: dict[int, Trial]) -> tuple[float, ...]:
    """After the epochs that every seed was trained for; more seeds, then more epochs, are further on."""
    unfinished = (len(trial.curve) for trial in trials.values() if not has_reached(trial))
    epochs = min(unfinished, default=sys.maxsize)
    return (-len(trials), -epochs, *_score(list(trials.values()), epochs))


def _mean(errors: Iterable[float | None]) -> float:
    """Of equal shares of images it is equal, whatever their order."""
    return round(fmean(math.inf if error is None else error for error in errors), 9)
