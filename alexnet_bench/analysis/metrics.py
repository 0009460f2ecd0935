"""The metrics: each declares its label, unit, better direction and margin once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from alexnet_bench.analysis.learning_curve import early_error, epochs_to

POINTS, RATIO = "percentage points", "ratio"
# Differences that do not matter: half a point of error, or four test images where there are few of them;
# one percent of a throughput, ten of a number of epochs.
MARGIN_POINTS, MARGIN_IMAGES = 0.5, 4
MARGIN_THROUGHPUT, MARGIN_EPOCHS = 0.01, 0.1


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measured quantity.

    Args:
        name: in `effects.csv`.
        label: in tables and figures.
        unit: of the quantity.
        effect_unit: of an arm's difference from its control.
        better: the direction that is better.
        column: of the records that holds it.
        scale: from the column's unit to `unit`.
        mode: of the draws that it is read from; None for trials.
        less: a column that is taken off.
        read: makes its values of a column's, where they are not numbers.
        margin_ratio: the largest share of a ratio that does not matter; None for differences.
        images: of which split an error is counted, where that is few enough to matter.
        top: an image counts as right where its class is among so many likeliest; None where the metric is
            not an error of the test images.
    """

    name: str
    label: str
    unit: str
    effect_unit: str
    better: Literal["lower", "higher"]
    column: str
    scale: float = 1.0
    mode: str | None = None
    less: str | None = None
    read: Callable[[Any], float] | None = None
    margin_ratio: float | None = None
    images: Literal["test", "validation"] | None = None
    top: int | None = None

    @property
    def axis(self) -> str:
        """Label of an axis that shows it."""
        return f"{self.label} ({self.unit}; {self.better} is better)"

    def of(self, rows: pd.DataFrame) -> "pd.Series[float]":
        """Its values in records, in `unit`."""
        column = rows[self.column] if self.read is None else rows[self.column].map(self.read)
        values = pd.to_numeric(column).astype(float)
        if self.less is not None:
            values -= pd.to_numeric(rows[self.less]).astype(float)
        return values * self.scale

    def margin(self, images: int | None) -> float:
        """The largest effect that does not matter: points, or a share of a ratio.

        Args:
            images: on which an error is measured, where that is known.
        """
        if self.margin_ratio is not None:
            return self.margin_ratio
        return max(MARGIN_POINTS, self.scale * MARGIN_IMAGES / images if images else 0.0)


def _error(
    column: str,
    label: str,
    top: int | None = None,
    images: Literal["test", "validation"] | None = "test",
) -> Metric:
    return Metric(
        name=column,
        label=label,
        unit="%",
        effect_unit=POINTS,
        better="lower",
        column=column,
        scale=100,
        images=images,
        top=top,
    )


def _gap(column: str, label: str) -> Metric:
    return Metric(
        name=column.replace("top1_error", "gap"),
        label=label,
        unit="%",
        effect_unit=POINTS,
        better="lower",
        column=column,
        scale=100,
        less="train_error",
        images="test",
    )


def _throughput(mode: str) -> Metric:
    return Metric(
        name=f"{mode}_images_per_second",
        label=f"{mode} throughput",
        unit="images/s",
        effect_unit=RATIO,
        better="higher",
        column="images_per_second",
        mode=mode,
        margin_ratio=MARGIN_THROUGHPUT,
    )


def reach(share: float) -> Metric:
    """Epochs to a training error."""
    return Metric(
        name=f"epochs_to_{100 * share:g}_percent",
        label=f"epochs to {share:.0%} training error",
        unit="epochs",
        effect_unit=RATIO,
        better="lower",
        column="curve",
        read=lambda curve: epochs_to(_rows(curve), share),
        margin_ratio=MARGIN_EPOCHS,
    )


def _rows(curve: Any) -> list[dict[str, Any]]:
    """A curve's epochs; none of a record that has no curve."""
    return list(curve) if isinstance(curve, Sequence | np.ndarray) else []


TEST_ERROR = _error("test_top1_error", "test top-1 error", top=1)
HELD_OUT_ERROR = _error("held_out_top1_error", "held-out top-1 error", top=1)
VALIDATION_ERROR = _error("validation_top1_error", "validation top-1 error", images="validation")
TOP5_ERRORS = (
    _error("test_top5_error", "test top-5 error", top=5),
    _error("held_out_top5_error", "held-out top-5 error", top=5),
)
TRAIN_ERROR = _error("train_error", "training error", images=None)
GAPS = (
    _gap("test_top1_error", "test error less training error"),
    _gap("held_out_top1_error", "held-out error less training error"),
)
EARLY_ERROR = Metric(
    name="early_validation_error",
    label="validation error after a tenth of training",
    unit="%",
    effect_unit=POINTS,
    better="lower",
    column="curve",
    scale=100,
    images="validation",
    read=lambda curve: early_error(_rows(curve)),
)
LOSS = Metric(
    name="loss", label="training loss", unit="nats", effect_unit="nats", better="lower", column="loss"
)
REACH = reach(0.25)
TRAINING, INFERENCE = _throughput("training"), _throughput("inference")

HEADLINES = (TEST_ERROR, HELD_OUT_ERROR, VALIDATION_ERROR)
OUTCOMES = (*HEADLINES, *TOP5_ERRORS, TRAIN_ERROR, *GAPS, EARLY_ERROR, LOSS)
THROUGHPUTS = (TRAINING, INFERENCE)


def headline(trials: pd.DataFrame) -> Metric | None:
    """The error that trials are judged by: of test images, else held-out ones, else validation."""
    return next((metric for metric in HEADLINES if metric.of(trials).notna().any()), None)
