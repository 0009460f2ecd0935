"""What a run will cost: time, memory and disk. Rough; it says what to expect, not what was measured."""

import math
from dataclasses import dataclass, replace
from itertools import chain
from timeit import timeit
from typing import Any

import numpy as np

from alexnet_bench.network.trainable import Network
from alexnet_bench.run.effort import Effort
from alexnet_bench.run.schedule import Schedule, TrialTask
from alexnet_bench.run.timing_plan import DrawTask, TimingPlan

# Seen on two CPU cores: what a step costs whatever its size, and what a process costs before its first.
STEP_SECONDS = 0.002
TRIAL_SECONDS = 1.5
DRAW_SECONDS = 4.0
SHARE_OF_PEAK = 0.7
# About what the slowest GPU that TensorFlow supports does in float32; the others take less time.
GPU_FLOPS_PER_SECOND = 1e13


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the parts of a run take, in seconds.

    Args:
        speed: of the machine, in operations of a network a second.
        images: of an epoch.
        jobs: trials at a time, which share the cores.
        each_draw: of those that are planned, on average; None where that is not known.
    """

    speed: float
    images: int = 0
    jobs: int = 1
    each_draw: float | None = None

    def of_trial(self, task: TrialTask) -> float:
        """A trial's part of the time; trials side by side share the cores, so that each takes longer."""
        network, recipe = task.network, task.network.recipe
        steps = (task.most_epochs or recipe.epochs) * (self.images // recipe.batch_size)
        flops = 6 * network.plan.macs * recipe.batch_size * steps
        return (TRIAL_SECONDS + steps * STEP_SECONDS) / self.jobs + flops / self.speed

    def of_draw(self, task: DrawTask) -> float:
        """A draw of several networks."""
        return sum(self._of_network(item.network, task, task.rounds) for item in task.contenders)

    def _of_network(self, network: Network, how: DrawTask | Effort, rounds: int) -> float:
        forward = 2 * network.plan.macs * network.recipe.batch_size / self.speed
        steps = [{"training": 3 * forward, "inference": forward}[mode] for mode in how.modes]
        warm_up = 5 * sum(steps)
        slices = rounds * sum(max(how.slice_seconds, step) for step in steps)
        return DRAW_SECONDS + warm_up + slices

    def of_draws(self, plan: TimingPlan) -> list[float]:
        """Each network of each draw that is planned at least; each group draws its control."""
        if not plan.pairs:
            return []
        arms = [pair.arm for pair in plan.pairs if pair.arm != pair.control]
        effort, networks = plan.effort, [item.network for item in (*plan.groups, *arms)]
        return [self._of_network(network, effort, effort.rounds) for network in networks] * effort.draws


def speed_of(*, on_gpus: bool, peak: float | None = None) -> float:
    """Operations of a network a second; `peak` as for `estimate`."""
    return SHARE_OF_PEAK * (peak or (GPU_FLOPS_PER_SECOND if on_gpus else _flops_per_second()))


def costs_of(schedule: Schedule, peak: float | None = None) -> Costs:
    """What the parts of a run take on this machine; `peak` as for `estimate`."""
    speed = speed_of(on_gpus=schedule.on_gpus, peak=peak)
    images = schedule.training_images if schedule.trains else 0
    jobs = schedule.capacity.jobs if schedule.trains else 1
    costs = Costs(speed=speed, images=images, jobs=jobs)
    draws = sum(costs.of_draws(schedule.timing)) if schedule.times else 0.0
    count = len(schedule.timing.groups) * schedule.timing.effort.draws if schedule.times else 1
    return replace(costs, each_draw=draws / count)


def estimate(schedule: Schedule, peak: float | None = None) -> dict[str, Any]:
    """Seconds, the most memory at once and disk, both in bytes, and what the time is made of.

    `peak` is the machine's, in float32 operations a second; a CPU's is measured where it is left out.
    """
    costs = costs_of(schedule, peak)
    tuning = list(chain(*schedule.tuning_rungs()))
    trials = [*tuning, *schedule.trials()]
    training = sum(map(costs.of_trial, trials))
    draws = costs.of_draws(schedule.timing)
    timing = min(sum(draws), schedule.settings.budget or math.inf)
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


def _memory_bytes(schedule: Schedule) -> int:
    """The most that all workers together will hold, roughly."""
    trials = timed = 0
    if schedule.trains:
        trials = schedule.capacity.jobs_bytes
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


def _flops_per_second() -> float:
    side, times = 1024, 4
    matrix = np.ones((side, side), "float32")
    matrix @ matrix
    return times * 2 * side**3 / timeit(lambda: matrix @ matrix, number=times)
