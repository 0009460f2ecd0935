"""Runs trials in workers, and makes a record of each.

A worker trains one network: one seed after the other where its compiled steps can start again.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from alexnet_bench.environment import git_commit, now, versions
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.run_folder import PREDICTIONS, writing
from alexnet_bench.records.schema import PER_SEED, Trial
from alexnet_bench.run import limits
from alexnet_bench.run.local import Worker, Workers, Zygote
from alexnet_bench.run.schedule import Schedule, TrialTask

_Key = tuple[str, str]
OnRecord = Callable[[Trial], None]
OnEpoch = Callable[[TrialTask, dict[str, Any]], None]
# Is given each epoch's answer, and says how many seconds the next one may take.
Follow = Callable[[dict[str, Any]], float]


def trial_key(record: Trial) -> tuple[Any, ...]:
    """What makes a trial's record the answer to a task."""
    rate = record.recipe_settings["learning_rate"]
    return record.fingerprint, record.seed, record.purpose, rate, record.precision


def task_key(task: TrialTask) -> tuple[Any, ...]:
    """The same of a task."""
    network = task.network
    rate = network.recipe.learning_rate
    return network.fingerprint, task.seed, task.purpose, rate, network.precision


def run_trials(
    schedule: Schedule,
    tasks: Iterable[TrialTask],
    zygote: Zygote,
    folder: Path,
    run_id: str,
    on_record: OnRecord,
    on_epoch: OnEpoch,
) -> None:
    """Run trials, `schedule.jobs` at a time; each record is handed on as soon as it is there."""
    waiting = iter(tasks)
    with ThreadPoolExecutor(schedule.jobs) as pool, _Trainers(schedule, zygote).ended(pool) as trainers:

        def begun(count: int) -> set[Future[Trial]]:
            given = (schedule, trainers, folder, run_id, on_epoch)
            return {pool.submit(_run_trial, task, *given) for task in islice(waiting, count)}

        running = begun(schedule.jobs)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                on_record(future.result())
                running |= begun(1)


class _Trainers:
    """Workers by the network they train, those that wait for its next seed among them."""

    def __init__(self, schedule: Schedule, zygote: Zygote) -> None:
        self._schedule, self._zygote = schedule, zygote
        self._all, self._idle, self._lock = Workers(), dict[_Key, list[Worker]](), threading.Lock()
        self._bytes_left = schedule.memory_to_wait_in

    @contextlib.contextmanager
    def ended(self, pool: ThreadPoolExecutor) -> Iterator["_Trainers"]:
        """End them all, at once where what is done in here fails."""
        with self._all.ended_early(pool):
            yield self
        for workers in self._idle.values():
            for worker in workers:
                worker.close()

    def train(
        self, network: Network, request: dict[str, Any], begun: Callable[[], Follow], limit: float
    ) -> tuple[Worker, dict[str, Any]]:
        """Have one that waits for the network's next seed train it, or else a new one.

        Args:
            begun: is called as it begins; what follows each epoch, and says how long the next one may take.
            limit: seconds that the first epoch may take.
        """
        if waiting := self._idle_one(network):
            reply = self._asked(waiting, network, request, begun(), limit, is_new=False)
            if reply["is"] != "failed":
                return waiting, reply
            # What an earlier seed left behind is no fault of this one.
        worker = self._new_one(network)
        return worker, self._asked(worker, network, request, begun(), limit, is_new=True)

    def _asked(
        self,
        worker: Worker,
        network: Network,
        request: dict[str, Any],
        follow: Follow,
        limit: float,
        *,
        is_new: bool,
    ) -> dict[str, Any]:
        try:
            reply = worker.ask(request, limit, follow)
        except BaseException:
            worker.close()
            raise
        self._give_back(worker, network, reply, is_new=is_new)
        return reply

    def _idle_one(self, network: Network) -> Worker | None:
        with self._lock:
            found = self._idle.get(_key(network))
            return found.pop() if found else None

    def _new_one(self, network: Network) -> Worker:
        worker = Worker(
            self._zygote,
            threads=(self._schedule.threads, self._schedule.threads),
            devices=self._schedule.settings.devices,
            device_count=network.device_count,
            deterministic=True,
        )
        self._all.add(worker)
        return worker

    def _give_back(self, worker: Worker, network: Network, reply: dict[str, Any], *, is_new: bool) -> None:
        """Keep one for the network's next seed, if that may be and memory allows; end it otherwise."""
        with self._lock:
            # What it takes was taken off when it came back for the first time.
            needed = reply.get("peak_memory_bytes", 0) if is_new else 0
            if reply.get("can_go_on") and needed <= self._bytes_left:
                self._bytes_left -= needed
                self._idle.setdefault(_key(network), []).append(worker)
                return
        worker.close()


