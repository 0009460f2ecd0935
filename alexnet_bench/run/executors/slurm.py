"""Gets trials done by Slurm: a job a trial, submitted by submitit; of several nodes, a task on each."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import DelayedSubmission, FailedJobError, UncompletedJobError

from alexnet_bench.errors import BenchError
from alexnet_bench.records.lock import check_is_still
from alexnet_bench.run.executors.cluster import ClusterExecutor, LostError, as_one
from alexnet_bench.run.executors.node import Delivered, carry_out_parcel
from alexnet_bench.run.local import Host
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.task import Task
from alexnet_bench.worker.reason import one_line

JOBS = 32
# A job that runs into its time is queued again, and its trial goes on from its checkpoint.
DEFAULT_MINUTES, MOST_REQUEUES = 24 * 60, 100
# Where it says something, Slurm passes over what a job's script says.
TIME_LIMIT = "SBATCH_TIMELIMIT"
# [DAYS-]HOURS[:MINUTES[:SECONDS]] with days, else MINUTES, MINUTES:SECONDS or HOURS:MINUTES:SECONDS.
SECONDS = {1: (60,), 2: (60, 1), 3: (3600, 60, 1)}
POLL_SECONDS = 1.0
# Of those at which hosts talk to one another: jobs that share a node have others each, by their numbers.
FIRST_PORT, PORTS = 15_000, 10_000


@contextlib.contextmanager
def opened(schedule: Schedule, folder: Path) -> Iterator["SlurmExecutor"]:
    """The executor of a run."""
    if shutil.which("sbatch") is None:
        raise BenchError("sbatch is not found, so there is no Slurm here; run this on its login node")
    yield SlurmExecutor(folder, schedule.capacity.places(JOBS))


class SlurmExecutor(ClusterExecutor):
    """A trial is a job; all nodes see the run folder, and jobs write their files into it.

    What else is to be said of jobs, such as a partition, Slurm takes from the environment (`SBATCH_…`).

    Args:
        cluster: of submitit's, `slurm` or `local`: processes on this machine.
    """

    def __init__(self, folder: Path, places: int, cluster: str = "slurm") -> None:
        super().__init__(folder, places)
        requeues, self._held = {f"{cluster}_max_num_timeout": MOST_REQUEUES}, folder.stat()
        self._submitit = submitit.AutoExecutor(folder.resolve() / "slurm", cluster=cluster, **requeues)
        self._lock, self._ended = threading.Lock(), threading.Event()

    def deliver(self, parcel: bytes, task: Task) -> Delivered:
        """Have it carried out as soon as Slurm starts it."""
        job = self._submitted(parcel, task)
        try:
            while not self._is_done(job):
                if self._ended.wait(POLL_SECONDS):
                    job.cancel(check=False)
                    raise LostError("the run was ended")
            delivered = job.results()
            return as_one(delivered) if len(delivered) > 1 else delivered[0]
        except UncompletedJobError as error:
            # What the function itself raised is a fault of ours; that Slurm ended it too often is not.
            if isinstance(error, FailedJobError) and "UncompletedJobError" not in str(error):
                raise
            raise LostError(f"job {job.job_id} ended without a result ({job.state})") from None
        finally:
            results = [job.task(number).paths.result_pickle for number in range(job.num_tasks)]
            for pickled in (job.paths.submitted_pickle, *results):
                pickled.unlink(missing_ok=True)

    def end(self) -> None:
        """Cancel the jobs that wait or run."""
        self._ended.set()

    def _submitted(self, parcel: bytes, task: Task) -> Any:
        wanted = task.worker
        with self._lock:
            if self._ended.is_set():
                raise LostError("the run was ended")
            # One that is gone, submitit would make anew.
            check_is_still(self._folder, self._held)
            self._submitit.update_parameters(
                name="alexnet-bench",
                timeout_min=_minutes(os.environ.get(TIME_LIMIT, "")),
                nodes=wanted.host_count,
                tasks_per_node=1,
                cpus_per_task=wanted.threads,
                gpus_per_node=wanted.device_count if wanted.devices == "gpu" else None,
            )
            try:
                return self._submitit.submit(_Job(), parcel, str(self._folder.resolve()))
            except FailedJobError as error:
                raise BenchError(f"Slurm takes no job: {one_line(str(error))}") from None

    def _is_done(self, job: Any) -> bool:
        # All jobs share what submitit knows of them.
        with self._lock:
            return bool(job.done())


def _minutes(limit: str) -> int:
    """A time limit as Slurm reads it; without one, ours.

    By it, submitit tells a job whose time is up from one that is preempted.
    """
    days, dash, rest = limit.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in (*parts, days or "0")) or len(parts) not in SECONDS:
        return DEFAULT_MINUTES
    units = SECONDS[3] if dash else SECONDS[len(parts)]
    seconds = 86400 * int(days or 0) + sum(int(part) * unit for part, unit in zip(parts, units, strict=False))
    return max(1, seconds // 60)


class _Job:
    """What a job calls; by `checkpoint`, submitit queues it again when its time is up or it is preempted."""

    def __call__(self, parcel: bytes, folder: str) -> Delivered:
        return carry_out_parcel(parcel, folder, _host(submitit.JobEnvironment()))

    def checkpoint(self, parcel: bytes, folder: str) -> DelayedSubmission:
        return DelayedSubmission(self, parcel, folder)


def _host(here: Any) -> Host | None:
    """Which of a job's nodes this is; none where there is one alone."""
    if here.num_tasks == 1:
        return None
    first = int(here.raw_job_id) * here.num_tasks
    ports = (FIRST_PORT + (first + number) % PORTS for number in range(here.num_tasks))
    addresses = tuple(f"{name}:{port}" for name, port in zip(here.hostnames, ports, strict=True))
    return Host(addresses=addresses, index=here.global_rank)
