"""What other tools are told of a record: parameters, metrics by step, and tags."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

import msgspec

from alexnet_bench.records.manifest import Manifest
from alexnet_bench.records.schema import HEAD, AnyRecord, Draw, Trial
from alexnet_bench.words import plain

Value = str | int | float | bool
PROJECT = "alexnet-bench"
# Of a record, what was chosen and where it ran; and what came out.
_CHOSEN = (
    *("variant", "topology", "classes", "recipe", "precision", "batch_size", "placement", "device"),
    *("threads", "dataset", "seed", "purpose", "epochs", "tuned", "rate_per_seed"),
    *("mode", "side", "draw", "thread_pools", "parameters", "macs"),
)
_CAME_OUT = (
    *("validation_top1_error", "test_top1_error", "test_top5_error", "held_out_top1_error"),
    *("held_out_top5_error", "train_error", "loss", "images_per_second", "utilization", "joules_per_image"),
    *("compile_seconds", "duration_seconds", "peak_memory_bytes"),
)
_BY_EPOCH = ("learning_rate", "loss", "train_error", "validation_top1_error")
# Of a name, so that a file can have it.
_LONGEST = 120
_UNSAFE = re.compile(r"[^\w.+@-]")


@dataclass(frozen=True, kw_only=True)
class Point:
    """Metrics after a step (an epoch, or a slice of a draw), and when, in seconds since 1970."""

    step: int
    at: float
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A record as other tools have it.

    Args:
        key: equal for equal records alone.
        name: that people read, and a folder can have; records of one run differ in it.
        group: the run that it belongs to.
        kind: `trial` or `draw`.
        parameters: what was chosen, and where it ran.
        tags: what it came from, and how it ended.
        points: its metrics by epoch or slice, in order.
        outcome: its metrics at the end; their names begin with `final/`.
        started, ended: seconds since 1970.
    """

    key: str
    name: str
    group: str
    kind: str
    parameters: dict[str, Value]
    tags: dict[str, str]
    points: tuple[Point, ...]
    outcome: dict[str, float]
    succeeded: bool
    started: float
    ended: float


def row_of(record: AnyRecord, manifest: Manifest) -> Row:
    """A record's row."""
    started = _moment(record.started_at)
    points = tuple(_epochs(record, started) if isinstance(record, Trial) else _slices(record))
    return Row(
        key=hashlib.sha256(msgspec.json.encode(record)).hexdigest()[:20],
        name=_name(record),
        group=manifest.run_id,
        kind=record.kind,
        parameters=_parameters(record),
        tags=_tags(record, manifest),
        points=points,
        outcome=_finite({f"final/{name}": getattr(record, name, None) for name in _CAME_OUT}),
        succeeded=record.succeeded,
        started=started,
        ended=started + record.duration_seconds,
    )


def _name(record: AnyRecord) -> str:
    """The variant and what tells its records apart; whatever the variant is called, a name of a file."""
    precision = "" if record.precision == "float32" else f"@{record.precision}"
    if isinstance(record, Trial):
        which = f"seed{record.seed}"
        if record.purpose == "tuning":
            which += f"-rate{record.recipe_settings['learning_rate']:g}-epochs{len(record.curve)}"
    else:
        side = "" if record.side == HEAD else f"-{record.side}"
        which = f"{record.mode}-batch{record.batch_size}-draw{record.draw}{side}"
    name = f"{record.variant}{precision}-{which}"
    safe = _UNSAFE.sub("_", name)[:_LONGEST]
    # Two names may not become one.
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _parameters(record: AnyRecord) -> dict[str, Value]:
    chosen = {name: getattr(record, name, None) for name in _CHOSEN}
    chosen |= {f"recipe/{name}": value for name, value in record.recipe_settings.items()}
    return {name: _simple(value) for name, value in chosen.items() if value is not None}


def _tags(record: AnyRecord, manifest: Manifest) -> dict[str, str]:
    tags = {
        "run_id": manifest.run_id,
        "command": manifest.command,
        "fingerprint": record.fingerprint,
        "git_commit": record.git_commit,
        "status": record.status,
        "error": record.error,
        **{f"version/{name}": value for name, value in record.versions.items()},
    }
    return {name: plain(value) for name, value in tags.items() if value}


def _epochs(trial: Trial, started: float) -> Iterator[Point]:
    ends = accumulate(row.seconds for row in trial.curve)
    for row, end in zip(trial.curve, ends, strict=True):
        metrics = _finite({name: getattr(row, name) for name in _BY_EPOCH})
        yield Point(step=row.epoch, at=started + end, metrics=metrics)


def _slices(draw: Draw) -> Iterator[Point]:
    slices = zip(draw.slice_steps, draw.slice_seconds, draw.slice_started_at, strict=False)
    for number, (steps, seconds, at) in enumerate(slices, 1):
        speed = steps * draw.batch_size / seconds
        yield Point(step=number, at=at + seconds, metrics=_finite({"images_per_second": speed}))


def _finite(values: Mapping[str, float | None]) -> dict[str, float]:
    return {
        name: float(value) for name, value in values.items() if value is not None and math.isfinite(value)
    }


def _simple(value: Any) -> Value:
    """A value that every tool takes; a number that is none of a machine's is text."""
    if isinstance(value, float | bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return plain(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _moment(text: str) -> float:
    """Seconds since 1970; 0 where a record's text is no time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
