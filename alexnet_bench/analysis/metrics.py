"""The metrics: each declares its label, unit, better direction and margin once."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from alexnet_bench.records.schema import Epoch, Trial
from alexnet_bench.words import counted

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
        read: its value in a record, in `unit` over `scale`; None where the record has none.
        scale: from what is read to `unit`.
        mode: of the draws that it is read from; None for trials.
        margin: of a ratio the largest share that does not matter, of points `MARGIN_POINTS`; None: nobody has
            said what matters.
        images: of which split an error is counted, where that is few enough to matter.
        top: an image counts as right where its class is among so many likeliest; None where the metric is
            not an error of the test images.
    """

    name: str
    label: str
    unit: str
    effect_unit: str = RATIO
    better: Literal["lower", "higher"] = "lower"
    read: Callable[[Any], float | None]
    scale: float = 1.0
    mode: str | None = None
    margin: float | None = None
    images: Literal["test", "validation"] | None = None
    top: int | None = None

    @property
    def axis(self) -> str:
        """Label of an axis that shows it."""
        return f"{self.label} ({self.unit}; {self.better} is better)"

    def has(self, record: Any) -> bool:
        """Whether a record has a value of it; an infinite one is one."""
        return not math.isnan(self.of(record))

    def of(self, record: Any) -> float:
        """Its value in a record, in `unit`; not a number where there is none."""
        value = self.read(record) if self.mode in (None, getattr(record, "mode", None)) else None
        return math.nan if value is None else self.scale * value

    def margin_on(self, images: int | None) -> float:
        """The largest effect that does not matter: points, or a share of a ratio; not a number: unknown.

        Of an error, it is four of the images at least on which that is measured, where their number is known.
        """
        if self.margin is None:
            return math.nan
        return max(self.margin, self.scale * MARGIN_IMAGES / images if images else 0.0)


def epochs_to(curve: Sequence[Epoch], share: float) -> float:
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


def early_error(curve: Sequence[Epoch]) -> float:
    """The validation error after the first tenth of the epochs; not a number where there is none."""
    if not len(curve):
        return math.nan
    value = curve[math.ceil(len(curve) / 10) - 1].validation_top1_error
    return math.nan if value is None else float(value)


def error_after(epoch: int) -> Metric:
    """The validation error after an epoch, counted from 1; a trial that ended before has none."""
    return replace(
        VALIDATION_ERROR,
        name=f"validation_error_after_{epoch}",
        label=f"validation error after {counted(epoch, 'epoch')}",
        read=lambda trial: (
            trial.curve[epoch - 1].validation_top1_error if epoch <= len(trial.curve) else None
        ),
    )


def _column(name: str) -> Callable[[Any], float | None]:
    """Reads a column that is a number; of other records nothing."""
    return lambda record: getattr(record, name, None)


def _error(
    column: str, label: str, top: int | None = None, images: Literal["test", "validation"] | None = "test"
) -> Metric:
    return Metric(
        name=column,
        label=label,
        unit="%",
        effect_unit=POINTS,
        read=_column(column),
        scale=100,
        margin=MARGIN_POINTS,
        images=images,
        top=top,
    )


def _gap(column: str, label: str) -> Metric:
    def gap(trial: Any) -> float | None:
        error, trained = getattr(trial, column), trial.train_error
        return None if None in (error, trained) else error - trained

    return replace(_error(column, label), name=column.replace("top1_error", "gap"), read=gap)


def _throughput(mode: str) -> Metric:
    return Metric(
        name=f"{mode}_images_per_second",
        label=f"{mode} throughput",
        unit="images/s",
        better="higher",
        read=_column("images_per_second"),
        mode=mode,
        margin=MARGIN_THROUGHPUT,
    )


def reach(share: float) -> Metric:
    """Epochs to a training error."""
    return Metric(
        name=f"epochs_to_{100 * share:g}_percent",
        label=f"epochs to {share:.0%} training error",
        unit="epochs",
        read=lambda trial: epochs_to(trial.curve, share),
        margin=MARGIN_EPOCHS,
    )


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
EARLY_ERROR = replace(
    VALIDATION_ERROR,
    name="early_validation_error",
    label="validation error after a tenth of training",
    read=lambda trial: early_error(trial.curve),
)
LOSS = Metric(name="loss", label="training loss", unit="nats", effect_unit="nats", read=_column("loss"))
REACH = reach(0.25)
TRAINING, INFERENCE = _throughput("training"), _throughput("inference")

MEMORY = Metric(name="peak_memory", label="peak memory", unit="bytes", read=_column("peak_memory_bytes"))
START_UP = Metric(name="start_up", label="start-up time", unit="s", read=_column("compile_seconds"))

HEADLINES = (TEST_ERROR, HELD_OUT_ERROR, VALIDATION_ERROR)
OUTCOMES = (*HEADLINES, *TOP5_ERRORS, TRAIN_ERROR, *GAPS, EARLY_ERROR, LOSS)
THROUGHPUTS = (TRAINING, INFERENCE)


def headline(trials: Iterable[Trial]) -> Metric | None:
    """The error that trials are judged by: of test images, else held-out ones, else validation."""
    trials = list(trials)
    return next((metric for metric in HEADLINES if any(metric.has(trial) for trial in trials)), None)