def _key(network: Network) -> _Key:
    """What a worker's compiled steps are good for: a network at any learning rate."""
    return network.fingerprint_at_any_rate, network.precision


def _run_trial(
    task: TrialTask,
    schedule: Schedule,
    trainers: _Trainers,
    folder: Path,
    run_id: str,
    on_epoch: OnEpoch,
) -> Trial:
    """Run one trial and return its record."""
    network, started_at, started = task.network, now(), time.perf_counter()
    curve = list[dict[str, Any]]()

    def begun() -> Follow:
        curve.clear()

        def follow(reply: dict[str, Any]) -> float:
            curve.append(reply["row"])
            on_epoch(task, reply["row"])
            return limits.of_epoch(network, schedule.dataset, curve)

        return follow

    request, limit = _train_request(schedule, task, folder), limits.of_epoch(network, schedule.dataset)
    worker, reply = trainers.train(network, request, begun, limit)
    outcome: dict[str, Any]
    if reply["is"] == "failed":
        outcome = {"status": reply["status"], "error": reply["error"], "curve": curve}
    else:
        outcome = reply["outcome"]
        if task.purpose == "result" and outcome["status"] == "ok":
            outcome["predictions"] = str(_predictions_file(task))
    record = dict(
        kind=Trial.kind,
        run_id=run_id,
        **network.columns(),
        versions=versions() | worker.versions,
        build=worker.build,
        git_commit=git_commit(),
        batch_size=network.recipe.batch_size,
        epochs=network.recipe.epochs,
        device=worker.device,
        threads=schedule.threads,
        started_at=started_at,
        duration_seconds=time.perf_counter() - started,
        peak_memory_bytes=reply.get("peak_memory_bytes"),
        dataset=schedule.dataset.name,
        data_digest=schedule.dataset.digest,
        seed=task.seed,
        purpose=task.purpose,
        tuned=schedule.settings.tune is not None,
        rate_per_seed=schedule.settings.tune == PER_SEED,
        network=network.fingerprint_at_any_rate,
        **outcome,
    )
    return msgspec.convert(record, Trial)


def _train_request(schedule: Schedule, task: TrialTask, folder: Path) -> dict[str, Any]:
    counts = task.purpose == "result"
    keep_model = counts and schedule.settings.save_models
    if keep_model:
        with writing(folder / "models"):
            (folder / "models").mkdir(exist_ok=True)
    return {
        "do": "train",
        **task.network.request(schedule.settings.ablations),
        "dataset": schedule.settings.dataset,
        "seed": task.seed,
        "most_epochs": task.most_epochs,
        "evaluate_test": counts,
        "predictions": str(folder.resolve() / _predictions_file(task)) if counts else None,
        "model": str(folder.resolve() / "models" / f"{_name(task)}.keras") if keep_model else None,
    }


def _predictions_file(task: TrialTask) -> Path:
    return Path(PREDICTIONS) / f"{_name(task)}.npz"


def _name(task: TrialTask) -> str:
    # No variant has this sign in its name: `q` in bfloat16 is no `q-mixed_bfloat16`.
    precision = "" if task.network.precision == "float32" else f"@{task.network.precision}"
    return f"{task.network.variant.name}{precision}-seed{task.seed}"
