"""What `bench compare` says: head over base, or one run over another."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from alexnet_bench.analysis.draws import log_rate, ratios_by_draw, slower_half_note, step_milliseconds
from alexnet_bench.analysis.metrics import THROUGHPUTS, headline
from alexnet_bench.analysis.plans import Manifest, Plans, succeeded
from alexnet_bench.analysis.results import results
from alexnet_bench.analysis.summary import QUANTILES
from alexnet_bench.errors import RecordError
from alexnet_bench.records.schema import AGREEING
from alexnet_bench.stats import Estimate, estimate, over_draws, unpaired

# What two sides, or two runs, differ in by intent.
FACTORS = {"side", "versions", "build"}
_MODES = {metric.mode: metric for metric in THROUGHPUTS}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One variant and measure. The fields are the columns of `compare --json`.

    Args:
        variant: its name.
        precision: Keras dtype policy.
        batch_size: images a step.
        measure: `training throughput`, `inference throughput`, or an error.
        unit: of both values.
        base: value of the base, or of the first run.
        head: value of the head, or of the second run.
        effect: head over base for throughput; head minus base, in percentage points, for an error.
        low: end of its 95% interval; null where there are too few draws or seeds for one.
        high: likewise.
        pairs: draws or seeds that it rests on.
        steady: whether every draw reached and kept a steady state; null for errors.
        base_milliseconds: median, and 5% and 95% quantiles, of a step's duration in the slices.
        head_milliseconds: likewise.
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


def compare_sides(frame: pd.DataFrame) -> pd.DataFrame:
    """Head over base of a run of `bench compare --base`: a ratio a draw, of slices from the same rounds."""
    return _as_frame(_side_rows(frame))


def compare_runs(frame: pd.DataFrame, manifests: Sequence[Manifest]) -> pd.DataFrame:
    """The second of two runs against the first: throughput by independent draws, error paired by seed.

    Raises:
        RecordError: they are one run, or one is a comparison itself.
    """
    first, second = (manifest["run_id"] for manifest in manifests)
    if first == second:
        raise RecordError("both folders hold the same run; give two runs")
    if any(manifest["plan"].get("kind") == "comparison" for manifest in manifests):
        raise RecordError("a run of `bench compare` has two sides already; give runs of `bench run`")
    rows = results(frame, Plans(manifests))
    return _as_frame(
        [
            *_throughput_rows(rows[rows["kind"] == "draw"], first, second),
            *_error_rows(rows[rows["kind"] == "trial"], first, second),
        ]
    )


def yardstick_change(frame: pd.DataFrame, manifests: Sequence[Manifest]) -> dict[str, float]:
    """How the machine itself changed between two runs: the second's measured peaks over the first's.

    Of the first precision and device that both have; empty where there is none, or no yardstick.
    """
    first, second = (frame[frame["run_id"] == manifest["run_id"]] for manifest in manifests)
    for where, rows in first.groupby(["precision", "device"], sort=False):
        others = second[(second["precision"] == where[0]) & (second["device"] == where[1])]
        before, after = _peaks(rows), _peaks(others)
        if found := {name: after[name] / before[name] for name in before if name in after}:
            return found
    return {}


def _peaks(rows: pd.DataFrame) -> dict[str, float]:
    """The median of each of the yardstick's figures."""
    measured = [item for item in rows["yardstick"] if isinstance(item, dict)]
    return {
        name: float(np.median(values))
        for name in ("flops_per_second", "bytes_per_second")
        if (values := [value for item in measured for value in item[name]])
    }


def _as_frame(rows: Any) -> pd.DataFrame:
    return pd.DataFrame([asdict(row) for row in rows], columns=[item.name for item in fields(Comparison)])


def _side_rows(frame: pd.DataFrame) -> Iterator[Comparison]:
    keys = ["variant", "precision", "batch_size", "mode"]
    for (variant, precision, batch_size, mode), rows in frame.groupby(keys, sort=False):
        base, head = (_dicts(rows[rows["side"] == side]) for side in ("base", "head"))
        draws = ratios_by_draw(head, base)
        found = over_draws(draws) if draws else None
        row = _row(variant, precision, batch_size, mode, base, head, found)
        yield replace(row, note="; ".join(filter(None, (row.note, slower_half_note(head, base)))))


