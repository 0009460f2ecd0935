"""Gets trials done on a Ray cluster: one on this machine, or one that is there already."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError

from alexnet_bench.environment import usable_cores
from alexnet_bench.errors import BenchError
from alexnet_bench.records.run_folder import LOG
from alexnet_bench.run.executors.cluster import ClusterExecutor, LostError
from alexnet_bench.run.executors.node import Delivered, carry_out_parcel
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.task import Task
from alexnet_bench.worker.reason import one_line

# Records and predictions are small, and what does not fit goes to disk; Ray would take a third of the memory.
OBJECT_STORE_BYTES = 2**28
MOST_CHARACTERS = 200
LONGEST_ANSWER_SECONDS, LONGEST_START_SECONDS = 10.0, "120"


@contextlib.contextmanager
def opened(schedule: Schedule, folder: Path) -> Iterator["RayExecutor"]:
    """The executor of a run, for as long as its cluster is connected."""
    with _notices_into(folder / LOG):
        _connect(schedule.settings.ray_address)
        try:
            needs = [_resources(network.device_count, schedule) for network in schedule.trained]
            memory = max(map(schedule.capacity.trial_bytes, schedule.trained))
            places = _places([need | {"memory": memory} for need in needs])
            yield RayExecutor(folder, schedule.capacity.places(places))
        finally:
            ray.shutdown()


class RayExecutor(ClusterExecutor):
    """A trial is a task of Ray's, with the cores, GPUs and memory that it takes."""

    def __init__(self, folder: Path, places: int) -> None:
        super().__init__(folder, places)
        self._lock, self._running, self._has_ended = threading.Lock(), set[Any](), False

    def deliver(self, parcel: bytes, task: Task) -> Delivered:
        """Have it carried out wherever Ray finds room."""
        wanted = task.worker
        remote = ray.remote(carry_out_parcel).options(
            num_cpus=wanted.threads,
            num_gpus=wanted.device_count if wanted.devices == "gpu" else 0,
            memory=task.memory_bytes,
            # Repeated here, so that what is lost too often becomes a record.
            max_retries=0,
        )
        with self._lock:
            if self._has_ended:
                raise LostError("the run was ended")
            self._running.add(reference := remote.remote(parcel))
        try:
            delivered: Delivered = ray.get(reference)
            return delivered
        except RayTaskError as error:
            if isinstance(error.cause, ImportError) or "failed to import" in str(error):
                raise BenchError(
                    "a node of the Ray cluster cannot load alexnet-bench; install the version that runs here "
                    "on every node"
                ) from None
            raise
        except OutOfMemoryError as error:
            raise LostError(_shortened(error), "out-of-memory") from None
        except RayError as error:
            raise LostError(_shortened(error)) from None
        finally:
            with self._lock:
                self._running.discard(reference)

    def end(self) -> None:
        """End the processes that carry trials out."""
        with self._lock:
            self._has_ended, running = True, list(self._running)
        for reference in running:
            ray.cancel(reference, force=True)


@contextlib.contextmanager
def _notices_into(log: Path) -> Iterator[None]:
    """Write what Ray prints on standard output, such as a dead node's last words, into a file."""
    with log.open("a", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield


def _check_answers(address: str) -> None:
    """Refuse an address at which nothing listens, for which Ray would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), LONGEST_ANSWER_SECONDS).close()


def _connect(address: str | None) -> None:
    # Ray would tell its makers that it is used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_raylet_start_wait_time_s", LONGEST_START_SECONDS)
    own = {
        "num_cpus": usable_cores(),
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
    }
    on_termination = signal.getsignal(signal.SIGTERM)
    try:
        if address:
            _check_answers(address)
        ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **({} if address else own))
    # Of a node that does not start in time, Ray raises a bare one.
    except Exception as error:
        where = f"no Ray cluster answers at {address}" if address else "no Ray cluster can be started here"
        raise BenchError(
            f"{where} ({_shortened(error)}); see `ray status`, or leave --executor out"
        ) from None
    # Ray makes an exception of it, which would look like a fault; threads other than the main one set none.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, on_termination)


def _resources(device_count: int, schedule: Schedule) -> dict[str, float]:
    gpus = {"GPU": device_count} if schedule.capacity.trial_devices == "gpu" else {}
    return {"CPU": schedule.capacity.threads, **gpus}


def _places(needs: list[dict[str, float]]) -> int:
    """How many trials the cluster holds at a time, if each takes the most that one does."""
    need = {kind: max(item.get(kind, 0.0) for item in needs) for kind in needs[0]}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    found = sum(min(int(node.get(kind, 0) // amount) for kind, amount in need.items()) for node in nodes)
    if not found:
        raise BenchError(
            f"no node of the Ray cluster has {_named(need)}, which a trial takes (the largest has "
            f"{_named({kind: max(node.get(kind, 0) for node in nodes) for kind in need})}); give fewer "
            "--threads, or add a larger node"
        )
    return found


def _named(resources: Mapping[str, float]) -> str:
    kinds = {"CPU": "{:g} cores", "GPU": "{:g} GPUs", "memory": "{:.1e} bytes of memory"}
    return ", ".join(kinds[kind].format(amount) for kind, amount in resources.items())


def _shortened(error: BaseException) -> str:
    return one_line(str(error))[:MOST_CHARACTERS]
