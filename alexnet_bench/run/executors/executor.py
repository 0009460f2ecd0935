"""What gets trials done, and which one a run has."""

import contextlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from alexnet_bench.records.schema import Trial
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.task import OnRow, Task


class Executor(ABC):
    """Gets tasks done; the run's own process alone appends their records.

    Attributes:
        places: tasks that it carries out at a time.
    """

    places: int

    @abstractmethod
    def carry_out(self, task: Task, on_row: OnRow) -> Trial:
        """Carry out a task, put its files into the run folder, and return its record; for many threads.

        Raises:
            BenchError: the task cannot be used, or nothing can be carried out here.
        """

    @abstractmethod
    def rest(self) -> None:
        """Nothing is to be carried out for a while."""

    @abstractmethod
    def end(self) -> None:
        """End what is being carried out, at once; nothing follows."""


@contextlib.contextmanager
def cluster_executor(schedule: Schedule, folder: Path) -> Iterator[Executor]:
    """The executor that a run's settings name, on a cluster.

    Raises:
        BenchError: no cluster answers, or it has not what a trial takes.
    """
    module = importlib.import_module(f"alexnet_bench.run.executors.{schedule.settings.executor}")
    with module.opened(schedule, folder) as executor:
        yield executor
