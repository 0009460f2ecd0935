"""What a gate adds to the history: a row for each network and mode that it timed."""

import math
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from alexnet_bench.analysis.conditions import grouped
from alexnet_bench.analysis.decision import Decision
from alexnet_bench.analysis.effect import (
    geometric_mean,
    relative_speed,
    steady_draws,
    typical_speed,
    yardstick_peak,
)
from alexnet_bench.records.history import SERIES, Entry
from alexnet_bench.records.schema import BASE, HEAD, Draw

TERA = 1e12


def make_rows(records: Iterable[Draw], decisions: Iterable[Decision]) -> list[Entry]:
    """The rows of a gate, from draws of head and of a base if one was timed beside it.

    There is none for what could not be measured of head; draws without a steady state do not count.
    """
    found = grouped(records, attrgetter("side", *SERIES))
    decided = {
        (row.variant, row.topology, row.batch_size, row.precision, row.quantity): row for row in decisions
    }
    return [
        _row(key, counting, found.get((BASE, *key), []), decided.get(tuple(key[:5])))
        for (side, *key), draws in found.items()
        if side == HEAD and (counting := steady_draws(draws))
    ]


def _row(key: Sequence[Any], head: Sequence[Draw], base: Sequence[Draw], decision: Decision | None) -> Entry:
    first = head[0]
    beside: dict[str, Any] = {}
    if base:
        beside = {"base": base[0].git_commit, "base_versions": base[0].versions}
    if base and decision:
        ends = {name: getattr(decision, name) for name in ("ratio", "low", "high")}
        finite = {name: value if math.isfinite(value) else None for name, value in ends.items()}
        beside |= {"pairs": decision.draws, **finite}
    return Entry(
        time=first.started_at,
        commit=first.git_commit,
        **dict(zip(SERIES, key, strict=True)),
        fingerprint=first.fingerprint,
        versions=first.versions,
        draws=len(head),
        images_per_second=typical_speed(head),
        **_against_yardstick(head),
        **beside,
        decision=decision.decision if decision else None,
    )


def _against_yardstick(draws: Sequence[Draw]) -> dict[str, Any]:
    """The yardstick's speed, and that of head against it: draw by draw, for both change with the machine."""
    peaks = [peak for draw in draws if (peak := yardstick_peak(draw)) is not None]
    relative = [speed for draw in draws if (speed := relative_speed(draw)) is not None]
    if not relative:
        return {}
    return {
        "yardstick_flops_per_second": float(np.median(peaks)),
        "images_per_teraflop": TERA * geometric_mean(relative),
    }
