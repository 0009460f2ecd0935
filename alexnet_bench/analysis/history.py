"""What a gate adds to the history: a row for each network and mode that it timed."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.analysis.effect import relative_speed, steady_draws, typical_speed
from alexnet_bench.records.history import SERIES, Entry
from alexnet_bench.records.schema import BASE, HEAD, Draw

TERA = 1e12


def make_rows(records: Iterable[Draw], decisions: Iterable[Decision]) -> list[Entry]:
    """The rows of a gate; none for what could not be measured of head.

    Args:
        records: draws of head, and of a base where one was timed beside it. Those without a steady state do
            not count.
        decisions: the gate's.
    """
    sides: dict[str, dict[tuple[Any, ...], list[Draw]]] = {HEAD: {}, BASE: {}}
    for record in records:
        key = tuple(getattr(record, name) for name in SERIES)
        sides[record.side].setdefault(key, []).append(record)
    decided = {
        (row.variant, row.topology, row.batch_size, row.precision, row.quantity): row for row in decisions
    }
    return [
        _row(key, counting, sides[BASE].get(key, []), decided.get(key[:5]))
        for key, draws in sides[HEAD].items()
        if (counting := steady_draws(draws))
    ]


def _row(
    key: tuple[Any, ...], head: Sequence[Draw], base: Sequence[Draw], decision: Decision | None
) -> Entry:
    first = head[0]
    paired = decision is not None and bool(base)
    return Entry(
        time=first.started_at,
        commit=first.git_commit,
        base=base[0].git_commit if base else None,
        **dict(zip(SERIES, key, strict=True)),
        fingerprint=first.fingerprint,
        versions=first.versions,
        base_versions=base[0].versions if base else None,
        draws=len(head),
        images_per_second=typical_speed(head),
        **_against_yardstick(head),
        pairs=decision.draws if decision and paired else 0,
        ratio=_finite(decision.ratio) if decision and paired else None,
        low=_finite(decision.low) if decision and paired else None,
        high=_finite(decision.high) if decision and paired else None,
        decision=decision.decision if decision else None,
    )


def _against_yardstick(draws: Sequence[Draw]) -> dict[str, Any]:
    """The yardstick's speed, and that of head against it: draw by draw, for both change with the machine."""
    beside = [draw.yardstick for draw in draws if draw.yardstick and draw.yardstick.flops_per_second]
    relative = [speed for draw in draws if (speed := relative_speed(draw)) is not None]
    if not relative:
        return {"yardstick_flops_per_second": None, "images_per_teraflop": None}
    peaks = [float(np.median(yardstick.flops_per_second)) for yardstick in beside]
    return {
        "yardstick_flops_per_second": float(np.median(peaks)),
        "images_per_teraflop": TERA * math.exp(float(np.mean(relative))),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
