"""Times contenders against each other: their slices in turn, in a fresh random order each round."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from alexnet_bench.environment import now, usable_cores, versions
from alexnet_bench.errors import BenchError, WorkerError
from alexnet_bench.records.schema import HEAD, Draw, Yardstick
from alexnet_bench.run import limits
from alexnet_bench.run.local import Worker, Workers, Zygote, ended_early
from alexnet_bench.run.machine import LoadMeter
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side
from alexnet_bench.run.timing_plan import FEWEST_ROUNDS, Contender, DrawTask, TimingPlan
from alexnet_bench.seeds import derive_seed
from alexnet_bench.stats.steady import FEWEST_WARM_STEPS, drifts, is_warm

MOST_WARM_STEPS, MOST_WARM_SECONDS = 40, 30.0
# The first round of a draw is slow however long a network of such steps was warmed up by itself (by 7% after
# six steps, in 32 committed draws), and the faster half leaves it out: more steps before it are of no use.
LONG_STEP_SECONDS, WARM_UP_OF_LONG_STEPS = 0.2, 2
# The yardstick may take a few percent of the time, not a quarter.
SECONDS_BETWEEN_PEAKS = 2.0


class Timer:
    """Times what is due, one draw of its contenders after the other.

    Its zygotes and its yardstick live until it is closed.

    Args:
        sides: whose code is timed, by the name that contenders call it.
        settings: say the threads and devices.
        zygotes: those of its sides that are running; they are left open.
    """

    def __init__(
        self,
        sides: Mapping[str, Side],
        settings: Settings,
        *,
        log: Path,
        run_id: str,
        zygotes: Mapping[str, Zygote] | None = None,
    ) -> None:
        self.sides, self.log, self.run_id = sides, log, run_id
        self.threads, self.devices = settings.timed_threads, settings.devices
        self._stack = contextlib.ExitStack()
        self._zygotes = dict(zygotes or {})
        self._yardsticks: dict[str, Worker] = {}

    def __enter__(self) -> "Timer":
        with contextlib.ExitStack() as started:
            # All at once: each takes seconds to load TensorFlow.
            for name, side in self.sides.items():
                if name not in self._zygotes:
                    with self._naming(name):
                        self._zygotes[name] = started.enter_context(Zygote(self.log, side.code))
            self._stack = started.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def carry_out(
        self,
        plan: TimingPlan,
        recorded: Sequence[Draw] = (),
        on_record: Callable[[Draw], None] = lambda record: None,
        on_event: Callable[[DrawTask, str], None] = lambda task, event: None,
    ) -> list[Draw]:
        """Time what a plan says is due until it wants no more; return all draws, those recorded before first.

        `on_record` is given each record, once all contenders of its draw were timed.
        """
        records = list(recorded)
        while (task := plan.next_task(records)) is not None:
            found = self.run(task, on_event)
            records += found
            for record in found:
                on_record(record)
        return records

    def run(self, task: DrawTask, on_event: Callable[[DrawTask, str], None]) -> list[Draw]:
        """Build every contender of a task anew, time them in turn, and return a record for each and mode.

        Networks are built side by side; from then on only one worker computes at any moment.
        """
        precision = task.contenders[0].network.precision
        on_event(task, "start workers")
        # Its start is no part of a draw: the budget is for drawing.
        yardstick = self._yardstick(precision)
        rng = Random(derive_seed(task.draw, "round order", self.run_id))
        with contextlib.ExitStack() as stack:
            # Whatever it brings to be built first must not always fall to the same contender.
            order = rng.sample(task.contenders, len(task.contenders))
            # Nor is what others do between draws.
            on_event(task, f"build {len(order)} networks")
            started_at, started = now(), time.perf_counter()
            timed = self._built(order, task, stack)
            for item in timed:
                on_event(task, f"warm up {item.name}")
                item.warm_up(task.slice_seconds)
            load = LoadMeter([*(item.worker.pid for item in timed), yardstick.pid])
            peaks, peaks_due = list[dict[str, Any]](), -math.inf
            for number in range(task.rounds):
                if number >= FEWEST_ROUNDS and time.perf_counter() - started > task.seconds:
                    break
                on_event(task, f"round {number + 1} of {task.rounds}")
                if time.perf_counter() > peaks_due:
                    peaks.append(yardstick.ask({"do": "peak", "precision": precision}, limits.SHORTEST_STEPS))
                    peaks_due = time.perf_counter() + SECONDS_BETWEEN_PEAKS
                for item in rng.sample(timed, len(timed)):
                    for mode in task.modes:
                        item.take(mode, f"{task.draw}.{number}")
            common = {
                "run_id": self.run_id,
                "draw": task.draw,
                "started_at": started_at,
                "duration_seconds": time.perf_counter() - started,
                "load": load.read(),
                "yardstick": _figures(peaks),
            }
        drifting = _drifting(timed, task.modes)
        records = [
            self._record(item, mode, steady=item.warm[mode] and (item, mode) not in drifting, **common)
            for item in timed
            for mode in task.modes
        ]
        if any(peak.get("status") == "killed" for peak in peaks):
            # The next draw starts another.
            del self._yardsticks[precision]
        return records

    def _built(
        self, contenders: Sequence[Contender], task: DrawTask, stack: contextlib.ExitStack
    ) -> list["_Measured"]:
        """Workers that have built the contenders; several at once, for that is mostly one thread's work."""
        workers = Workers()

        def built(contender: Contender) -> _Measured:
            worker = stack.enter_context(
                self._started(contender.side, self.threads, contender.network.device_count)
            )
            workers.add(worker)
            item = _Measured(contender, worker, task.modes)
            with self._naming(contender.side):
                item.build(self.sides[contender.side].ablations, task.draw)
            return item

        with ThreadPoolExecutor(usable_cores()) as pool, ended_early(pool, workers.end):
            futures = [pool.submit(built, contender) for contender in contenders]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        return [future.result() for future in futures]

    def _started(self, side: str, threads: tuple[int, int], device_count: int = 1) -> Worker:
        with self._naming(side):
            return Worker(
                self._zygotes[side],
                threads=threads,
                devices=self.devices,
                device_count=device_count,
                deterministic=False,
            )

    def _yardstick(self, precision: str) -> Worker:
        if precision not in self._yardsticks:
            # The machine's peak, whatever the networks are given.
            every = (usable_cores(), usable_cores())
            worker = self._stack.enter_context(self._started(list(self.sides)[-1], every))
            # The first answer holds the calibration of the workload.
            worker.ask({"do": "peak", "precision": precision}, limits.LONGEST_START)
            self._yardsticks[precision] = worker
        return self._yardsticks[precision]

    @contextlib.contextmanager
    def _naming(self, side: str) -> Iterator[None]:
        """Say in an error whose code it is about, where there are several."""
        try:
            yield
        except BenchError as error:
            raise type(error)(f"{side}: {error}" if len(self.sides) > 1 else str(error)) from None

    def _record(self, item: "_Measured", mode: str, steady: bool, **common: Any) -> Draw:
        network, worker, failure = item.contender.network, item.worker, item.failure
        pieces = item.slices[mode]
        images = sum(piece["steps"] for piece in pieces) * network.recipe.batch_size
        speed = None if failure or not pieces else images / sum(piece["seconds"] for piece in pieces)
        joules = [piece["joules"] for piece in pieces]
        # As the code under test counts them, and says; nothing where it failed.
        flops = item.built.get("flops", {}).get(mode)
        known = item.built.keys() & {"fingerprint", "parameters", "macs"}
        return Draw(
            **network.columns() | {name: item.built[name] for name in known},
            **common,
            side=item.contender.side,
            git_commit=self.sides[item.contender.side].revision,
            batch_size=network.recipe.batch_size,
            device=worker.device,
            threads=usable_cores(),
            thread_pools=f"{self.threads[0]}x{self.threads[1]}",
            versions=versions() | worker.versions,
            build=worker.build,
            status=failure["status"] if failure else "ok",
            error=failure["error"] if failure else None,
            log=failure.get("log") if failure else None,
            peak_memory_bytes=item.peak_memory,
            mode=mode,  # type: ignore[arg-type]
            compile_seconds=item.built.get("compile_seconds"),
            warm_up_seconds=tuple(round(value, 7) for value in item.warm_up_seconds[mode]),
            steady=None if failure else steady,
            round_ids=tuple(piece["round"] for piece in pieces),
            slice_steps=tuple(piece["steps"] for piece in pieces),
            slice_seconds=tuple(round(piece["seconds"], 7) for piece in pieces),
            slice_started_at=tuple(round(piece["started_at"], 3) for piece in pieces),
            images_per_second=speed,
            flops_per_image=flops,
            utilization=speed and self._utilization(speed * flops, item, common["yardstick"]),
            joules_per_image=None if not speed or None in joules else sum(joules) / images,
        )

    def _utilization(self, flops_per_second: float, item: "_Measured", yardstick: Yardstick) -> float | None:
        """Of the peak of the same device, measured between the same rounds."""
        measured_on = self._yardsticks[item.contender.network.precision].device
        if not yardstick.flops_per_second or item.worker.device != measured_on:
            return None
        return flops_per_second / float(np.median(yardstick.flops_per_second))


