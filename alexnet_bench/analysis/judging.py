"""Rows of effects -> the same with p-values and verdicts: which share an error rate, and what they earn."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alexnet_bench.analysis.effect import INTERVAL, Effect
from alexnet_bench.analysis.metrics import HEADLINES, RATIO, THROUGHPUTS
from alexnet_bench.analysis.rows import Row
from alexnet_bench.stats.verdict import INCONCLUSIVE, Arm, Verdict, pairs_wanted, verdicts


def judged(found: Sequence[tuple[Row, Effect]]) -> list[Row]:
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
            # Before the first look there is none.
            rows[place] = _with_verdict(row, effect, arm, verdict) if is_judged and verdict.verdict else row
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
        row.again(judged),
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
