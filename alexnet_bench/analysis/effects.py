"""The rows of `effects.csv`: every arm's effects in every setting, with the verdicts that they earn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, grouped, measured_alike
from alexnet_bench.analysis.effect import (
    NOT_COMPARABLE,
    NOT_MEASURED,
    Effect,
    seed_effect,
    shared_seeds,
    speed_effect,
    typical_speed,
)
from alexnet_bench.analysis.judging import judged
from alexnet_bench.analysis.metrics import HEADLINES, OUTCOMES, REACH, THROUGHPUTS, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.analysis.rows import Row
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.stats.error_rates import (
    LEARNED_SHARE,
    beats_chance,
    chance_error,
    rounding_deviation,
)
from alexnet_bench.stats.over_images import OverImages, cross_validated, crossed
from alexnet_bench.words import distinct


def effects(
    records: Iterable[AnyRecord], manifests: Sequence[Manifest], folders: Mapping[str, Path] | None = None
) -> pd.DataFrame:
    """One row an arm, metric and setting, by ablation; `Row` says what the columns mean.

    Without the folders of the runs, by their ids, there are no intervals over test images.
    """
    plans, records = Plans(manifests, folders or {}), list(records)
    order = [item.name for item in plans.ablations]

    def place(row: Row) -> tuple[int, int]:
        return order.index(row.ablation) if row.ablation in order else len(order), plans.rank(row.arm)

    rows = sorted(judged(before_verdicts(records, plans)), key=place)
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Row)])


def before_verdicts(records: Sequence[AnyRecord], plans: Plans) -> list[tuple[Row, Effect]]:
    """The rows of every arm, metric and setting with their effects, before they are judged."""
    return [*_of_trials(records, plans, Predictions(plans.folders)), *_of_draws(records, plans)]


def did_not_learn(setting: Setting) -> str | None:
    """A sentence, if the control of a setting is no better than chance."""
    trials = [trial for trial in setting.of(setting.control) if trial.succeeded]
    metric = headline(trials)
    if metric is None:
        return None
    error = float(np.mean([metric.of(trial) for trial in trials if metric.has(trial)]))
    classes = setting.conditions["classes"]
    if beats_chance(error / metric.scale, classes):
        return None
    return (
        f"the control {setting.control} did not learn: its mean {metric.label} is {error:.1f}%, a guess's "
        f"{100 * chance_error(classes):.1f}%, and it must be below {LEARNED_SHARE} times that; so there are "
        "no effects on error"
    )


def arms_of(setting: Setting, plans: Plans) -> list[str]:
    """The variants of a setting's trials but for those that are the control, under whatever name."""
    runs = {name: distinct(trial.run_id for trial in setting.of(name)) for name in setting.variants}
    return [
        name
        for name, own in runs.items()
        if not all(plans.are_same(run, name, setting.control) for run in own)
    ]


def outcomes_of(setting: Setting) -> list[Metric]:
    """The metrics that its trials have a value of; where they have none, the error that they should have."""
    found = [metric for metric in (*OUTCOMES, REACH) if any(map(metric.has, setting.succeeded))]
    return found or [HEADLINES[0]]


def refusal(setting: Setting, arm: str) -> str:
    """Why an arm cannot be held against the control; nothing where it can."""
    if reason := setting.refusals.get(arm):
        return reason
    devices = distinct(record.device for record in setting.of(arm))
    for column, values in (("fingerprint", networks_of(setting, arm)), ("device", devices)):
        if len(values) > 1:
            return f"{column} differs between the records of {arm}: {', '.join(values)}"
    return ""


def networks_of(setting: Setting, variant: str) -> list[str]:
    """The fingerprints of a variant's records."""
    return distinct(record.trained_as for record in setting.of(variant))


def comparable_arms(setting: Setting, plans: Plans) -> list[str]:
    """The arms whose errors can be held against the control's; none where that did not learn."""
    if did_not_learn(setting):
        return []
    return [arm for arm in arms_of(setting, plans) if not refusal(setting, arm)]


def images_of(setting: Setting, metric: Metric, plans: Plans, predictions: Predictions) -> int | None:
    """The images that an error is counted in, where that is known."""
    if metric.images == "test":
        for trial in setting.succeeded:
            hits = predictions.right(trial, 1)
            if hits is not None:
                return len(hits)
    return plans.images(setting.runs[0], metric.images)


def margin_of(setting: Setting, metric: Metric, plans: Plans, predictions: Predictions) -> float:
    """A metric's margin on the images that a setting's seeds test: of cross-validation those of all folds."""
    images, folds = images_of(setting, metric, plans, predictions), plans.folds(setting.runs)
    return metric.margin_on(images * folds if images and folds and metric.images == "test" else images)


def rounding(metric: Metric, images: int | None) -> float:
    """What counting in whole images brings to a metric's differences, as a standard deviation."""
    return rounding_deviation(metric.scale / images) if images else 0.0


def _of_trials(
    records: Sequence[AnyRecord], plans: Plans, predictions: Predictions
) -> Iterator[tuple[Row, Effect]]:
    """The rows of every arm's trials, before they are judged."""
    for setting in measured_alike(records, plans, Trial):
        metrics = outcomes_of(setting)
        for arm in arms_of(setting, plans):
            yield from (_trials_row(setting, arm, metric, plans, predictions) for metric in metrics)


