"""Times variants against each other: their slices in turn, in a fresh random order each round."""

import contextlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from alexnet_bench.environment import usable_cores
from alexnet_bench.records import MODES, make_record
from alexnet_bench.runner.local import Worker
from alexnet_bench.runner.schedule import DrawTask, Network, Schedule
from alexnet_bench.runner.tell import device_count, network_columns, network_request, now
from alexnet_bench.seeds import derive_seed

FEWEST_WARM_STEPS, MOST_WARM_STEPS = 3, 10
FEWEST_SLICE_STEPS = 2
STILL_WARMING = 0.98


class _Timed:
    """One variant's worker during a session, and what was measured with it."""

    def __init__(self, network: Network, worker: Worker) -> None:
        self.network, self.worker = network, worker
        self.failure: dict[str, Any] | None = None
        self.built: dict[str, Any] = {}
        self.steps = dict.fromkeys(MODES, 1)
        self.slices: dict[str, list[dict[str, Any]]] = {mode: [] for mode in MODES}
        self.peak_memory: int | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer; from its first failure on, that failure."""
        if self.failure is None:
            reply = self.worker.ask(request)
            self.peak_memory = reply.get("peak_memory_bytes", self.peak_memory)
            if reply["is"] != "failed":
                return reply
            self.failure = reply
        return self.failure

    def warm_up(self, mode: str, slice_seconds: float) -> None:
        """Run steps until they get no faster, and find how many fill a slice."""
        best = math.inf
        for step in range(MOST_WARM_STEPS):
            reply = self.ask({"do": "slice", "mode": mode, "steps": 1})
            if self.failure is not None:
                return
            if step >= FEWEST_WARM_STEPS and reply["seconds"] > STILL_WARMING * best:
                break
            best = min(best, reply["seconds"])
        self.steps[mode] = max(FEWEST_SLICE_STEPS, math.ceil(slice_seconds / best))

    def take(self, mode: str, round_id: int) -> None:
        """Take one slice."""
        reply = self.ask({"do": "slice", "mode": mode, "steps": self.steps[mode]})
        if self.failure is None:
            self.slices[mode].append({"round": round_id, "steps": self.steps[mode], **reply})


def run_draw_task(
    schedule: Schedule, task: DrawTask, folder: Path, run_id: str, on_event: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Build every variant of a task anew, time them in turn, and return a record for each and mode.

    Only one worker computes at any moment.
    """
    started_at, started = now(), time.perf_counter()
    rounds, rng = schedule.settings.scale.rounds, Random(derive_seed(task.draw, "round order"))
    with contextlib.ExitStack() as stack:
        # Whatever it brings to be built first must not always fall to the same variant.
        order = rng.sample(task.networks, len(task.networks))
        timed = [_start(schedule, network, folder, stack) for network in order]
        for item in timed:
            on_event(f"build {item.network.variant.name}")
            _build(schedule, item, task.draw)
        for number in range(rounds):
            round_id = task.draw * rounds + number
            on_event(f"round {number + 1} of {rounds}")
            for item in rng.sample(timed, len(timed)):
                for mode in MODES:
                    item.take(mode, round_id)
        seconds = time.perf_counter() - started
        return [
            _record(
                schedule, item, mode, run_id, draw=task.draw, started_at=started_at, duration_seconds=seconds
            )
            for item in timed
            for mode in MODES
        ]


def _start(schedule: Schedule, network: Network, folder: Path, stack: contextlib.ExitStack) -> _Timed:
    worker = Worker(
        folder / "workers.log",
        threads=usable_cores(),
        devices=schedule.settings.devices,
        device_count=device_count(network),
        deterministic=False,
    )
    return _Timed(network, stack.enter_context(worker))


def _build(schedule: Schedule, item: _Timed, draw: int) -> None:
    plan = item.network.plan
    item.built = item.ask(
        {
            "do": "build",
            **network_request(schedule, item.network),
            "classes": plan.classes,
            "channels": plan.input_shape[-1],
            "batch_size": schedule.time_batch_size,
            "seed": draw,
        }
    )
    for mode in MODES:
        item.warm_up(mode, schedule.settings.scale.slice_seconds)


def _record(schedule: Schedule, item: _Timed, mode: str, run_id: str, **when: Any) -> dict[str, Any]:
    slices, failure = item.slices[mode], item.failure
    steps = sum(piece["steps"] for piece in slices)
    seconds = sum(piece["seconds"] for piece in slices)
    return make_record(
        "draw",
        **network_columns(schedule, item.network, run_id),
        **when,
        batch_size=schedule.time_batch_size,
        device=item.worker.device,
        threads=usable_cores(),
        status=failure["status"] if failure else "ok",
        error=failure["error"] if failure else None,
        peak_memory_bytes=item.peak_memory,
        mode=mode,
        compile_seconds=item.built.get("compile_seconds"),
        round_ids=[piece["round"] for piece in slices],
        slice_steps=[piece["steps"] for piece in slices],
        slice_seconds=[piece["seconds"] for piece in slices],
        slice_started_at=[piece["started_at"] for piece in slices],
        images_per_second=None if failure else steps * schedule.time_batch_size / seconds,
    )
