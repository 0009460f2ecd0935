"""The rows of `effects.csv`: every arm's effects in every setting, with the verdicts that they earn."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effect import (
    INTERVAL,
    NOT_COMPARABLE,
    NOT_MEASURED,
    Effect,
    seed_effect,
    shared_seeds,
    speed_effect,
    typical_speed,
)
from alexnet_bench.analysis.metrics import HEADLINES, OUTCOMES, RATIO, REACH, THROUGHPUTS, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Draw, Trial
from alexnet_bench.stats.error_rates import (
    LEARNED_SHARE,
    beats_chance,
    chance_error,
    crossed_estimate,
    rounding_deviation,
)
from alexnet_bench.stats.estimate import Estimate
from alexnet_bench.stats.verdict import INCONCLUSIVE, Arm, Verdict, pairs_wanted, verdicts
from alexnet_bench.words import distinct


@dataclass(frozen=True, kw_only=True)
class Row:
    """One arm, one metric, one setting. The fields are the columns of `effects.csv`.

    Args:
        ablation: that the arm belongs to: the question.
        control: what it is held against.
        arm: name of the variant.
        difference: how the arm differs from the paper's network.
        measure: name of the metric.
        label: what tables call it.
        better: the direction of the metric that is better.
        unit: of the effect and its interval.
        effect: arm minus control (percentage points), or arm over control (ratio).
        low, high: ends of the interval, from four pairs on: of what has a verdict the one that decided it,
            for all arms of the question together; else the 95% t interval.
        low_images, high_images: ends of the 95% interval for other seeds and other test images, where
            predictions are kept.
        pairs: seeds or draws that it rests on.
        control_value: mean of the control over these; of speeds, what is typical of it in this setting.
        arm_value: what the effect makes of it.
        value_unit: of both.
        kind: `descriptive` (too few pairs for an interval), `interval`, `incomplete` (an interval over the
            seeds or draws that succeeded; others failed, so that there is no verdict), `not comparable`
            (measured under other conditions), `not steady` (no draw reached and kept a steady state)
            or `not measured` (a side has nothing to compare).
        verdict: `better`, `worse`, `equivalent` or `inconclusive`, of the headline error and of throughput;
            empty where none can be given, and for other measures.
        margin: the largest effect that does not matter, in `unit` (of a ratio, the share); null: not stated.
        least_deviation: what the spread of pairs (of the logarithms of ratios) is taken to be at least, for
            whole test images or the rounds of draws alone make it that.
        p_difference: of no effect, adjusted for the arms that share a verdict's level; of other measures as
            it is.
        p_equivalence: of an effect as large as the margin, likewise.
        pairs_wanted: pairs that would likely have been enough for a verdict; null where there is one, or
            where it takes more than a thousand.
        looks: numbers of pairs after which verdicts were asked for, where pairs were added until there was
            one.
        same_network: whether arm and control are the same network, measured twice: what differs is luck.
        note: what a reader must know.
        values: the effect in each pair, those after the look of the verdict included.
        setting: equal for records that were measured alike.
        dataset, topology, epochs, batch_size, precision: the conditions.
        tuned: whether each variant was given a learning rate of its own.
        device, control_device: of the arm and of the control.
        runs: that the records come from.
    """

    ablation: str
    control: str
    arm: str
    difference: str
    measure: str
    label: str
    better: str
    unit: str
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    low_images: float = math.nan
    high_images: float = math.nan
    pairs: int = 0
    control_value: float = math.nan
    arm_value: float = math.nan
    value_unit: str
    kind: str = NOT_MEASURED
    verdict: str = ""
    margin: float = math.nan
    least_deviation: float = 0.0
    p_difference: float = math.nan
    p_equivalence: float = math.nan
    pairs_wanted: int | None = None
    looks: tuple[int, ...] = ()
    same_network: bool = False
    note: str = ""
    values: tuple[float, ...] = ()
    setting: str
    dataset: str | None
    topology: str
    epochs: int | None
    batch_size: int
    precision: str
    tuned: bool | None
    device: str
    control_device: str
    runs: str

    def on(self, effect: Effect) -> "Row":
        """This row with an effect."""
        size, low, high = effect.size
        return replace(
            self,
            effect=size,
            low=low,
            high=high,
            pairs=effect.pairs,
            control_value=effect.control,
            arm_value=effect.arm,
            kind=effect.kind,
            least_deviation=effect.least_deviation,
            values=tuple(effect.in_unit(float(value)) for value in effect.values),
        ).noted(effect.note)

    def noted(self, *notes: str) -> "Row":
        """This row with further notes."""
        return replace(self, note="; ".join(note for note in (self.note, *notes) if note))


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

    found = [*_of_trials(records, plans, Predictions(plans.folders)), *_of_draws(records, plans)]
    rows = sorted(_judged(found), key=place)
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(Row)])


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


def images_of(setting: Setting, metric: Metric, plans: Plans, predictions: Predictions) -> int | None:
    """The images that an error is counted in, where that is known."""
    if metric.images == "test":
        for trial in setting.succeeded:
            hits = predictions.right(trial, 1)
            if hits is not None:
                return len(hits)
    return plans.images(setting.runs[0], metric.images)


def _of_trials(
    records: Sequence[AnyRecord], plans: Plans, predictions: Predictions
) -> Iterator[tuple[Row, Effect]]:
    """The rows of every arm's trials, before they are judged."""
    for setting in measured_alike(records, plans, Trial):
        metrics = [
            metric for metric in (*OUTCOMES, REACH) if any(metric.has(trial) for trial in setting.succeeded)
        ] or [HEADLINES[0]]
        for arm in setting.variants:
            if not _is_control(setting, arm, plans):
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
    treated, control = setting.of(arm), setting.of(setting.control)
    looks = plans.looks(distinct(trial.run_id for trial in (*treated, *control)))
    if looks:
        # An arm that has its verdict gets no more seeds; what becomes of the control's is not its concern.
        last = max(trial.seed for trial in treated)
        control = [trial for trial in control if trial.seed <= last]
    images = images_of(setting, metric, plans, predictions)
    least = rounding_deviation(metric.scale / images) if images else 0.0
    effect = seed_effect(treated, control, metric, least)
    row = replace(row.on(effect), margin=metric.margin_on(images), looks=looks)
    if over_images := _over_images(treated, control, metric, predictions):
        row = replace(row, low_images=over_images.low, high_images=over_images.high)
    return row, effect


