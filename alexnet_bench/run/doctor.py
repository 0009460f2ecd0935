"""Looks a machine over: what it computes with, its measured peaks, its noise floor, what to put right."""

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from alexnet_bench.analysis.comparison import peaks
from alexnet_bench.analysis.effect import speed_effect
from alexnet_bench.analysis.metrics import TRAINING
from alexnet_bench.environment import available_memory_bytes, describe_environment
from alexnet_bench.records.schema import BASE, HEAD, Draw
from alexnet_bench.run.compare import compare
from alexnet_bench.run.gpus import lacks, read_gpus
from alexnet_bench.run.machine import complaints, read_machine
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import this_side
from alexnet_bench.stats.rounds import variance_components

TOPOLOGY, BATCH_SIZE = "alexnet-32", 128


def examine(
    seconds: float, devices: str = "auto", on_event: Callable[[str], None] = lambda event: None
) -> dict[str, Any]:
    """Time a network against itself for some seconds, and say what that shows.

    Returns:
        `environment`, `device`, `threads`, `build`, `git_commit`; `machine`: settings of the system;
        `peak`: measured operations and bytes a second; `noise_floor`: how far the network differed from
        itself, with its interval, and the spread of rounds and draws; `load`; `complaints`; `gpus`: which
        are visible, and what is missing for one, or for two.
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
    sides = dict.fromkeys((BASE, HEAD), this_side(settings))
    with tempfile.TemporaryDirectory() as place:
        records = compare(
            settings, sides, Path(place) / "run", "bench doctor", on_event=lambda task, event: on_event(event)
        )
    return _findings(records)


def _findings(draws: list[Draw]) -> dict[str, Any]:
    base, head = ([draw for draw in draws if draw.side == side] for side in (BASE, HEAD))
    effect = speed_effect(head, base, TRAINING)
    ratio, low, high = (value if math.isfinite(value) else None for value in effect.size)
    components = variance_components(effect.rounds)
    first, environment, machine, gpus = draws[0], describe_environment(), read_machine(), read_gpus()
    shares = ("others_share", "steal_share")
    loads = [draw.load for draw in draws if draw.load]
    load = {name: float(np.median([getattr(item, name) for item in loads])) for name in shares}
    measured = {
        "cores": environment["cores"],
        "available_memory_bytes": available_memory_bytes(),
        "build": first.build,
        "load": load,
        # How far from 1 the ratio may be.
        "noise_floor": None if low is None or high is None else max(1 / low, low, high, 1 / high) - 1,
        "steady": not effect.unsteady,
    }
    return {
        "environment": environment | {"versions": first.versions},
        "git_commit": first.git_commit,
        "device": first.device,
        "threads": first.threads,
        "build": first.build,
        "machine": machine,
        "peak": peaks(draws),
        "noise_floor": {
            "what": f"alexnet against itself, {TOPOLOGY}, batch {BATCH_SIZE}, training",
            "ratio": ratio,
            "low": low,
            "high": high,
            "draws": effect.pairs,
            "seconds": sum({draw.draw: draw.duration_seconds for draw in draws}.values()),
            "round_spread": None if components is None else components.round**0.5,
            "draw_spread": None if components is None else components.draw**0.5,
        },
        "load": load,
        "complaints": list(complaints(machine, measured)),
        "gpus": {"visible": gpus["gpus"], "missing": list(lacks(gpus, first.build))},
    }
