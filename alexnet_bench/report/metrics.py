"""The metrics: each declares its label, unit and better direction once."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd


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
    """

    name: str
    label: str
    unit: str
    effect_unit: str
    better: Literal["lower", "higher"]
    column: str
    scale: float = 1.0
    mode: str | None = None

    @property
    def axis(self) -> str:
        """Label of an axis that shows it."""
        return f"{self.label} ({self.unit}; {self.better} is better)"

    def of(self, rows: pd.DataFrame) -> "pd.Series[float]":
        """Its values in records, in `unit`."""
        return pd.to_numeric(rows[self.column]).astype(float) * self.scale


def _error(column: str, label: str) -> Metric:
    return Metric(
        name=column,
        label=label,
        unit="%",
        effect_unit="percentage points",
        better="lower",
        column=column,
        scale=100,
    )


def _throughput(mode: str) -> Metric:
    return Metric(
        name=f"{mode}_images_per_second",
        label=f"{mode} throughput",
        unit="images/s",
        effect_unit="ratio",
        better="higher",
        column="images_per_second",
        mode=mode,
    )


TEST_ERROR = _error("test_top1_error", "test top-1 error")
HELD_OUT_ERROR = _error("held_out_top1_error", "held-out top-1 error")
VALIDATION_ERROR = _error("validation_top1_error", "validation top-1 error")
TRAIN_ERROR = _error("train_error", "training error")
TRAINING, INFERENCE = _throughput("training"), _throughput("inference")

ERRORS = (TEST_ERROR, HELD_OUT_ERROR, VALIDATION_ERROR, TRAIN_ERROR)
THROUGHPUTS = (TRAINING, INFERENCE)
METRICS = (*ERRORS, *THROUGHPUTS)


def headline(trials: pd.DataFrame) -> Metric | None:
    """The error that trials are judged by: of test images, else held-out ones, else validation."""
    return next((metric for metric in ERRORS[:3] if metric.of(trials).notna().any()), None)