def _blank(setting: Setting, arm: str, metric: Metric, plans: Plans) -> Row:
    """The row of an arm's metric before anything is known of the effect, or why there can be none."""
    rows, known = setting.of(arm), setting.conditions
    control = setting.of(setting.control)
    prints = distinct(record.fingerprint for record in rows)
    same = prints == distinct(record.fingerprint for record in control)
    reason = setting.refusals.get(arm, "")
    if not reason and len(prints) > 1:
        reason = f"fingerprint differs between the records of {arm}: {', '.join(prints)}"
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
        device=", ".join(distinct(record.device for record in rows)),
        control_device=", ".join(distinct(record.device for record in control)),
        same_network=same,
        runs=", ".join(dict.fromkeys(record.run_id for record in rows)),
        kind=NOT_COMPARABLE if reason else NOT_MEASURED,
    ).noted(f"the same network as {setting.control}, measured twice" if same else "", reason)


def _is_control(setting: Setting, arm: str, plans: Plans) -> bool:
    """Whether an arm's trials are those of the control, under whatever name."""
    runs = dict.fromkeys(trial.run_id for trial in setting.of(arm))
    return all(plans.are_same(run, arm, setting.control) for run in runs)


def _over_images(
    arm: Sequence[Trial], control: Sequence[Trial], metric: Metric, predictions: Predictions
) -> Estimate | None:
    """The effect for other seeds and other test images; None where a trial's predictions are missing."""
    seeds = shared_seeds(arm, control, metric)
    if metric.top is None or not seeds:
        return None
    rows = []
    for seed in seeds:
        right, reference = (_right(side, seed, metric.top, predictions) for side in (arm, control))
        if right is None or reference is None:
            return None
        rows.append((right, reference))
    if len({len(side) for row in rows for side in row}) > 1:
        return None
    hits = np.array(rows, dtype=float)
    # Errors are what is not right.
    return crossed_estimate(-metric.scale * (hits[:, 0] - hits[:, 1]))


def _right(
    trials: Iterable[Trial], seed: int, top: int, predictions: Predictions
) -> NDArray[np.bool_] | None:
    own = (predictions.right(trial, top) for trial in trials if trial.succeeded and trial.seed == seed)
    return next((hits for hits in own if hits is not None), None)


# -- verdicts


def _judged(found: Sequence[tuple[Row, Effect]]) -> list[Row]:
    """Rows with p-values, and with verdicts for each setting's headline error and its throughputs.

    The arms of a question share the error rate, for each of these: test error, where there is none held-out
    error, and validation error last. The others are for reading: their p-values are as they are. The
    control's twin is no arm, and takes no share.
    """
    rows = [row for row, _ in found]
    families: dict[tuple[str, str, str, bool], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.kind == INTERVAL:
            families[row.setting, row.ablation, row.measure, row.same_network].append(place)
    for (setting, _, measure, _), places in families.items():
        arms = [_arm(*found[place]) for place in places]
        is_judged = measure in _judged_measures(setting, rows)
        told = verdicts(arms) if is_judged else [verdicts([arm])[0] for arm in arms]
        for place, arm, verdict in zip(places, arms, told, strict=True):
            row, effect = found[place]
            alike = math.nan if math.isnan(arm.margin) else verdict.p_equivalence
            row = replace(row, p_difference=verdict.p_difference, p_equivalence=alike)
            rows[place] = _with_verdict(row, effect, arm, verdict) if is_judged else row
    return rows


def _arm(row: Row, effect: Effect) -> Arm:
    """An effect as the statistics take it."""
    return Arm(
        differences=effect.values,
        better=effect.metric.better,
        margin=math.log1p(row.margin) if row.unit == RATIO else row.margin,
        least_deviation=effect.least_deviation,
        looks=row.looks,
    )


def _with_verdict(row: Row, effect: Effect, arm: Arm, found: Verdict) -> Row:
    """A row as it was when its verdict fell, with the interval that decided it."""
    judged = effect.of_first(found.pairs)
    return replace(
        row,
        effect=effect.in_unit(found.effect),
        pairs=judged.pairs,
        control_value=judged.control,
        arm_value=judged.arm,
        verdict=found.verdict,
        low=effect.in_unit(found.low),
        high=effect.in_unit(found.high),
        pairs_wanted=pairs_wanted(arm, found.family) if found.verdict == INCONCLUSIVE else None,
    )


def _judged_measures(setting: str, rows: Iterable[Row]) -> set[str]:
    present = {row.measure for row in rows if row.setting == setting}
    errors = [metric.name for metric in HEADLINES if metric.name in present]
    return {*errors[:1], *(metric.name for metric in THROUGHPUTS)}
