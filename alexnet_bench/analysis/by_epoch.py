"""The effect over training: what each arm changes in validation error after every epoch."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import pandas as pd

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.effect import NOT_MEASURED, seed_effect, shared_seeds
from alexnet_bench.analysis.effects import comparable_arms
from alexnet_bench.analysis.metrics import VALIDATION_ERROR, error_after
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.stats.error_rates import rounding_deviation
from alexnet_bench.stats.estimate import FEWEST_UNITS

# Fewer are no course.
FEWEST_EPOCHS = 3


@dataclass(frozen=True, kw_only=True)
class EpochEffect:
    """One arm after one epoch. The fields are the columns of `effect_by_epoch.csv`.

    Args:
        ablation: that the arm belongs to: the question.
        control: what it is held against.
        arm: name of the variant.
        epoch: counted from 1, up to the last one of the shortest trial.
        effect: arm minus control in validation error, percentage points.
        low, high: ends of the 95% t interval over seeds, of each epoch by itself.
        pairs: seeds that it rests on.
        margin: the largest effect that does not matter, percentage points.
        kind: as in `effects.csv`: `incomplete` where seeds failed, so that it is that of the others.
        note: what a reader must know.
        setting: equal for records that were measured alike, as in `effects.csv`.
    """

    ablation: str
    control: str
    arm: str
    epoch: int
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pairs: int = 0
    margin: float
    kind: str = NOT_MEASURED
    note: str = ""
    setting: str


def effects_by_epoch(records: Iterable[AnyRecord], plans: Plans) -> pd.DataFrame:
    """A row an arm and epoch, of the arms that have curves of three epochs and four pairs at least."""
    rows = [
        row
        for setting in measured_alike(records, plans, Trial)
        for arm in sorted(comparable_arms(setting, plans), key=plans.rank)
        for row in _rows(setting, arm, plans)
    ]
    return pd.DataFrame([vars(row) for row in rows], columns=[item.name for item in fields(EpochEffect)])


def _rows(setting: Setting, arm: str, plans: Plans) -> Iterator[EpochEffect]:
    sides = setting.of(arm), setting.of(setting.control)
    seeds = set(shared_seeds(*sides, VALIDATION_ERROR))
    paired = (trial for side in sides for trial in side if trial.succeeded and trial.seed in seeds)
    epochs = min((len(trial.curve) for trial in paired), default=0)
    if len(seeds) < FEWEST_UNITS or epochs < FEWEST_EPOCHS:
        return
    images = plans.images(setting.runs[0], VALIDATION_ERROR.images)
    least = rounding_deviation(VALIDATION_ERROR.scale / images) if images else 0.0
    for epoch in range(1, epochs + 1):
        effect = seed_effect(*sides, error_after(epoch), least)
        size, low, high = effect.size
        yield EpochEffect(
            ablation=plans.ablation_of(arm),
            control=setting.control,
            arm=arm,
            epoch=epoch,
            effect=size,
            low=low,
            high=high,
            pairs=effect.pairs,
            margin=VALIDATION_ERROR.margin_on(images),
            kind=effect.kind,
            note=effect.note,
            setting=setting.name,
        )
