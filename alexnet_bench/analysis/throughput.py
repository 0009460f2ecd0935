"""Effects on throughput: arm over control, a ratio a draw, of slices from the same rounds."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.conditions import Setting, settings
from alexnet_bench.analysis.draws import SLICE_COLUMNS, slices, slower_half_note
from alexnet_bench.analysis.effect import NOT_STEADY, Effect, blank_effect, obstacle
from alexnet_bench.analysis.metrics import THROUGHPUTS, Metric
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.stats import Estimate, Slices, over_draws, paired_rounds, round_deviation
from alexnet_bench.words import failures


def throughput_effects(frame: pd.DataFrame, plans: Plans) -> Iterator[Effect]:
    """The rows of every arm's draws."""
    for setting in settings(frame, plans, "draw"):
        for arm in setting.variants:
            if arm != setting.control:
                yield from (
                    _effect(setting, arm, metric, plans)
                    for metric in THROUGHPUTS
                    if (setting.of(arm)["mode"] == metric.mode).any()
                )


def _effect(setting: Setting, arm: str, metric: Metric, plans: Plans) -> Effect:
    blank = blank_effect(setting, arm, metric, plans)
    if refused := obstacle(setting, arm, blank):
        return refused
    control, treated = (_draws(setting.of(name), metric) for name in (setting.control, arm))
    both = setting.rows["variant"].isin([arm, setting.control]) & (setting.rows["mode"] == metric.mode)
    failed = failures(setting.rows[both], name_variants=True)
    draws = paired_rounds(_slices(treated), _slices(control))
    if not draws:
        return blank.noted(f"no round timed both {arm} and {setting.control}", failed)
    logs = over_draws(draws)
    row = blank.estimated(
        Estimate(
            mean=float(np.exp(logs.mean)),
            low=float(np.exp(logs.low)),
            high=float(np.exp(logs.high)),
            count=logs.count,
        ),
        np.exp([rounds.mean() for rounds in draws]),
        margin=metric.margin(None),
        least_deviation=round_deviation(draws),
        control_value=_mean_beside(control, treated, metric),
        arm_value=_mean_beside(treated, control, metric),
    )
    if unsteady := _unsteady(control, treated):
        row = replace(row, kind=NOT_STEADY).noted(f"no steady state: {unsteady}")
    same = f"the same network as {setting.control}, timed twice" if row.same_network else ""
    gap = slower_half_note(_records(treated), _records(control))
    return row.noted(same, failed, gap)


def _unsteady(control: pd.DataFrame, treated: pd.DataFrame) -> str:
    """The draws timed together that did not reach or keep a steady state, in words."""
    together = pd.concat([_beside(control, treated), _beside(treated, control)])
    moving = together[[steady is False for steady in together["steady"]]]
    return ", ".join(f"draw {row.draw:.0f} of {row.variant}" for row in moving.itertuples())


def _draws(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    return rows[rows["mode"] == metric.mode]


def _mean_beside(draws: pd.DataFrame, others: pd.DataFrame, metric: Metric) -> float:
    """The mean over the draws that share a round with the other side's."""
    return float(metric.of(_beside(draws, others)).mean())


def _beside(draws: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The draws that share a round with the other side's."""
    rounds = set(_slices(others).rounds)
    return draws[[not rounds.isdisjoint(slices([draw]).rounds) for draw in _records(draws)]]


def _slices(draws: pd.DataFrame) -> Slices:
    return slices(_records(draws))


def _records(draws: pd.DataFrame) -> list[dict[Any, Any]]:
    return draws[SLICE_COLUMNS].to_dict("records")
