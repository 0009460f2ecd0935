"""Which variant suits a user's images: every candidate against the control, for other seeds and other images.

The candidates are one question. They share an error rate of 5%, with the looks at each, and the interval that
decides is that over seeds and images: what holds for these images alone is no answer to the next ones.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effect import INTERVAL, failure
from alexnet_bench.analysis.effects import arms_of, did_not_learn, effects, over_images, sides_of
from alexnet_bench.analysis.metrics import TRAINING, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import PER_SEED, AnyRecord, Trial
from alexnet_bench.stats.over_images import OverImages
from alexnet_bench.stats.verdict import BETTER, EQUIVALENT, INCONCLUSIVE, LEVEL, WORSE, verdict_on
from alexnet_bench.words import counted

# Quantiles of the normal: with so much room a test succeeds four times in five, and so do both of two tests.
_POWER, _POWER_OF_BOTH = 0.84, 1.28


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Training throughput over the control's, a ratio, with the interval and the verdict on it."""

    ratio: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A variant, held against the control.

    Args:
        difference: from the paper's network, in words.
        error: in percent, of test images.
        effect: its error less the control's, in percentage points.
        low, high: ends of the interval for other seeds and images, 95% for all candidates together; not
            numbers where too few seeds are trained.
        verdict: `better`, `worse`, `equivalent` or `inconclusive`; empty where none can be given.
        seeds: that it shares with the control.
        more_seeds: that would likely bring a verdict; None where there is one, or no number would.
        images_wanted: likewise test images in place of those there are, with as many seeds.
        speed: of training; None where it was not timed.
        same_as: the control, where it is the same network under another name.
        note: what failed, or did not learn.
        has_predictions: whether those of all its trials and the control's are there, which intervals take.
    """

    variant: str
    difference: str
    error: float = math.nan
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    verdict: str = ""
    seeds: int = 0
    more_seeds: int | None = None
    images_wanted: int | None = None
    speed: Speed | None = None
    same_as: str = ""
    note: str = ""
    has_predictions: bool = True


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The answer for a data set.

    Args:
        images: that errors are counted on.
        folds: of cross-validation, in which each image is tested; None of images set apart.
        control_error: in percent; not a number where none was trained.
        margin: differences up to this count as none, in percentage points.
        tuned: whether each seed's rate was chosen on images that are not tested.
        reason: why there is no answer; empty where there is one.
    """

    dataset: str
    images: int
    training_images: int
    folds: int | None
    topology: str
    epochs: int
    batch_size: int
    tuned: bool
    control: str
    control_error: float = math.nan
    margin: float = math.nan
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()

    @property
    def steps(self) -> int:
        """That each network was trained for."""
        return self.epochs * (self.training_images // max(1, self.batch_size))

    @property
    def best(self) -> str | None:
        """The variant to take; None where that cannot be told.

        Of several that are better than the control, the one with the lowest error; the control where every
        candidate is known not to be better.
        """
        better = [one for one in self.candidates if one.verdict == BETTER]
        if better:
            return min(better, key=lambda one: one.effect).variant
        asked = [one for one in self.candidates if not one.same_as]
        known = all(one.verdict in (EQUIVALENT, WORSE) for one in asked)
        return self.control if asked and known else None


def fit(records: Sequence[AnyRecord], manifest: Manifest, folder: Path) -> Fit:
    """What a run of candidates says of its data set.

    Args:
        records: all of the run.
        manifest: of the run.
        folder: in which its predictions lie.
    """
    plans, plan = Plans([manifest], {manifest.run_id: folder}), manifest.plan
    alike = [setting for setting in measured_alike(records, plans, Trial) if not setting.refusals]
    answer = Fit(
        dataset=plan.dataset,
        images=(plan.test_images or 0) * (plan.folds or 1),
        training_images=plan.training_images or 0,
        folds=plan.folds,
        topology=plan.topology,
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        tuned=plan.tune == PER_SEED,
        control=plan.control,
    )
    controls = [trial for trial in alike[0].of(alike[0].control) if trial.succeeded] if alike else []
    metric = headline(controls)
    if metric is None:
        return replace(answer, reason=f"no trial of {plan.control} has succeeded")
    found = effects(records, [manifest], {manifest.run_id: folder})
    predictions, setting = Predictions(plans.folders), alike[0]
    errors = [metric.of(trial) for trial in controls if metric.has(trial)]
    answer = replace(answer, control_error=sum(errors) / len(errors), reason=did_not_learn(setting) or "")
    over = {arm: _over_images(setting, arm, metric, plans, predictions) for arm in arms_of(setting, plans)}
    candidates = [
        _noted(_candidate(name, metric, found, over.get(name), plans, answer), setting, plans, predictions)
        for name in plan.variants
        if name != plan.control
    ]
    first = next((one for one in over.values() if one), None)
    answer = replace(answer, images=first.images if first else answer.images)
    answer = replace(answer, margin=metric.margin_on(answer.images))
    whole = set(found.loc[(found["measure"] == metric.name) & (found["kind"] == INTERVAL), "arm"])
    judged = {name: one for name, one in over.items() if one and name in whole}
    level = LEVEL / max(1, len(judged) * max(1, len(plan.looks)))
    return replace(
        answer,
        candidates=tuple(
            _judged(one, judged[one.variant], metric, answer.margin, level) if one.variant in judged else one
            for one in candidates
        ),
    )


def _over_images(
    setting: Setting, arm: str, metric: Metric, plans: Plans, predictions: Predictions
) -> OverImages | None:
    """An arm's effect for other seeds and images; few of these cannot show that hardly any would change."""
    if did_not_learn(setting):
        return None
    found = over_images(*sides_of(setting, arm, plans), metric, predictions, plans.folds(setting.runs))
    return found and found.with_error(metric.scale / found.images)


def _candidate(
    name: str, metric: Metric, found: pd.DataFrame, over: OverImages | None, plans: Plans, answer: Fit
) -> Candidate:
    """A candidate before it is judged."""
    same = plans.same_as(name)
    candidate = Candidate(
        variant=name,
        difference=plans.difference(name),
        speed=_speed(found, name),
        same_as=answer.control if same == answer.control else "",
    )
    rows = list(found[(found["arm"] == name) & (found["measure"] == metric.name)].itertuples())
    if not rows or candidate.same_as or answer.reason:
        return candidate
    row: Any = rows[0]
    effect = over.mean.value if over else row.effect
    return replace(
        candidate, error=row.arm_value, effect=effect, seeds=over.seeds if over else row.pairs, note=row.note
    )


def _noted(candidate: Candidate, setting: Setting, plans: Plans, predictions: Predictions) -> Candidate:
    """A candidate with its failures counted, where its note names each, and with whether it can be judged."""
    if not setting.of(candidate.variant):
        return candidate
    trials = [trial for side in sides_of(setting, candidate.variant, plans) for trial in side]
    failed = [trial for trial in trials if not trial.succeeded]
    counts = Counter((trial.variant, trial.status) for trial in failed)
    named = {failure(trial, trial.variant) for trial in failed}
    notes = [f"{counted(count, 'seed')} of {name}: {status}" for (name, status), count in counts.items()]
    notes += [note for note in candidate.note.split("; ") if note and note not in named]
    return replace(
        candidate,
        note="; ".join(notes),
        has_predictions=all(predictions.right(trial, 1) is not None for trial in trials if trial.succeeded),
    )


def _judged(candidate: Candidate, over: OverImages, metric: Metric, margin: float, level: float) -> Candidate:
    """A candidate with its interval and its verdict, at its share of the error rate."""
    mean = over.mean
    low, high = mean.interval(level)
    verdict = verdict_on(mean, metric.better, margin, level)
    candidate = replace(candidate, low=low, high=high, verdict=verdict)
    if verdict != INCONCLUSIVE:
        return candidate
    away = abs(mean.value)
    quantiles = [(mean.interval(share)[1] - mean.value) / mean.error for share in (level, 2 * level)]
    error = max(away / (quantiles[0] + _POWER), (margin - away) / (quantiles[1] + _POWER_OF_BOTH))
    seeds = over.seeds_wanted(error)
    return replace(
        candidate,
        more_seeds=None if seeds is None else max(1, seeds - over.seeds),
        images_wanted=over.images_wanted(error),
    )


def _speed(found: pd.DataFrame, name: str) -> Speed | None:
    rows = found[(found["arm"] == name) & (found["measure"] == TRAINING.name) & found["effect"].notna()]
    row: Any = next(rows.itertuples(), None)
    return row and Speed(ratio=row.effect, low=row.low, high=row.high, verdict=row.verdict)
