"""Gets trials done on this machine."""

from pathlib import Path

from alexnet_bench.records.schema import Trial
from alexnet_bench.run.executors.executor import Executor
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.task import OnRow, Task, carry_out
from alexnet_bench.run.trainers import Trainers


class LocalExecutor(Executor):
    """Workers of one zygote, as many as the schedule has jobs; they write files where they belong."""

    def __init__(self, schedule: Schedule, zygote: Zygote, folder: Path) -> None:
        self.places, self._folder = schedule.capacity.jobs, folder
        self._trainers = Trainers(zygote, schedule.capacity.memory_to_wait_in)

    def carry_out(self, task: Task, on_row: OnRow) -> Trial:
        """Carry out a task."""
        return carry_out(task, self._folder, self._trainers, on_row)

    def rest(self) -> None:
        """End the workers that wait for their network's next seed."""
        self._trainers.end_idle()

    def end(self) -> None:
        """End all workers."""
        self._trainers.end()
