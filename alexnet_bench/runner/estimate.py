"""What a run will cost: time, memory and disk. Rough; it says what to expect, not what was measured."""

import time
from typing import Any

import numpy as np

from alexnet_bench.runner.schedule import Network, Schedule

# Seen on two CPU cores: what a step costs whatever its size, and what a process costs before its first.
STEP_SECONDS = 0.004
TRIAL_SECONDS = 2.5
DRAW_SECONDS = 6.0
SHARE_OF_PEAK = 0.7


def estimate(schedule: Schedule) -> dict[str, Any]:
    """Seconds, the most memory at once and disk, both in bytes, and what the time is made of."""
    speed = SHARE_OF_PEAK * _flops_per_second()
    trials = [*schedule.tuning_trials(), *schedule.trials()]
    training = sum(_trial_seconds(schedule, task.network, speed) for task in trials) / schedule.jobs
    timing = sum(
        _draw_seconds(schedule, network, speed) for task in schedule.draws() for network in task.networks
    )
    return {
        "trials": len(trials),
        "draws": sum(len(task.networks) for task in schedule.draws()),
        "accuracy_seconds": round(training),
        "throughput_seconds": round(timing),
        "seconds": round(training + timing),
        "memory_bytes": schedule.memory_bytes(),
        "disk_bytes": schedule.disk_bytes(),
    }


def _trial_seconds(schedule: Schedule, network: Network, speed: float) -> float:
    recipe = network.recipe
    steps = recipe.epochs * (schedule.training_images // recipe.batch_size)
    flops = 6 * network.plan.macs * recipe.batch_size * steps
    # Trials side by side share the cores.
    return TRIAL_SECONDS + steps * STEP_SECONDS + flops * schedule.jobs / speed


def _draw_seconds(schedule: Schedule, network: Network, speed: float) -> float:
    scale = schedule.settings.scale
    forward = 2 * network.plan.macs * schedule.time_batch_size / speed
    warm_up = 3 * 4 * forward
    slices = scale.rounds * sum(max(scale.slice_seconds, step) for step in (3 * forward, forward))
    return DRAW_SECONDS + warm_up + slices


def _flops_per_second() -> float:
    side = 1024
    matrix = np.ones((side, side), "float32")
    matrix @ matrix
    started = time.perf_counter()
    for _ in range(4):
        matrix @ matrix
    return 4 * 2 * side**3 / (time.perf_counter() - started)
