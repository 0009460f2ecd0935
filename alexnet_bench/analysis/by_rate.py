"""Error against learning rate: how the arms of a question fared at the rates among which theirs was chosen.

An arm held against its control at one rate each, whichever these are, is one point of two curves. Here are
the curves, from the trials that chose rates, and three ways to compare them: at the best rate of each, at the
control's best, and over all rates that both were trained at. Effects are paired by tuning seed.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from itertools import chain

import msgspec
import numpy as np
import pandas as pd

from alexnet_bench.analysis.conditions import Setting, grouped, measured_alike, results
from alexnet_bench.analysis.effect import NOT_MEASURED, seed_effect
from alexnet_bench.analysis.effects import arms_of
from alexnet_bench.analysis.metrics import VALIDATION_ERROR, Metric, error_after
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.rates import Tried
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.stats.error_rates import rounding_deviation
from alexnet_bench.words import counted, joined

Rates = tuple[float, ...]
AT_BEST, AT_CONTROLS_BEST = "at the best rate of each", "at the control's best rate"
OVER_CURVE = "over the whole curve"


@dataclass(frozen=True, kw_only=True)
class Question:
    """The tuning of an ablation's control and arms, measured alike.

    Args:
        epochs: after which errors are compared: the most that every trial which succeeded was trained for.
        tried: their trials by variant, rate and seed, the control's first.
        chosen: by variant, with how many seeds results were trained at each rate.
    """

    ablation: str
    setting: Setting
    epochs: int
    tried: Mapping[str, Tried]
    chosen: Mapping[str, Counter[float]]


@dataclass(frozen=True, kw_only=True)
class RateError:
    """One tuning trial. The fields are the columns of `error_by_rate.csv`.

    Args:
        ablation: the question that its variant is part of.
        control: of the question.
        variant: that was trained.
        learning_rate: that was tried.
        seed: the tuning seed.
        status: of the trial, as in its record.
        epochs: that errors are compared after: the most that every trial of the question was trained for.
        error: validation top-1 error after these, %; null where the trial failed.
        end_epochs: that it was trained for, where that is more; else null.
        end_error: validation top-1 error after these, %; likewise.
        chosen_by: seeds whose results were trained at this rate.
        setting: equal for trials that were measured alike.
    """

    ablation: str
    control: str
    variant: str
    learning_rate: float
    seed: int
    status: str
    epochs: int
    error: float = math.nan
    end_epochs: int | None = None
    end_error: float = math.nan
    chosen_by: int = 0
    setting: str


@dataclass(frozen=True, kw_only=True)
class RateEffect:
    """An arm against its control at some rates. The fields are the columns of `effect_by_rate.csv`.

    Args:
        ablation: that the arm belongs to: the question.
        control: what it is held against.
        arm: name of the variant.
        compared: `at the best rate of each` (the one of the least mean error, of those tried with more than
            half of the tuning seeds), `at the control's best rate`, or `over the whole curve` (the mean over
            the rates that both were tried at with the same seeds). A rate counts where more than half of its
            seeds came to their end, with these.
        arm_rates, control_rates: at which.
        epochs: after which errors are compared.
        effect: arm minus control in validation error, percentage points.
        low, high: ends of the 95% t interval over tuning seeds, of each row by itself.
        pairs: tuning seeds that it rests on.
        kind: as in `effects.csv`.
        note: what a reader must know: what failed at these rates, and which rates that passed over.
        setting: equal for trials that were measured alike.
    """

    ablation: str
    control: str
    arm: str
    compared: str
    arm_rates: Rates = ()
    control_rates: Rates = ()
    epochs: int
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pairs: int = 0
    kind: str = NOT_MEASURED
    note: str = ""
    setting: str

    def noted(self, *notes: str) -> "RateEffect":
        """This row with further notes."""
        return replace(self, note="; ".join(filter(None, (self.note, *notes))))


def errors_by_rate(records: Sequence[AnyRecord], plans: Plans) -> pd.DataFrame:
    """A row a tuning trial of every question, the control's first."""
    rows = [
        _rate_error(question, variant, trial)
        for question in _questions(records, plans)
        for variant, tried in question.tried.items()
        for rate in sorted(tried)
        for trial in tried[rate].values()
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(RateError)])


def effects_by_rate(records: Sequence[AnyRecord], plans: Plans) -> pd.DataFrame:
    """Three rows an arm: compared at the best rate of each, at the control's, and over the curve."""
    rows = [
        row
        for question in _questions(records, plans)
        for arm in question.tried
        if arm != question.setting.control
        for row in _rate_effects(question, arm, plans)
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(RateEffect)])


