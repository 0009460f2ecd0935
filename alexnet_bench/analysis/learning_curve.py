"""What the curve of a trial says: when it got somewhere, and where it was early on."""

import math
from collections.abc import Sequence

from alexnet_bench.records.schema import Epoch

Curve = Sequence[Epoch]


def epochs_to(curve: Curve, share: float) -> float:
    """Epochs until the training error, as trained, was down to a share; infinite where it never was.

    An epoch's error is the mean over its steps, so it is taken for that of the epoch's middle, and between
    two middles it is read off a straight line. One that the first epoch already has counts as its middle.
    Not a number for a curve without epochs.
    """
    errors = [math.inf if row.train_error is None else row.train_error for row in curve]
    if not errors:
        return math.nan
    reached = next((index for index, error in enumerate(errors) if error <= share), None)
    if reached is None:
        return math.inf
    if not reached:
        return 0.5
    before, after = errors[reached - 1], errors[reached]
    return float(reached - 0.5 + (before - share) / (before - after))


def early_error(curve: Curve) -> float:
    """The validation error after the first tenth of the epochs; not a number where there is none."""
    if not len(curve):
        return math.nan
    value = curve[math.ceil(len(curve) / 10) - 1].validation_top1_error
    return math.nan if value is None else float(value)
