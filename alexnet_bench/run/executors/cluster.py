"""What executors on clusters have in common: sending a trial, trying again, taking in what comes back."""

import contextlib
import threading
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import msgspec

from alexnet_bench.environment import now
from alexnet_bench.errors import BenchError
from alexnet_bench.records.files import replacing_durably
from alexnet_bench.records.run_folder import LOG, writing
from alexnet_bench.records.schema import Trial
from alexnet_bench.run.executors.executor import Executor
from alexnet_bench.run.executors.node import Delivered, pack
from alexnet_bench.run.log import MOST_BYTES
from alexnet_bench.run.task import OnRow, Task, lost
from alexnet_bench.words import distinct

# How often a trial is sent once more whose machine, or process on it, ended.
RETRIES = 2
# How a host's part of a trial ends that may be another one's doing.
OF_OTHERS = ("killed", "timed-out")


class LostError(Exception):
    """A machine, or the process on it, ended before its trial was done.

    Args:
        status: of the trial's record, if that happens too often.
    """

    def __init__(self, reason: str, status: str = "killed") -> None:
        super().__init__(reason)
        self.status = status


def as_one(delivered: Sequence[Delivered]) -> Delivered:
    """What came of a trial that several hosts carried out together: what came of it on the first.

    Where that only lost another one, or waited for it, it is what came of it there.
    """
    first, *others = delivered
    if first.record is None or first.record.status in OF_OTHERS:
        first = next((item for item in others if _tells_why(item)), first)
    if first.record:
        own = distinct(item.record.device for item in delivered if item.record)
        device = f"{len(delivered)} hosts ({', '.join(own)})"
        first = msgspec.structs.replace(first, record=msgspec.structs.replace(first.record, device=device))
    return msgspec.structs.replace(first, log=b"".join(item.log for item in delivered))


def _tells_why(delivered: Delivered) -> bool:
    """Whether a host ended by its own doing."""
    return delivered.record is None or delivered.record.status not in ("ok", *OF_OTHERS)


class ClusterExecutor(Executor):
    """Sends tasks to other machines.

    Args:
        folder: the run folder.
        places: tasks that are sent at a time.
    """

    def __init__(self, folder: Path, places: int) -> None:
        self.places, self._folder, self._log_lock = places, folder, threading.Lock()

    @abstractmethod
    def deliver(self, parcel: bytes, task: Task) -> Delivered:
        """Have `carry_out_parcel` called on a machine that has what the task takes.

        Raises:
            LostError: the machine, or the process on it, ended.
        """

    def carry_out(self, task: Task, on_row: OnRow) -> Trial:
        """Carry out a task; how its epochs go is not told."""
        started_at, started, parcel = now(), time.perf_counter(), pack(task)
        for _ in range(1 + RETRIES):
            try:
                return self._taken_in(self.deliver(parcel, task))
            except LostError as error:
                status, reason = error.status, f"lost {1 + RETRIES} times, the last time: {error}"
        return lost(task, status, reason, started_at, time.perf_counter() - started)

    def rest(self) -> None:
        """Nothing waits on other machines."""

    def _taken_in(self, delivered: Delivered) -> Trial:
        self._keep_log(delivered.log)
        if delivered.refused:
            raise BenchError(delivered.refused)
        if delivered.record is None:
            raise LostError(delivered.lost)
        for name, content in delivered.files.items():
            path = self._folder / name
            with writing(path):
                path.parent.mkdir(exist_ok=True)
                with replacing_durably(path) as file:
                    file.write(content)
        return delivered.record

    def _keep_log(self, said: bytes) -> None:
        """Add to what workers printed; a full disk is no reason to stop."""
        with self._log_lock, contextlib.suppress(OSError), (self._folder / LOG).open("ab") as file:
            if file.tell() < MOST_BYTES:
                file.write(said)
