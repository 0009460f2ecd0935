"""Verdicts of a report's effects: the arms that were measured alike share the error rate."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from alexnet_bench.analysis.effect import INTERVAL, Effect
from alexnet_bench.analysis.metrics import HEADLINES, RATIO, THROUGHPUTS
from alexnet_bench.stats.verdict import (
    INCONCLUSIVE,
    Arm,
    difference_p_value,
    equivalence_p_value,
    pairs_wanted,
    verdicts,
)

_TIMED = [metric.name for metric in THROUGHPUTS]


def judged(effects: Iterable[Effect]) -> list[Effect]:
    """The effects with p-values, and with verdicts for each setting's headline error and its throughputs.

    Of the errors one is judged, so that the error rate is shared by the arms alone: test error, where there
    is none held-out error, and validation error last. The others are for reading: their p-values are as they
    are. The control's twin is no arm, and takes no share.
    """
    rows = list(effects)
    families: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.kind == INTERVAL:
            families[row.setting, row.measure, row.same_network].append(place)
    for (setting, measure, _), places in families.items():
        if measure in _judged_measures(setting, rows):
            _judge(rows, places)
        else:
            for place in places:
                _test(rows, place)
    return rows


def arm_of(effect: Effect) -> Arm:
    """An effect as the statistics take it: a ratio by its logarithm."""
    values, margin = np.asarray(effect.values, dtype=float), effect.margin
    if effect.unit == RATIO:
        values, margin = np.log(values), math.log1p(effect.margin)
    return Arm(
        differences=values,
        better="higher" if effect.better == "higher" else "lower",
        margin=margin,
        least_deviation=effect.least_deviation,
        looks=effect.looks,
    )


def _judged_measures(setting: str, rows: Iterable[Effect]) -> set[str]:
    present = {row.measure for row in rows if row.setting == setting}
    errors = [metric.name for metric in HEADLINES if metric.name in present]
    return {*errors[:1], *_TIMED}


def _judge(rows: list[Effect], places: list[int]) -> None:
    arms = [arm_of(rows[place]) for place in places]
    for place, arm, found in zip(places, arms, verdicts(arms), strict=True):
        wanted = pairs_wanted(arm, found.family) if found.verdict == INCONCLUSIVE else None
        rows[place] = replace(
            rows[place],
            verdict=found.verdict,
            p_difference=found.p_difference,
            p_equivalence=found.p_equivalence,
            pairs_wanted=wanted,
        )


def _test(rows: list[Effect], place: int) -> None:
    arm = arm_of(rows[place])
    rows[place] = replace(
        rows[place], p_difference=difference_p_value(arm), p_equivalence=equivalence_p_value(arm)
    )
