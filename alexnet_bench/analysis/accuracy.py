"""Effects on error and on training: arm minus control, or over it, paired by seed."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, settings
from alexnet_bench.analysis.effect import INCOMPLETE, INTERVAL, Effect, blank_effect, obstacle
from alexnet_bench.analysis.metrics import HEADLINES, OUTCOMES, RATIO, REACH, Metric, headline
from alexnet_bench.analysis.plans import Plans, present, succeeded
from alexnet_bench.records.predictions import PREDICTION_COLUMNS, Predictions
from alexnet_bench.stats import (
    LEARNED_SHARE,
    Estimate,
    beats_chance,
    chance_error,
    crossed_estimate,
    estimate,
    rounding_deviation,
)
from alexnet_bench.words import counted, failures, listed


def accuracy_effects(frame: pd.DataFrame, plans: Plans, predictions: Predictions) -> Iterator[Effect]:
    """The rows of every arm's trials."""
    for setting in settings(frame, plans, "trial"):
        trials = succeeded(setting.rows)
        every = (*OUTCOMES, REACH)
        metrics = [metric for metric in every if metric.of(trials).notna().any()] or [HEADLINES[0]]
        for arm in setting.variants:
            if not _is_control(setting, arm, plans):
                yield from (_effect(setting, arm, metric, plans, predictions) for metric in metrics)


def did_not_learn(setting: Setting) -> str | None:
    """A sentence, if the control of a setting is no better than chance."""
    trials = succeeded(setting.of(setting.control))
    metric = headline(trials)
    if metric is None:
        return None
    error, classes = metric.of(trials).mean(), setting.conditions["classes"]
    if beats_chance(error / metric.scale, classes):
        return None
    return (
        f"the control {setting.control} did not learn: its mean {metric.label} is {error:.1f}%, a guess's "
        f"{100 * chance_error(classes):.1f}%, and it must be below {LEARNED_SHARE} times that; so there are "
        "no effects on error"
    )


def _is_control(setting: Setting, arm: str, plans: Plans) -> bool:
    """Whether an arm's trials are those of the control, under whatever name."""
    runs = dict.fromkeys(setting.of(arm)["run_id"])
    return all(plans.are_same(run, arm, setting.control) for run in runs)


def _effect(setting: Setting, arm: str, metric: Metric, plans: Plans, predictions: Predictions) -> Effect:
    blank = blank_effect(setting, arm, metric, plans)
    if refused := obstacle(setting, arm, blank):
        return refused
    if reason := did_not_learn(setting):
        return blank.noted(reason)
    both = setting.rows[setting.rows["variant"].isin([arm, setting.control])]
    looks = plans.looks(present(both["run_id"]))
    if looks:
        # An arm that has its verdict gets no more seeds; what becomes of the control's is not its concern.
        both = both[both["seed"] <= setting.of(arm)["seed"].max()]
    failed = failures(both, name_variants=True)
    control, treated = (_by_seed(both[both["variant"] == name], metric) for name in (setting.control, arm))
    pairs = pd.concat([control, treated], axis=1, join="inner", keys=["control", "arm"])
    if pairs.empty:
        return blank.noted(f"no seed of {arm} and {setting.control} has a value", failed)
    images = images_of(setting, metric, plans, predictions)
    least = rounding_deviation(metric.scale / images) if images else 0.0
    row = blank.estimated(
        *_estimated(pairs, metric, least),
        control_value=float(pairs["control"].mean()),
        arm_value=float(pairs["arm"].mean()),
        margin=metric.margin(images),
        least_deviation=least,
        looks=looks,
    )
    if over_images := _over_images(setting, arm, list(pairs.index), metric, predictions):
        row = replace(row, low_images=over_images.low, high_images=over_images.high)
    if (failed or np.isinf(pairs.to_numpy(dtype=float)).all(axis=1).any()) and row.kind == INTERVAL:
        row = replace(row, kind=INCOMPLETE)
    same = f"the same network as {setting.control}" if row.same_network else ""
    return row.noted(same, failed, _unpaired(control, treated, both), _unreached(pairs, metric, setting, arm))