def _questions(records: Sequence[AnyRecord], plans: Plans) -> Iterator[Question]:
    chosen = _chosen(records, plans)
    for setting in tuned_alike(records, plans):
        tried = {
            name: _tried(setting.of(name)) for name in setting.variants if _is_one_network(setting, name)
        }
        arms = [arm for arm in arms_of(setting, plans) if arm in tried]
        if setting.control not in tried:
            continue
        for ablation, own in grouped(sorted(arms, key=plans.rank), plans.ablation_of).items():
            shown = {name: tried[name] for name in (setting.control, *own)}
            if epochs := _epochs_of_all(shown.values()):
                yield Question(
                    ablation=ablation,
                    setting=setting,
                    epochs=epochs,
                    tried=shown,
                    chosen={name: _chosen_of(setting, name, chosen) for name in shown},
                )


def tuned_alike(records: Iterable[AnyRecord], plans: Plans) -> list[Setting]:
    """The settings of the trials that chose rates, placed as results are.

    A rate is part of a fingerprint. Of older records, which do not name their network whatever the rate, only
    a run vouches for it that rates were tried on one.
    """
    tuning = (
        msgspec.structs.replace(record, purpose="result", fingerprint=record.network or record.run_id)
        for record in records
        if isinstance(record, Trial) and record.purpose == "tuning"
    )
    settings = measured_alike(tuning, plans, Trial)
    for setting in settings:
        # Their names are not those of results.
        setting.kind = "tuning"
    return settings


def _is_one_network(setting: Setting, variant: str) -> bool:
    return len({trial.trained_as for trial in setting.of(variant)}) == 1


def _tried(trials: Iterable[Trial]) -> Tried:
    """By rate and seed; of what was trained again for longer, the longer one."""
    tried: Tried = {}
    for trial in trials:
        tried.setdefault(_rate(trial), {})[trial.seed] = trial
    return tried


def _epochs_of_all(tried: Iterable[Tried]) -> int:
    trials = chain.from_iterable(seeds.values() for rates in tried for seeds in rates.values())
    return min((len(trial.curve) for trial in trials if trial.succeeded), default=0)


def _chosen(records: Iterable[AnyRecord], plans: Plans) -> dict[tuple[str, str, str], list[Trial]]:
    trials = [record for record in results(records, plans) if isinstance(record, Trial)]
    return grouped(trials, lambda trial: (trial.run_id, trial.variant, trial.precision))


def _chosen_of(
    setting: Setting, variant: str, chosen: Mapping[tuple[str, str, str], Sequence[Trial]]
) -> Counter[float]:
    precision = setting.conditions["precision"]
    trained = chain.from_iterable(chosen.get((run, variant, precision), ()) for run in setting.runs)
    return Counter(_rate(trial) for trial in trained)


def _rate(trial: Trial) -> float:
    return float(trial.recipe_settings["learning_rate"])


def _rate_error(question: Question, variant: str, trial: Trial) -> RateError:
    done = len(trial.curve)
    went_on = trial.succeeded and done > question.epochs
    return RateError(
        ablation=question.ablation,
        control=question.setting.control,
        variant=variant,
        learning_rate=_rate(trial),
        seed=trial.seed,
        status=trial.status,
        epochs=question.epochs,
        error=error_after(question.epochs).of(trial) if trial.succeeded else math.nan,
        end_epochs=done if went_on else None,
        end_error=error_after(done).of(trial) if went_on else math.nan,
        chosen_by=question.chosen[variant][_rate(trial)],
        setting=question.setting.name,
    )


def _rate_effects(question: Question, arm: str, plans: Plans) -> Iterator[RateEffect]:
    own, controls = question.tried[arm], question.tried[question.setting.control]
    metric = error_after(question.epochs)
    standing, controls_standing = _standing(own), _standing(controls)
    best, reference = _best(own, standing, metric), _best(controls, controls_standing, metric)
    passed_over = _failures(arm, own, own.keys() - standing.keys())
    of_control = _failures(question.setting.control, controls, controls.keys() - controls_standing.keys())
    row = _rate_effect(question, plans, arm, AT_BEST, best, reference)
    yield row.noted(_passed_over([*passed_over, *of_control]))
    row = _rate_effect(question, plans, arm, AT_CONTROLS_BEST, reference, reference)
    yield row.noted(_passed_over(of_control))
    both = standing.keys() & controls_standing.keys()
    shared, seeds = _largest_block({rate: own[rate].keys() & controls[rate].keys() for rate in both})
    ended = _succeeded_at_all([tried[rate] for tried in (own, controls) for rate in shared], seeds)
    row = _rate_effect(question, plans, arm, OVER_CURVE, shared, shared, ended)
    yield row.noted(_passed_over([*passed_over, *of_control]))


