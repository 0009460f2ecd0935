"""Every way in which records can answer one question, and the effect that each gives.

A question is what an arm changes against its control, wherever that was measured. A specification is one way
to ask it: a network, data and recipe that were trained, a rule for the learning rate, a number of epochs, a
metric. None is made up here: a choice stands among them because records were made with it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean
from typing import Any

import pandas as pd

from alexnet_bench.analysis.by_rate import tuned_alike
from alexnet_bench.analysis.conditions import Setting, grouped, measured_alike
from alexnet_bench.analysis.effect import seed_effect
from alexnet_bench.analysis.effects import comparable_arms, images_of, rounding
from alexnet_bench.analysis.metrics import (
    HEADLINES,
    RATIO,
    TRAIN_ERROR,
    VALIDATION_ERROR,
    Metric,
    error_after,
    headline,
    reach,
)
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.rates import has_reached
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.words import counted

# Fewer make no curve.
FEWEST_SPECIFICATIONS = 6
END = "all epochs"
# After which shares of its epochs a trial is read.
_LENGTHS = (1 / 3, 2 / 3, 1.0)
# All rates that are tried are trained for so long at least.
_LENGTHS_TRIED = (1 / 5, *_LENGTHS)
CONTROLS_BEST = "the control's best"
PAPERS = "the paper's"
# Of a recipe, what is told by other choices.
_TOLD = {"learning_rate", "epochs", "stop_at_train_error"}
_CALLED = {"name": "recipe", "batch_size": "batch", "initialization": "initial weights"}


@dataclass(frozen=True, kw_only=True)
class Specification:
    """One way to ask a question, and its answer. The fields are the first columns of `specifications.csv`.

    Args:
        question: what the arm changes against its control.
        ablation, control, arm: that were held against each other.
        measure: name of the metric.
        better: its direction that is better.
        unit: of the effect: arm minus control (percentage points), or arm over control (ratio).
        effect: in this unit.
        low, high: ends of its 95% interval over pairs, which allows for no other specification; not a number
            under four pairs.
        pairs: seeds that it rests on.
        kind: as in `effects.csv`.
        control_value: mean of the control over these.
        headline: whether it is what the report says first of this setting: the error that it judges or, where
            training stops at a training error, the epochs to that.
        note: what must be known.
        runs: that the records come from.
        choices: what was chosen, by what it was chosen for: the other columns.
    """

    question: str
    ablation: str
    control: str
    arm: str
    measure: str
    better: str
    unit: str
    effect: float
    low: float
    high: float
    pairs: int
    kind: str
    control_value: float
    headline: bool = False
    note: str
    runs: str
    choices: Mapping[str, str]

    def chosen(self, **choices: str) -> "Specification":
        """With further choices."""
        return replace(self, choices={**self.choices, **choices})


def specification_curves(records: Sequence[AnyRecord], plans: Plans) -> list[list[Specification]]:
    """Of each question and unit that can be asked in enough ways, all of them by effect; the most first."""
    every = [*_at_own_rates(records, plans), *_at_one_rate(records, plans)]
    questions = grouped(every, attrgetter("question", "unit")).values()
    enough = [some for some in questions if len(some) >= FEWEST_SPECIFICATIONS]
    return sorted((sorted(some, key=attrgetter("effect")) for some in enough), key=len, reverse=True)


def specifications_table(curves: Iterable[Sequence[Specification]]) -> pd.DataFrame:
    """A row a specification, in their order; null where one has no such choice."""
    rows = [vars(one) | dict(one.choices) for curve in curves for one in curve]
    return pd.DataFrame(rows).drop(columns="choices", errors="ignore")


def _at_own_rates(records: Sequence[AnyRecord], plans: Plans) -> Iterator[Specification]:
    """Of the trials that count: each network at the rate that its run gave it."""
    for setting in measured_alike(records, plans, Trial):
        judged = headline(setting.succeeded)
        early = {_length(part, setting.conditions["epochs"]) for part in _LENGTHS} - {END}
        for one in _of_setting(setting, plans, _LENGTHS):
            is_last = one.choices["length"] not in early
            is_first = one.unit == RATIO or (is_last and judged is not None and one.measure == judged.name)
            yield replace(one.chosen(rate=_rule(setting, one.arm)), headline=is_first)


def _at_one_rate(records: Sequence[AnyRecord], plans: Plans) -> Iterator[Specification]:
    """Of the trials that chose rates: arm and control at one rate, each that they were tried at."""
    for setting in tuned_alike(records, plans):
        tried = sorted(grouped(_longest(setting.rows), _rate).items())
        at_rates = {rate: setting.holding(trials) for rate, trials in tried}
        best = {arm: _controls_best(setting.control, arm, at_rates) for arm in setting.variants}
        for rate, at_rate in at_rates.items():
            for one in _of_setting(at_rate, plans, _LENGTHS_TRIED):
                # A seed goes on with its better rates: only those that all seeds went on with can tell.
                if one.pairs == len(_seeds(setting, one) - _failed_seeds(at_rate, one)):
                    is_best = best[one.arm].get((one.choices["length"], one.choices["metric"])) == rate
                    also = {"that rate is": CONTROLS_BEST} if is_best else {}
                    yield one.chosen(rate=_for_both(rate), **also)


def _controls_best(control: str, arm: str, at_rates: Mapping[float, Setting]) -> dict[tuple[str, str], float]:
    """By length and metric, at which of the rates of both the control does best; the lower of a tie.

    It is one at which more than half of the control's seeds came to their end, whatever became of the arm's.
    """
    seeds = {trial.seed for setting in at_rates.values() for trial in setting.of(control)}
    means: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    for rate, setting in at_rates.items():
        trials = setting.of(control)
        ended = [trial for trial in trials if trial.succeeded]
        is_whole = seeds == {trial.seed for trial in trials} and 2 * len(ended) > len(trials)
        if is_whole and setting.of(arm):
            for length, metric in _readings(setting, _LENGTHS_TRIED):
                if all(map(metric.has, ended)):
                    means[length, metric.label][rate] = fmean(map(metric.of, ended))
    return {key: min(values, key=values.__getitem__) for key, values in means.items() if len(values) > 1}


def _seeds(setting: Setting, one: Specification) -> set[int]:
    """Those that both sides were tried with, at whatever rate."""
    arms, controls = ({trial.seed for trial in setting.of(name)} for name in (one.arm, one.control))
    return arms & controls


def _failed_seeds(setting: Setting, one: Specification) -> set[int]:
    sides = (setting.of(name) for name in (one.arm, one.control))
    return {trial.seed for side in sides for trial in side if not trial.succeeded}


def _of_setting(setting: Setting, plans: Plans, lengths: Sequence[float]) -> Iterator[Specification]:
    """Of every arm that may be held against the control, by each metric and length, at whatever rate."""
    if not any(trial.succeeded for trial in setting.of(setting.control)):
        return
    predictions = Predictions(plans.folders)
    for arm in comparable_arms(setting, plans):
        if not (question := _question(arm, setting.control, plans)):
            continue
        conditions = _conditions(setting, arm, plans)
        for length, metric in _readings(setting, lengths):
            images = images_of(setting, metric, plans, predictions)
            sides = setting.of(arm), setting.of(setting.control)
            effect = seed_effect(*sides, metric, rounding(metric, images))
            size, low, high = effect.size
            # Without pairs, or with a median between never and never, there is no answer.
            if not math.isnan(size):
                yield Specification(
                    question=question,
                    ablation=plans.ablation_of(arm),
                    control=setting.control,
                    arm=arm,
                    measure=metric.name,
                    better=metric.better,
                    unit=metric.effect_unit,
                    effect=size,
                    low=low,
                    high=high,
                    pairs=effect.pairs,
                    kind=effect.kind,
                    control_value=effect.control,
                    note=effect.note,
                    runs=", ".join(setting.runs),
                    choices=conditions | {"length": length, "metric": metric.label},
                )


def _question(arm: str, control: str, plans: Plans) -> str:
    """What an arm changes against its control, in words; nothing where that was not planned."""
    ours, theirs = plans.changes(arm), plans.changes(control)
    return ", ".join(
        f"{name} {ours.get(name, PAPERS)} against {theirs.get(name, PAPERS)}"
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name)
    )


def _conditions(setting: Setting, arm: str, plans: Plans) -> dict[str, str]:
    """The network, the data and what arm and control share of their recipe."""
    known, changes = setting.conditions, plans.changes(setting.control)
    own, theirs = (setting.of(name)[0].recipe_settings for name in (arm, setting.control))
    built = [f"{name} {value}" for name, value in changes.items() if not name.startswith("recipe.")]
    return {
        "network": ", ".join([known["topology"], *built]),
        "data set": known["dataset"],
        "epochs": str(known["epochs"]),
        "precision": known["precision"],
        **{
            _CALLED.get(name, name.replace("_", " ")): _in_words(value)
            for name, value in theirs.items()
            # A setting that is left open, and one that older records lack, are the same.
            if value is not None and name not in _TOLD and own.get(name) == value
        },
    }


def _readings(setting: Setting, lengths: Sequence[float]) -> Iterator[tuple[str, Metric]]:
    """What can be read of its trials, and after how long."""
    recipe, epochs = setting.of(setting.control)[0].recipe_settings, setting.conditions["epochs"]
    share = recipe.get("stop_at_train_error")
    if share is not None:
        length = f"to {share:.0%} training error"
        yield length, _of_those(_has_ended, reach(share))
        yield from ((length, _of_those(has_reached, metric)) for metric in HEADLINES)
        return
    # Of few epochs, two lengths may be one.
    for length, part in {_length(part, epochs): part for part in lengths}.items():
        yield length, _validation_error_after(part)
    for metric in (*HEADLINES, TRAIN_ERROR):
        if metric != VALIDATION_ERROR:
            yield END, _of_those(_has_ended, metric)


def _has_ended(trial: Trial) -> bool:
    """Whether a trial was not cut short."""
    return has_reached(trial) or len(trial.curve) >= trial.epochs


def _of_those(which: Callable[[Trial], bool], metric: Metric) -> Metric:
    """The metric of some trials; the others have no value of it."""
    return replace(metric, read=lambda trial: metric.read(trial) if which(trial) else None)


def _validation_error_after(share: float) -> Metric:
    """The validation error after a share of a trial's epochs."""
    return replace(VALIDATION_ERROR, read=lambda trial: error_after(_epochs(share, trial.epochs)).read(trial))


def _epochs(share: float, epochs: int) -> int:
    return max(1, math.floor(share * epochs + 1e-9))


def _length(share: float, epochs: int) -> str:
    """What a share of a trial's epochs is called."""
    count = _epochs(share, epochs)
    return END if count == epochs else f"{count} of {counted(epochs, 'epoch')}"


def _rule(setting: Setting, arm: str) -> str:
    """How the rates of a setting's results were chosen."""
    if setting.conditions["tuned"]:
        return f"tuned for each network{' and seed' if setting.conditions['rate_per_seed'] else ''}"
    rates = {_rate(trial) for name in (arm, setting.control) for trial in setting.of(name)}
    return _for_both(rates.pop()) if len(rates) == 1 else "each recipe's own"


def _for_both(rate: float) -> str:
    return f"{rate:.3g} for both"


def _longest(trials: Iterable[Trial]) -> list[Trial]:
    """Without those that were trained again for longer."""
    which = attrgetter("run_id", "variant", "seed")
    return list({(*which(trial), _rate(trial)): trial for trial in trials}.values())


def _rate(trial: Trial) -> float:
    return float(trial.recipe_settings.get("learning_rate", math.nan))


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(own)}" for name, own in value.items() if own is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_words, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
