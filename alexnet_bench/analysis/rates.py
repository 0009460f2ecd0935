"""Which learning rate tuning chose."""

import math
from collections.abc import Iterable
from typing import TypeGuard

from alexnet_bench.analysis.metrics import VALIDATION_ERROR, epochs_to
from alexnet_bench.records.schema import AnyRecord, Trial

Which = tuple[str, str]


def chosen_rates(records: Iterable[AnyRecord]) -> dict[Which, float]:
    """The best rate by variant and precision; the lower one where they tie.

    The best has the least validation error or, where the recipe stops at a training error, got there in the
    fewest epochs; where none got there, the one that came nearest.
    """
    best: dict[Which, tuple[float, ...]] = {}
    for record in records:
        if isinstance(record, Trial) and record.purpose == "tuning" and record.succeeded:
            which = record.variant, record.precision
            found = (*_score(record), record_rate(record))
            best[which] = min(best.get(which, found), found)
    return {which: found[-1] for which, found in best.items()}


def is_tuning(record: AnyRecord, which: Which) -> TypeGuard[Trial]:
    """Whether a record is a trial that chooses the rate of a variant and precision."""
    return (
        isinstance(record, Trial)
        and record.purpose == "tuning"
        and (record.variant, record.precision) == which
    )


def fewest_epochs(records: Iterable[AnyRecord], which: Which) -> int | None:
    """Of the tuning trials that ended at the training error their recipe stops at; None without one.

    A trial of another rate that is not there by then cannot be chosen.
    """
    curves = (record.curve for record in records if is_tuning(record, which) and _reached(record))
    return min(map(len, curves), default=None)


def record_rate(record: AnyRecord) -> float:
    """The rate that a trial started at."""
    return float(record.recipe_settings["learning_rate"])


def _reached(record: Trial) -> bool:
    share = record.recipe_settings.get("stop_at_train_error")
    return record.succeeded and share is not None and math.isfinite(epochs_to(record.curve, share))


def _score(record: Trial) -> tuple[float, ...]:
    """Lower is better."""
    share = record.recipe_settings.get("stop_at_train_error")
    if share is None:
        return (VALIDATION_ERROR.of(record),)
    return epochs_to(record.curve, share), record.curve[-1].train_error or 0.0