def _rate_effect(
    question: Question,
    plans: Plans,
    arm: str,
    compared: str,
    rates: Rates,
    references: Rates,
    seeds: Collection[int] | None = None,
) -> RateEffect:
    """An arm at some rates against the control at some, of these seeds where they are given.

    A seed with trials at several rates counts with their mean. What failed counts as such, whatever its seed.
    """
    control = question.setting.control
    treated, untreated = (
        [
            trial
            for rate in some
            for seed, trial in question.tried[name].get(rate, {}).items()
            if seeds is None or seed in seeds or not trial.succeeded
        ]
        for name, some in ((arm, rates), (control, references))
    )
    images = plans.images(question.setting.runs[0], VALIDATION_ERROR.images)
    least = rounding_deviation(VALIDATION_ERROR.scale / images) if images else 0.0
    # Rounding weighs less in a mean.
    least /= math.sqrt(max(1, len(rates)))
    effect = seed_effect(treated, untreated, error_after(question.epochs), least)
    size, low, high = effect.size
    return RateEffect(
        ablation=question.ablation,
        control=control,
        arm=arm,
        compared=compared,
        arm_rates=rates,
        control_rates=references,
        epochs=question.epochs,
        effect=size,
        low=low,
        high=high,
        pairs=effect.pairs,
        kind=effect.kind,
        setting=question.setting.name,
    ).noted(
        # Of several rates, a seed alone does not say where it failed.
        replace(effect, failed=()).note,
        *_failures(arm, question.tried[arm], rates),
        *_failures(control, question.tried[control], references),
    )


def _standing(tried: Tried) -> Tried:
    """The rates at which more than half of the seeds came to their end, with these seeds."""
    ended = {
        rate: {seed: trial for seed, trial in trials.items() if trial.succeeded}
        for rate, trials in tried.items()
    }
    return {rate: trials for rate, trials in ended.items() if 2 * len(trials) > len(tried[rate])}


def _best(tried: Tried, standing: Tried, metric: Metric) -> Rates:
    """The rate of the least mean error, the lower of a tie; none where none stands."""
    seeds = {seed for trials in tried.values() for seed in trials}
    means = {
        rate: float(np.mean([metric.of(trial) for trial in trials.values()]))
        for rate, trials in standing.items()
        if 2 * len(tried[rate]) > len(seeds) and all(map(metric.has, trials.values()))
    }
    return (min(means, key=lambda rate: (means[rate], rate)),) if means else ()


def _succeeded_at_all(tried: Iterable[Mapping[int, Trial]], seeds: Set[int]) -> Set[int]:
    return seeds - {seed for trials in tried for seed, trial in trials.items() if not trial.succeeded}


def _failures(variant: str, tried: Tried, rates: Iterable[float]) -> list[str]:
    """What failed at some rates, in words: `1 of 8 seeds of no-lrn diverged at 0.03`."""
    found = []
    for rate in sorted(rates):
        trials = tried.get(rate, {})
        failed = [trial.status for trial in trials.values() if not trial.succeeded]
        if failed:
            how = "diverged" if set(failed) == {"diverged"} else "failed"
            found.append(f"{len(failed)} of {counted(len(trials), 'seed')} of {variant} {how} at {rate:.3g}")
    return found


def _passed_over(failures: Sequence[str]) -> str:
    return f"rates passed over: {joined(failures)}" if failures else ""


def _largest_block(seeds: Mapping[float, Set[int]]) -> tuple[Rates, Set[int]]:
    """The rates and seeds of the largest table of both without a gap; of equal ones, that of more rates.

    Args:
        seeds: that each rate was tried with.
    """
    commonest = sorted(seeds, key=lambda rate: (-len(seeds[rate]), rate))
    blocks: list[tuple[Rates, Set[int]]] = [((), frozenset())]
    for count in range(1, len(commonest) + 1):
        rates = commonest[:count]
        blocks.append(
            (tuple(sorted(rates)), frozenset.intersection(*(frozenset(seeds[rate]) for rate in rates)))
        )
    return max(blocks, key=lambda block: (len(block[0]) * len(block[1]), len(block[0])))
