"""Which learning rates are tried, and for how long: a race of a grid of rates, on the mean of some seeds.

All seeds of a run may share one choice, or each may have its own, made on a tuning seed of its own: then the
spread of the seeds holds what the choice is unsure of.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from alexnet_bench.analysis.metrics import epochs_to
from alexnet_bench.analysis.rates import (
    Tried,
    has_reached,
    is_in_race,
    ranked,
    tuning_trials,
)
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.schema import PER_SEED, SHARED, AnyRecord, Trial
from alexnet_bench.seeds import FIRST_TUNING_SEED

RATE_GRID = (0.1, 1 / 3, 1.0, 3.0)
# Where the best rate is the lowest or highest one, the next one beyond is tried, so often at most.
BEYOND, MOST_BEYOND = 3.0, 3
# The middle of the first epoch.
SOONEST = 0.5
TUNING_SEEDS = range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + 3)


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A step of the race.

    Args:
        rates: so many go on to it, the best so far.
        seeds: so many of the tuning seeds they are trained with.
        share: of the recipe's epochs, that they are trained for.
    """

    rates: int
    seeds: int
    share: float


# Why these: docs/performance.md. The epochs of a first rung that is shorter are trained twice.
RACE = (
    Rung(rates=len(RATE_GRID), seeds=1, share=1 / 3),
    Rung(rates=2, seeds=len(TUNING_SEEDS), share=1 / 3),
)
RACE_OF_ONE_SEED = (
    Rung(rates=len(RATE_GRID), seeds=1, share=1 / 5),
    Rung(rates=2, seeds=1, share=1 / 2),
)
RACE_TO_TRAIN_ERROR = (
    Rung(rates=len(RATE_GRID), seeds=1, share=0.1),
    Rung(rates=2, seeds=len(TUNING_SEEDS), share=1.0),
)


@dataclass(frozen=True, kw_only=True)
class Try:
    """A rate to train with a seed, for so many epochs at most."""

    rate: float
    seed: int
    most_epochs: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of rates.

    Args:
        seeds: of the trials that are trained at the rates chosen.
        tuning_seeds: of those that choose them.
    """

    seeds: Sequence[int]
    tuning_seeds: Sequence[int]


def rates_in_use(records: Iterable[AnyRecord], choice: Choice) -> set[tuple[str, str]]:
    """The variants, with precisions, that were trained at a rate of a choice: it stands, whatever comes."""
    seeds = set(choice.seeds)
    return {
        (record.variant, record.precision)
        for record in records
        if isinstance(record, Trial) and record.purpose == "result" and record.seed in seeds
    }


def choices(way: str | None, seeds: Sequence[int]) -> list[Choice]:
    """The choices of rates that trials with these seeds wait for."""
    if way == PER_SEED:
        return [Choice(seeds=[seed], tuning_seeds=[TUNING_SEEDS[0] + seed]) for seed in seeds]
    return [Choice(seeds=seeds, tuning_seeds=TUNING_SEEDS if way == SHARED else ())]


def race_of(network: Network, seeds: Sequence[int]) -> tuple[Rung, ...]:
    """By how its training ends, after some epochs or at a training error, and by how many seeds choose."""
    if network.recipe.stop_at_train_error is not None:
        return RACE_TO_TRAIN_ERROR
    return RACE_OF_ONE_SEED if len(seeds) == 1 else RACE


def tries_left(
    network: Network, records: Sequence[AnyRecord], seeds: Sequence[int], race: Sequence[Rung] = ()
) -> list[list[Try]]:
    """What each rung has left to train, the likely best rates first, since they spare others epochs.

    A trial that is trained for longer begins anew. Until a rung is done, the rates that go on are guessed to
    be those nearest to the recipe's. The race is that of the recipe unless given.
    """
    own, which = network.recipe.learning_rate, (network.variant.name, network.precision)
    tried = tuning_trials(records, seeds).get(which, {})
    field = sorted((own * factor for factor in RATE_GRID), key=lambda rate: abs(math.log(rate / own)))
    known, left = set(field), list[list[Try]]()
    for rung in race or race_of(network, seeds):
        epochs = max(1, math.floor(rung.share * network.recipe.epochs + 1e-9))
        own_seeds = seeds[: rung.seeds]
        field = [rate for rate in field if is_in_race(tried.get(rate, {}))][: rung.rates]
        while not (due := _due(tried, field, own_seeds, epochs)) and field:
            # What has a seed less has no chance any more.
            field = [rate for rate in field if tried[rate].keys() >= set(own_seeds)]
            if not field:
                break
            field = ranked(tried, field, own_seeds, epochs)
            if (beyond := _beyond(field[0], known)) is None:
                break
            known.add(beyond)
            if is_in_race(tried.get(beyond, {})):
                field.append(beyond)
        left.append([item for item in due if not _is_among(chain(*left), item)])
    return left


def _is_among(tries: Iterable[Try], item: Try) -> bool:
    """Whether an earlier rung trains it already."""
    return any(
        (other.rate, other.seed) == (item.rate, item.seed) and other.most_epochs >= item.most_epochs
        for other in tries
    )


def _due(tried: Tried, rates: Sequence[float], seeds: Sequence[int], epochs: int) -> list[Try]:
    due = []
    for rate in rates:
        trials = tried.get(rate, {})
        for seed in seeds:
            most = min(epochs, _epochs_to_win(tried, trials, seed, seeds))
            trial = trials.get(seed)
            if trial is None or not has_reached(trial):
                done = len(trial.curve) if trial else 0
                due += [Try(rate=rate, seed=seed, most_epochs=most)] if done < most else []
    return due


def _epochs_to_win(tried: Tried, trials: dict[int, Trial], seed: int, seeds: Sequence[int]) -> int:
    """How many epochs of a seed are of use: a rate that needs more cannot be the soonest any more."""
    there = [
        sum(_epochs_to_stop(others[own]) for own in seeds)
        for others in tried.values()
        if others.keys() >= set(seeds)
        and is_in_race(others)
        and all(has_reached(others[own]) for own in seeds)
    ]
    if not there:
        return sys.maxsize
    left = min(there) - sum(_epochs_to_stop(trials.get(other)) for other in seeds if other != seed)
    # Who ends at the training error in an epoch was there less than an epoch and a half before its end.
    return math.ceil(left + 1.5) - 1 if left >= SOONEST else 0


def _epochs_to_stop(trial: Trial | None) -> float:
    """How many it took to get to the training error or, where it did not yet, will take at least."""
    if trial is None:
        return SOONEST
    if has_reached(trial):
        return epochs_to(trial.curve, trial.recipe_settings["stop_at_train_error"])
    return len(trial.curve) - 0.5


def _beyond(best: float, known: set[float]) -> float | None:
    """The next rate to try where the best one is at an end of those tried."""
    if len(known) == len(RATE_GRID) + MOST_BEYOND:
        return None
    if best == min(known):
        return best / BEYOND
    return best * BEYOND if best == max(known) else None
