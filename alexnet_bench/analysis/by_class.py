"""Which classes a network takes for which: counts over the test images of all its seeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import Setting, measured_alike
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.records.predictions import Predictions
from alexnet_bench.records.schema import AnyRecord, Trial

# Of more, the counts of many variants take gigabytes.
MOST_CLASSES = 1000


@dataclass(frozen=True, eq=False)
class ClassErrors:
    """The predictions of a setting, counted.

    Args:
        setting: whose.
        counts: by variant: (class, taken for), images over all seeds.
    """

    setting: Setting
    counts: dict[str, NDArray[np.int32]]

    @cached_property
    def errors(self) -> dict[str, NDArray[np.float64]]:
        """By variant, the error of each class, percent; not a number for one that no image is of."""
        return {name: _errors(counts) for name, counts in self.counts.items()}


def class_errors(records: Iterable[AnyRecord], plans: Plans) -> list[ClassErrors]:
    """One a setting of at most a thousand classes whose trials kept their predictions.

    A network of two names stands under one of them.
    """
    files, found = Predictions(plans.folders), []
    for setting in measured_alike(records, plans, Trial):
        classes = setting.conditions["classes"]
        if classes > MOST_CLASSES:
            continue
        counts = {
            variant: total
            for variant in sorted(setting.variants, key=plans.rank)
            if not plans.same_as(variant)
            and (total := _counted(setting.of(variant), files, classes)) is not None
        }
        if counts:
            found.append(ClassErrors(setting, counts))
    return found


def _counted(trials: Iterable[Trial], files: Predictions, classes: int) -> NDArray[np.int32] | None:
    total = None
    for trial in trials:
        predicted = files.classes(trial) if trial.succeeded else None
        if predicted is None or not all(((side >= 0) & (side < classes)).all() for side in predicted):
            continue
        if total is None:
            total = np.zeros((classes, classes), np.int32)
        np.add.at(total, predicted, 1)
    return total


def _errors(counts: NDArray[np.int32]) -> NDArray[np.float64]:
    images = counts.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return 100 * (1 - np.diagonal(counts) / images)
