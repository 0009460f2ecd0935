"""Looks a machine over: what it computes with, its measured peaks, its noise floor, what to put right."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.analysis.draws import ratios_by_draw
from alexnet_bench.environment import available_memory_bytes, describe_environment, git_commit
from alexnet_bench.records.schema import BASE, HEAD
from alexnet_bench.run.compare import compare
from alexnet_bench.run.local import Code
from alexnet_bench.run.machine import complaints, read_machine
from alexnet_bench.run.session import Side
from alexnet_bench.run.settings import Settings
from alexnet_bench.stats import Estimate, over_draws, variance_components

TOPOLOGY, BATCH_SIZE = "alexnet-32", 128


def examine(
    seconds: float, devices: str = "auto", on_event: Callable[[str], None] = lambda event: None
) -> dict[str, Any]:
    """Time a network against itself for some seconds, and say what that shows.

    Args:
        seconds: for the whole measurement.
        devices: `auto`, `cpu` or `gpu`.
        on_event: is told what is done.

    Returns:
        `environment`, `device`, `threads`, `build`, `git_commit`; `machine`: settings of the system;
        `peak`: measured operations and bytes a second; `noise_floor`: how far the network differed from
        itself, with its interval, and the spread of rounds and draws; `load`; `complaints`.
    """
    settings = Settings(
        variants="alexnet",
        measure=("throughput",),
        mode=("training",),
        time_topology=TOPOLOGY,
        time_batch_size=(BATCH_SIZE,),
        devices=devices,
        interval=1e-6,
        budget=seconds,
    )
    sides = {name: Side(code=Code(), revision=git_commit()) for name in (BASE, HEAD)}
    with tempfile.TemporaryDirectory() as place:
        records = compare(
            settings, sides, Path(place) / "run", "bench doctor", on_event=lambda task, event: on_event(event)
        )
    return _findings(records)


def _findings(records: list[dict[str, Any]]) -> dict[str, Any]:
    base, head = ([row for row in records if row["side"] == side] for side in (BASE, HEAD))
    ratios = ratios_by_draw(head, base)
    found = over_draws(ratios) if ratios else None
    components = variance_components(ratios)
    first, environment, machine = records[0], describe_environment(), read_machine()
    load = {
        name: float(np.median([row["load"][name] for row in records]))
        for name in ("others_share", "steal_share")
    }
    measured = {
        "cores": environment["cores"],
        "available_memory_bytes": available_memory_bytes(),
        "build": first["build"],
        "load": load,
        "noise_floor": None if found is None else _reach(found),
        "steady": all(row["steady"] is not False for row in records),
    }
    return {
        "environment": environment | {"versions": first["versions"]},
        "git_commit": first["git_commit"],
        "device": first["device"],
        "threads": first["threads"],
        "build": first["build"],
        "machine": machine,
        "peak": _peak(records),
        "noise_floor": {
            "what": f"alexnet against itself, {TOPOLOGY}, batch {BATCH_SIZE}, training",
            "ratio": None if found is None else float(np.exp(found.mean)),
            "low": _finite(found and np.exp(found.low)),
            "high": _finite(found and np.exp(found.high)),
            "draws": len(ratios),
            "seconds": sum({row["draw"]: row["duration_seconds"] for row in records}.values()),
            "round_spread": None if components is None else components.round**0.5,
            "draw_spread": None if components is None else components.draw**0.5,
        },
        "load": load,
        "complaints": list(complaints(machine, measured)),
    }


def _reach(found: Estimate) -> float | None:
    """How far from 1 the ratio may be; null without an interval."""
    bounds = [_finite(abs(value)) for value in (found.low, found.high)]
    return None if None in bounds else float(np.expm1(max(value for value in bounds if value is not None)))


def _finite(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _peak(records: list[dict[str, Any]]) -> dict[str, float]:
    measured = {row["draw"]: row["yardstick"] for row in records}.values()
    return {
        name: float(np.median(values))
        for name in ("flops_per_second", "bytes_per_second")
        if (values := [value for item in measured for value in item[name]])
    }