def _estimated(
    pairs: pd.DataFrame, metric: Metric, least_deviation: float
) -> tuple[Estimate, NDArray[np.float64]]:
    """The effect over the pairs in which both sides have a number, and its value in every pair."""
    control, arm = (pairs[side].to_numpy(dtype=float) for side in ("control", "arm"))
    if metric.effect_unit != RATIO:
        return estimate(arm - control, least_deviation), arm - control
    # Where neither side got there, nobody knows what is between them.
    apart = np.isfinite(control) | np.isfinite(arm)
    values = np.ones_like(arm)
    values[apart] = arm[apart] / control[apart]
    finite = np.isfinite(control) & np.isfinite(arm)
    if not finite.any():
        return Estimate(mean=math.nan, count=len(pairs)), values
    logs = estimate(np.log(values[finite]))
    return (
        Estimate(
            mean=float(np.exp(logs.mean)),
            low=float(np.exp(logs.low)),
            high=float(np.exp(logs.high)),
            count=len(pairs),
        ),
        values,
    )


def _unreached(pairs: pd.DataFrame, metric: Metric, setting: Setting, arm: str) -> str:
    """How many seeds of each side never got to where epochs are counted to."""
    counts = {
        name: int(np.isinf(pairs[side].to_numpy(dtype=float)).sum())
        for side, name in (("control", setting.control), ("arm", arm))
    }
    never = [f"{counted(count, 'seed')} of {name}" for name, count in counts.items() if count]
    return f"never reached by {' and '.join(never)}; the effect is of the others" if never else ""


def images_of(setting: Setting, metric: Metric, plans: Plans, predictions: Predictions) -> int | None:
    """The images that an error is counted in, where that is known."""
    if metric.images == "test":
        for trial in succeeded(setting.rows)[PREDICTION_COLUMNS].to_dict("records"):
            hits = predictions.right(trial, 1)
            if hits is not None:
                return len(hits)
    return plans.images(setting.runs[0], metric.images)


def _over_images(
    setting: Setting, arm: str, seeds: list[int], metric: Metric, predictions: Predictions
) -> Estimate | None:
    """The effect for other seeds and other test images; None where a trial's predictions are missing."""
    if metric.top is None:
        return None
    rows = []
    for seed in seeds:
        sides = [_right(setting.of(name), seed, metric.top, predictions) for name in (arm, setting.control)]
        if any(side is None for side in sides) or len({len(side) for side in sides if side is not None}) > 1:
            return None
        rows.append(np.subtract(*(np.asarray(side, dtype=float) for side in sides)))
    if len({len(row) for row in rows}) > 1:
        return None
    # Errors are what is not right.
    return crossed_estimate(-metric.scale * np.array(rows))


def _right(rows: pd.DataFrame, seed: int, top: int, predictions: Predictions) -> NDArray[np.bool_] | None:
    trials = succeeded(rows)
    for trial in trials.loc[trials["seed"] == seed, PREDICTION_COLUMNS].to_dict("records"):
        hits = predictions.right(trial, top)
        if hits is not None:
            return hits
    return None


def _unpaired(control: "pd.Series[float]", treated: "pd.Series[float]", both: pd.DataFrame) -> str:
    """The seeds that one side lacks without having failed."""
    alone = set(control.index).symmetric_difference(treated.index) - set(both["seed"][both["status"] != "ok"])
    return f"only one side has seed {listed(alone)}" if alone else ""


def _by_seed(rows: pd.DataFrame, metric: Metric) -> "pd.Series[float]":
    """The metric by seed; a seed that several runs trained counts once, with its mean."""
    trials = succeeded(rows)
    return metric.of(trials).groupby(trials["seed"].astype(int)).mean().dropna()
