"""What a run will cost: time, memory and disk. Rough; it says what to expect, not what was measured."""

from itertools import chain
from timeit import timeit
from typing import Any

import numpy as np

from alexnet_bench.network.trainable import Network
from alexnet_bench.run.schedule import Schedule, TrialTask

# Seen on two CPU cores: what a step costs whatever its size, and what a process costs before its first.
STEP_SECONDS = 0.002
TRIAL_SECONDS = 1.5
DRAW_SECONDS = 4.0
SHARE_OF_PEAK = 0.7
# About what the slowest GPU that TensorFlow supports does in float32; the others take less time.
GPU_FLOPS_PER_SECOND = 1e13


def estimate(schedule: Schedule, peak: float | None = None) -> dict[str, Any]:
    """Seconds, the most memory at once and disk, both in bytes, and what the time is made of.

    `peak` is the machine's, in float32 operations a second; a CPU's is measured where it is left out.
    """
    speed = SHARE_OF_PEAK * (peak or (GPU_FLOPS_PER_SECOND if schedule.on_gpus else _flops_per_second()))
    tuning = list(chain(*schedule.tuning_rungs()))
    trials = [*tuning, *schedule.trials()]
    training = sum(_trial_seconds(schedule, task, speed) for task in trials) / schedule.jobs
    draws = _draws(schedule)
    timing = sum(_draw_seconds(schedule, network, speed) for network in draws)
    timing = min(timing, schedule.settings.budget or timing)
    return {
        "trials": len(trials),
        "tuning_trials": len(tuning),
        "draws": len(draws),
        "accuracy_seconds": round(training),
        "throughput_seconds": round(timing),
        "seconds": round(training + timing),
        "memory_bytes": _memory_bytes(schedule),
        "disk_bytes": _disk_bytes(schedule),
    }


def _draws(schedule: Schedule) -> list[Network]:
    """The network of each draw, at least; each group draws its control."""
    plan = schedule.timing
    if not plan.pairs:
        return []
    arms = [pair.arm for pair in plan.pairs if pair.arm != pair.control]
    return [item.network for item in (*plan.groups, *arms)] * plan.effort.draws


def _memory_bytes(schedule: Schedule) -> int:
    """The most that all workers together will hold, roughly."""
    trials = timed = 0
    if schedule.trains:
        trials = schedule.jobs * max(map(schedule.trial_bytes, schedule.networks))
    if task := schedule.timing.next_task([]):
        networks = [contender.network for contender in task.contenders]
        timed = sum(network.plan.memory_bytes(network.recipe.batch_size) for network in networks)
    return max(timed, trials)


def _disk_bytes(schedule: Schedule) -> int:
    """What the run folder will hold, roughly."""
    numbers = 0
    if schedule.trains:
        numbers = len(schedule.dataset.test) * len(schedule.trained)
        if schedule.settings.save_models:
            numbers += sum(network.plan.parameters for network in schedule.trained)
    return 4 * 2**20 + 4 * len(schedule.seeds) * numbers


def _trial_seconds(schedule: Schedule, task: TrialTask, speed: float) -> float:
    network, recipe = task.network, task.network.recipe
    steps = (task.most_epochs or recipe.epochs) * (schedule.training_images // recipe.batch_size)
    flops = 6 * network.plan.macs * recipe.batch_size * steps
    # Trials side by side share the cores.
    return TRIAL_SECONDS + steps * STEP_SECONDS + flops * schedule.jobs / speed


def _draw_seconds(schedule: Schedule, network: Network, speed: float) -> float:
    effort = schedule.timing.effort
    forward = 2 * network.plan.macs * network.recipe.batch_size / speed
    steps = [{"training": 3 * forward, "inference": forward}[mode] for mode in effort.modes]
    warm_up = 5 * sum(steps)
    slices = effort.rounds * sum(max(effort.slice_seconds, step) for step in steps)
    return DRAW_SECONDS + warm_up + slices


def _flops_per_second() -> float:
    side, times = 1024, 4
    matrix = np.ones((side, side), "float32")
    matrix @ matrix
    return times * 2 * side**3 / timeit(lambda: matrix @ matrix, number=times)
