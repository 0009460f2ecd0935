"""What a gate adds to the history: a row for each network and mode that it timed."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from alexnet_bench.analysis.decision import Decision
from alexnet_bench.analysis.draws import Record, log_rate
from alexnet_bench.records.history import SCHEMA_VERSION, SERIES
from alexnet_bench.records.schema import BASE, HEAD

TERA = 1e12


def make_rows(records: Iterable[Record], decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """The rows of a gate; none for what could not be measured of head.

    Args:
        records: draws of head, and of a base where one was timed beside it. Those without a steady state do
            not count.
        decisions: the gate's.
    """
    sides: dict[str, dict[tuple[Any, ...], list[Record]]] = {HEAD: {}, BASE: {}}
    for record in records:
        key = tuple(record[name] for name in SERIES)
        sides[record["side"]].setdefault(key, []).append(record)
    decided = {
        (row.variant, row.topology, row.batch_size, row.precision, row.quantity): row for row in decisions
    }
    return [
        _row(key, counting, sides[BASE].get(key, []), decided.get(key[:5]))
        for key, draws in sides[HEAD].items()
        if (counting := [draw for draw in draws if _counts(draw)])
    ]


def _counts(draw: Record) -> bool:
    return draw["status"] == "ok" and draw["steady"] is not False and bool(draw["slice_seconds"])


def _row(
    key: tuple[Any, ...], head: Sequence[Record], base: Sequence[Record], decision: Decision | None
) -> dict[str, Any]:
    first = head[0]
    paired = decision is not None and bool(base)
    return {
        "schema_version": SCHEMA_VERSION,
        "time": first["started_at"],
        "commit": first["git_commit"],
        "base": base[0]["git_commit"] if base else None,
        **dict(zip(SERIES, key, strict=True)),
        "fingerprint": first["fingerprint"],
        "versions": first["versions"],
        "base_versions": base[0]["versions"] if base else None,
        "draws": len(head),
        "images_per_second": math.exp(float(np.mean([log_rate(draw) for draw in head]))),
        **_against_yardstick(head),
        "pairs": decision.draws if decision and paired else 0,
        **{name: _finite(getattr(decision, name)) if paired else None for name in ("ratio", "low", "high")},
        "decision": decision.decision if decision else None,
    }


def _against_yardstick(draws: Sequence[Record]) -> dict[str, float | None]:
    """The yardstick's speed, and that of head against it: draw by draw, for both change with the machine."""
    speeds = {
        index: float(np.median(draw["yardstick"]["flops_per_second"]))
        for index, draw in enumerate(draws)
        if draw["yardstick"] and draw["yardstick"]["flops_per_second"]
    }
    if not speeds:
        return {"yardstick_flops_per_second": None, "images_per_teraflop": None}
    relative = [log_rate(draws[index]) - math.log(speed) for index, speed in speeds.items()]
    return {
        "yardstick_flops_per_second": float(np.median(list(speeds.values()))),
        "images_per_teraflop": TERA * math.exp(float(np.mean(relative))),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
