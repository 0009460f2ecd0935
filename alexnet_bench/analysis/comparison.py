"""What `bench compare` says: head over base, or one run over another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import numpy as np

from alexnet_bench.analysis.conditions import grouped, results
from alexnet_bench.analysis.effect import (
    Effect,
    seed_effect,
    speed_effect,
    speed_effect_apart,
    step_quantiles,
)
from alexnet_bench.analysis.metrics import THROUGHPUTS, Metric, headline
from alexnet_bench.analysis.plans import Plans
from alexnet_bench.errors import RecordError
from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.schema import AGREEING, BASE, HEAD, AnyRecord, Draw, Trial, columns_of

# What two sides, or two runs, differ in by intent.
FACTORS = {"side", "versions", "build"}
_MODES = {metric.mode: metric for metric in THROUGHPUTS}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One variant and measure. The fields are the columns of `compare --json`.

    Args:
        measure: `training throughput`, `inference throughput`, or an error.
        unit: of both values.
        base: value of the base, or of the first run, by the estimator of the effect.
        head: what the effect makes of it.
        effect: head over base for throughput; head minus base, in percentage points, for an error.
        low, high: ends of its 95% interval; null where there are too few draws or seeds for one.
        pairs: draws or seeds that it rests on.
        steady: whether every draw reached and kept a steady state, which leaves out those that did not; null
            for errors.
        base_milliseconds, head_milliseconds: median, and 5% and 95% quantiles, of a step's duration in the
            slices.
        note: why there is no effect, or what must be known of it.
    """

    variant: str
    precision: str
    batch_size: int
    measure: str
    unit: str = "images/s"
    base: float = math.nan
    head: float = math.nan
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pairs: int = 0
    steady: bool | None = None
    base_milliseconds: tuple[float, ...] = ()
    head_milliseconds: tuple[float, ...] = ()
    note: str = ""

    def on(self, effect: Effect) -> "Comparison":
        """This row with an effect."""
        size, low, high = effect.size
        return replace(
            self,
            base=effect.control,
            head=effect.arm,
            effect=size,
            low=low,
            high=high,
            pairs=effect.pairs,
            note=effect.note,
        )


def compare_sides(records: Iterable[AnyRecord]) -> list[Comparison]:
    """Head over base of a run of `bench compare --base`: a ratio a draw, of slices from the same rounds."""
    draws = [record for record in records if isinstance(record, Draw)]
    rows = []
    for some in grouped(draws, attrgetter("variant", "precision", "batch_size", "mode")).values():
        base, head = ([draw for draw in some if draw.side == side] for side in (BASE, HEAD))
        metric = _MODES[some[0].mode]
        rows.append(_timed(_blank(some[0], metric), base, head, speed_effect(head, base, metric)))
    return rows


def compare_runs(records: Iterable[AnyRecord], manifests: Sequence[Manifest]) -> list[Comparison]:
    """The second of two runs against the first: throughput by independent draws, error paired by seed.

    Raises:
        RecordError: they are one run, or one is a comparison itself.
    """
    first, second = (manifest.run_id for manifest in manifests)
    if first == second:
        raise RecordError("both folders hold the same run; give two runs")
    if any(manifest.plan.kind == "comparison" for manifest in manifests):
        raise RecordError("a run of `bench compare` has two sides already; give runs of `bench run`")
    found = results(records, Plans(manifests))
    network = ("variant", "precision", "batch_size", "topology")
    draws = grouped((record for record in found if isinstance(record, Draw)), attrgetter(*network, "mode"))
    trials = grouped((item for item in found if isinstance(item, Trial)), attrgetter(*network, "dataset"))
    alike: list[list[Any]] = [*draws.values(), *trials.values()]
    rows = []
    for some in alike:
        one, other = ([record for record in some if record.run_id == run] for run in (first, second))
        timed = isinstance(some[0], Draw)
        metric = _MODES[some[0].mode] if timed else headline(trial for trial in some if trial.succeeded)
        if metric is None:
            continue
        blank = _blank(some[0], metric)
        if reason := _refusal(one, other):
            rows.append(replace(blank, note=reason))
        elif timed:
            rows.append(_timed(blank, one, other, speed_effect_apart(other, one, metric)))
        else:
            rows.append(blank.on(seed_effect(other, one, metric)))
    return rows


def yardstick_change(records: Iterable[AnyRecord], manifests: Sequence[Manifest]) -> dict[str, float]:
    """How the machine itself changed between two runs: the second's measured peaks over the first's.

    Of the first precision and device that both have; empty where there is none, or no yardstick.
    """
    first, second = (manifest.run_id for manifest in manifests)
    draws = [record for record in records if isinstance(record, Draw)]
    for some in grouped(draws, attrgetter("precision", "device")).values():
        before, after = (peaks(draw for draw in some if draw.run_id == run) for run in (first, second))
        if found := {name: after[name] / before[name] for name in before if name in after}:
            return found
    return {}


def peaks(draws: Iterable[Draw]) -> dict[str, float]:
    """The median of each of the yardstick's figures, each session counting once."""
    measured = {(draw.run_id, draw.draw): draw.yardstick for draw in draws if draw.yardstick}.values()
    return {
        name: float(np.median(values))
        for name in ("flops_per_second", "bytes_per_second")
        if (values := [value for item in measured for value in getattr(item, name)])
    }


def _blank(record: AnyRecord, metric: Metric) -> Comparison:
    return Comparison(
        variant=record.variant,
        precision=record.precision,
        batch_size=record.batch_size,
        measure=metric.label,
        unit=metric.unit,
    )


def _timed(blank: Comparison, base: Sequence[Draw], head: Sequence[Draw], effect: Effect) -> Comparison:
    known = [draw.steady for draw in (*base, *head) if draw.steady is not None]
    return replace(
        blank.on(effect),
        steady=all(known) if known else None,
        base_milliseconds=step_quantiles(base),
        head_milliseconds=step_quantiles(head),
    )


def _refusal(one: Sequence[AnyRecord], other: Sequence[AnyRecord]) -> str:
    """Why two runs' records of a variant cannot be compared; nothing where they can."""
    for rows, which in ((one, "first"), (other, "second")):
        if not rows:
            return f"not measured in the {which} run"
    own = {column.name for column in columns_of(type(one[0]))}
    found = [
        f"{name} ({left}, {right})"
        for name in AGREEING
        if name in own - FACTORS and (left := _values(one, name)) != (right := _values(other, name))
    ]
    return "not comparable: they differ in " + " and in ".join(found) if found else ""


def _values(records: Sequence[AnyRecord], name: str) -> str:
    return " and ".join(sorted({str(getattr(record, name)) for record in records}))