def _throughput_rows(draws: pd.DataFrame, first: str, second: str) -> Iterator[Comparison]:
    keys = ["variant", "precision", "batch_size", "topology", "mode"]
    for (variant, precision, batch_size, _, mode), rows in draws.groupby(keys, sort=False):
        one, other = (rows[rows["run_id"] == run] for run in (first, second))
        where = str(variant), str(precision), int(str(batch_size))
        blank = Comparison(
            variant=where[0], precision=where[1], batch_size=where[2], measure=_MODES[str(mode)].label
        )
        if reason := _refusal(one, other):
            yield Comparison(**(_own(blank) | {"note": reason}))
            continue
        logs = [_log_rates(_dicts(side)) for side in (one, other)]
        found = unpaired(logs[1], logs[0]) if all(len(side) for side in logs) else None
        yield _row(*where, mode, _dicts(one), _dicts(other), found)


def _error_rows(trials: pd.DataFrame, first: str, second: str) -> Iterator[Comparison]:
    keys = ["variant", "precision", "batch_size", "topology", "dataset"]
    for (variant, precision, batch_size, *_), rows in trials.groupby(keys, sort=False):
        one, other = (rows[rows["run_id"] == run] for run in (first, second))
        metric = headline(succeeded(rows))
        if metric is None:
            continue
        blank = Comparison(
            variant=str(variant),
            precision=str(precision),
            batch_size=int(str(batch_size)),
            measure=metric.label,
            unit=metric.unit,
        )
        if reason := _refusal(one, other):
            yield Comparison(**(_own(blank) | {"note": reason}))
            continue
        by_seed = [metric.of(side).groupby(side["seed"]).mean().dropna() for side in (one, other)]
        changes = (by_seed[1] - by_seed[0]).dropna()
        if changes.empty:
            yield Comparison(**(_own(blank) | {"note": "no seed was trained in both"}))
            continue
        found = estimate(list(changes.astype(float)))
        means = [float(values.loc[changes.index].mean()) for values in by_seed]
        yield Comparison(
            **_own(blank)
            | {"base": means[0], "head": means[1], "effect": found.mean}
            | {"low": found.low, "high": found.high, "pairs": found.count}
        )


def _own(row: Comparison) -> dict[str, Any]:
    return {item.name: getattr(row, item.name) for item in fields(row)}


def _row(
    variant: Any,
    precision: Any,
    batch_size: Any,
    mode: Any,
    base: list[dict[Hashable, Any]],
    head: list[dict[Hashable, Any]],
    found: Estimate | None,
) -> Comparison:
    known = [row["steady"] for row in (*base, *head) if row["steady"] is not None]
    failed = dict.fromkeys(
        f"{row['side']}: {row['status']}" for row in (*base, *head) if row["status"] != "ok"
    )
    return Comparison(
        variant=str(variant),
        precision=str(precision),
        batch_size=int(batch_size),
        measure=_MODES[str(mode)].label,
        base=_mean_rate(base),
        head=_mean_rate(head),
        effect=math.exp(found.mean) if found else math.nan,
        low=math.exp(found.low) if found else math.nan,
        high=math.exp(found.high) if found else math.nan,
        pairs=found.count if found else 0,
        steady=all(known) if known else None,
        base_milliseconds=_quantiles(base),
        head_milliseconds=_quantiles(head),
        note="; ".join(dict.fromkeys(failed)),
    )


def _refusal(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """Why two runs' records of a variant cannot be compared; nothing where they can."""
    for rows, which in ((one, "first"), (other, "second")):
        if rows.empty:
            return f"not measured in the {which} run"
    columns = [name for name in AGREEING if name not in FACTORS and one[name].notna().any()]
    found = [
        f"{name} ({left}, {right})"
        for name in columns
        if (left := _values(one[name])) != (right := _values(other[name]))
    ]
    return "not comparable: they differ in " + " and in ".join(found) if found else ""


def _values(column: "pd.Series[Any]") -> str:
    return " and ".join(sorted({str(value) for value in column}))


def _log_rates(draws: list[dict[Hashable, Any]]) -> list[float]:
    return [log_rate(row) for row in draws if row["status"] == "ok"]


def _mean_rate(draws: list[dict[Hashable, Any]]) -> float:
    rates = [row["images_per_second"] for row in draws if row["status"] == "ok"]
    return float(np.mean(rates)) if rates else math.nan


def _quantiles(draws: list[dict[Hashable, Any]]) -> tuple[float, ...]:
    durations = step_milliseconds(draws)
    if not durations.size:
        return ()
    return tuple(float(value) for value in np.quantile(durations, QUANTILES))


def _dicts(rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return rows.to_dict("records")