def _of_draws(records: Sequence[AnyRecord], plans: Plans) -> Iterator[tuple[Row, Effect]]:
    """Likewise of every arm's draws."""
    for setting in measured_alike(records, plans, Draw):
        for metric in THROUGHPUTS:
            control = setting.of(setting.control, metric.mode)
            typical = typical_speed(control)
            for arm in setting.variants:
                draws = setting.of(arm, metric.mode)
                if arm == setting.control or not draws:
                    continue
                row, effect = _blank(setting, arm, metric, plans), Effect(metric=metric)
                if row.kind != NOT_COMPARABLE:
                    effect = speed_effect(draws, control, metric, typical)
                    row = replace(row.on(effect), margin=metric.margin_on(None))
                yield row, effect


def _trials_row(
    setting: Setting, arm: str, metric: Metric, plans: Plans, predictions: Predictions
) -> tuple[Row, Effect]:
    row, nothing = _blank(setting, arm, metric, plans), Effect(metric=metric)
    if row.kind == NOT_COMPARABLE:
        return row, nothing
    if chance := did_not_learn(setting):
        return row.noted(chance), nothing
    treated, control = sides_of(setting, arm, plans)
    looks = plans.looks(distinct(trial.run_id for trial in (*treated, *control)))
    images = images_of(setting, metric, plans, predictions)
    effect = seed_effect(treated, control, metric, rounding(metric, images))
    row = replace(row.on(effect), margin=margin_of(setting, metric, plans, predictions), looks=looks)
    if found := over_images(treated, control, metric, predictions, plans.folds(setting.runs)):
        row = replace(row, low_images=found.estimate.low, high_images=found.estimate.high)
    return row, effect


def sides_of(setting: Setting, arm: str, plans: Plans) -> tuple[list[Trial], list[Trial]]:
    """The trials of an arm, and those of its control that they are held against."""
    treated, control = setting.of(arm), setting.of(setting.control)
    if plans.looks(distinct(trial.run_id for trial in (*treated, *control))):
        # An arm that has its verdict gets no more seeds; what becomes of the control's is not its concern.
        last = max(trial.seed for trial in treated)
        control = [trial for trial in control if trial.seed <= last]
    return treated, control


def _blank(setting: Setting, arm: str, metric: Metric, plans: Plans) -> Row:
    """The row of an arm's metric before anything is known of the effect, or why there can be none."""
    rows, known = setting.of(arm), setting.conditions
    control, reason = setting.of(setting.control), refusal(setting, arm)
    same = networks_of(setting, arm) == networks_of(setting, setting.control)
    return Row(
        ablation=plans.ablation_of(arm),
        control=setting.control,
        arm=arm,
        difference=plans.difference(arm),
        measure=metric.name,
        label=metric.label,
        better=metric.better,
        unit=metric.effect_unit,
        value_unit=metric.unit,
        setting=setting.name,
        dataset=known.get("dataset"),
        topology=known["topology"],
        epochs=known.get("epochs"),
        batch_size=known["batch_size"],
        precision=known["precision"],
        tuned=known.get("tuned"),
        rate_per_seed=known.get("rate_per_seed"),
        device=", ".join(distinct(record.device for record in rows)),
        control_device=", ".join(distinct(record.device for record in control)),
        same_network=same,
        runs=", ".join(dict.fromkeys(record.run_id for record in rows)),
        kind=NOT_COMPARABLE if reason else NOT_MEASURED,
    ).noted(f"the same network as {setting.control}, measured twice" if same else "", reason)


def over_images(
    arm: Sequence[Trial],
    control: Sequence[Trial],
    metric: Metric,
    predictions: Predictions,
    folds: int | None = None,
) -> OverImages | None:
    """The effect for other seeds and other test images.

    Args:
        folds: of cross-validation: so many seeds in a row test every image once.

    Returns:
        None where a trial's predictions are missing, or there are too few seeds.
    """
    seeds = shared_seeds(arm, control, metric)
    if metric.top is None or not seeds:
        return None
    sides = [
        grouped((trial for trial in side if trial.succeeded), attrgetter("seed")) for side in (arm, control)
    ]
    rows = {}
    for seed in seeds:
        right, reference = (_right(side[seed], metric.top, predictions) for side in sides)
        if right is None or reference is None or len(right) != len(reference):
            return None
        # Errors are what is not right.
        rows[seed] = -metric.scale * (right.astype(float) - reference)
    if folds is None:
        return crossed(np.array(list(rows.values()))) if len(set(map(len, rows.values()))) == 1 else None
    return _over_folds(rows, {seed: predictions.places(sides[0][seed][0]) for seed in seeds}, folds)


def _over_folds(
    values: Mapping[int, NDArray[np.float64]], places: Mapping[int, NDArray[np.int64] | None], count: int
) -> OverImages | None:
    """Of those repetitions of cross-validation that are whole, by seed; None where none is.

    Args:
        values: by seed, of each image that it tested.
        places: likewise, where the images stand among all.
    """
    tables = []
    for seeds in grouped(values, lambda seed: seed // count).values():
        parts = [(values[seed], places[seed]) for seed in seeds]
        if len(parts) < max(2, count) or any(at is None or len(at) != len(part) for part, at in parts):
            continue
        at = np.concatenate([at for _, at in parts if at is not None])
        fold = np.repeat(np.arange(count), [len(part) for part, _ in parts])
        order = np.argsort(at)
        if (at[order] == np.arange(len(at))).all():
            tables.append((np.concatenate([part for part, _ in parts])[order], fold[order]))
    if not tables or len({len(row) for row, _ in tables}) > 1:
        return None
    return cross_validated(*map(np.array, zip(*tables, strict=True)))


def _right(trials: Iterable[Trial], top: int, predictions: Predictions) -> NDArray[np.bool_] | None:
    own = (predictions.right(trial, top) for trial in trials)
    return next((hits for hits in own if hits is not None), None)