class _Measured:
    """One contender's worker during a draw, and what was measured with it."""

    def __init__(self, contender: Contender, worker: Worker, modes: tuple[str, ...]) -> None:
        self.contender, self.worker = contender, worker
        self.name = contender.network.variant.name
        self.failure: dict[str, Any] | None = None
        self.built: dict[str, Any] = {}
        self.steps = dict.fromkeys(modes, 1)
        self.warm = dict.fromkeys(modes, False)
        self.warm_up_seconds: dict[str, list[float]] = {mode: [] for mode in modes}
        self.slices: dict[str, list[dict[str, Any]]] = {mode: [] for mode in modes}
        self.peak_memory: int | None = None

    def build(self, ablations: Sequence[str], draw: int) -> None:
        """Have the worker build the network; it is an error where that is another than was planned."""
        network = self.contender.network
        request = {
            "do": "build",
            **network.request(ablations),
            "classes": network.plan.classes,
            "channels": network.plan.input_shape[-1],
            "batch_size": network.recipe.batch_size,
            "modes": tuple(self.steps),
            "seed": draw,
        }
        try:
            self.built = self._ask(request, limits.of_build(network))
        except BenchError as error:
            # Of other code it is an outcome like another; head's was checked before anything was started.
            if self.contender.side == HEAD or isinstance(error, WorkerError):
                raise
            self.failure = {"is": "failed", "status": "crashed", "error": str(error)}
        if self.contender.is_elsewhere(self.built.get("fingerprint")):
            raise BenchError(
                f"the code of {self.name} has changed since this began, and timings of both would mix; "
                "start again"
            )

    def warm_up(self, slice_seconds: float) -> None:
        """Run steps of each mode until they get no faster, and find how many fill a slice.

        Two of each are enough where a step is long, in whichever mode.
        """
        for mode, seconds in self.warm_up_seconds.items():
            while not self.warm[mode] and len(seconds) < MOST_WARM_STEPS:
                if len(seconds) >= FEWEST_WARM_STEPS and sum(seconds) > MOST_WARM_SECONDS:
                    break
                reply = self._slice(mode)
                if self.failure is not None:
                    return
                seconds.append(reply["seconds"])
                self.warm[mode] = is_warm(seconds) or (
                    len(seconds) >= WARM_UP_OF_LONG_STEPS and self._has_long_steps
                )
            self.steps[mode] = max(1, round(slice_seconds / min(seconds)))

    @property
    def _has_long_steps(self) -> bool:
        return any(
            min(seconds, default=0.0) >= LONG_STEP_SECONDS for seconds in self.warm_up_seconds.values()
        )

    def take(self, mode: str, round_id: str) -> None:
        """One slice."""
        reply = self._slice(mode)
        if self.failure is None:
            self.slices[mode].append({"round": round_id, "steps": self.steps[mode], **reply})

    def _slice(self, mode: str) -> dict[str, Any]:
        steps = self.steps[mode]
        # Compiling took a step of each mode, and longer.
        slowest = max(self.warm_up_seconds[mode], default=self.built.get("compile_seconds", 0.0))
        return self._ask({"do": "slice", "mode": mode, "steps": steps}, limits.of_steps(steps, slowest))

    def _ask(self, request: dict[str, Any], limit: float) -> dict[str, Any]:
        """The worker's answer; from its first failure on, that failure."""
        if self.failure is None:
            reply = self.worker.ask(request, limit)
            self.peak_memory = reply.get("peak_memory_bytes", self.peak_memory)
            if reply["is"] != "failed":
                return reply
            self.failure = reply
        return self.failure


def _figures(peaks: list[dict[str, Any]]) -> Yardstick:
    """What the yardstick measured, in order; nothing where it failed."""
    taken = {
        name: tuple(float(f"{peak[name]:.4g}") for peak in peaks if name in peak)
        for name in ("flops_per_second", "bytes_per_second")
    }
    return Yardstick(**taken)


def _drifting(timed: list[_Measured], modes: tuple[str, ...]) -> set[tuple[_Measured, str]]:
    """Which contenders get faster or slower throughout, against the others of the same rounds."""
    found = set()
    well = [item for item in timed if item.failure is None]
    for mode in modes:
        rates = np.log([[piece["steps"] / piece["seconds"] for piece in item.slices[mode]] for item in well])
        for index, item in enumerate(well):
            # A median of three or more, so that one that drifts does not make the others look as if they did.
            beside = rates if len(well) > 2 else np.delete(rates, index, axis=0)
            if drifts(rates[index] - (np.median(beside, axis=0) if len(beside) else 0)):
                found.add((item, mode))
    return found
