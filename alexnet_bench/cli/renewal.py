"""A run's report, written as soon as there is something to report, and again as records come in."""

import contextlib
import math
import time
from pathlib import Path
from typing import Any

from alexnet_bench.cli.progress import Progress
from alexnet_bench.errors import BenchError
from alexnet_bench.records.schema import AnyRecord, Trial
from alexnet_bench.run.timing_plan import DrawTask

# Of a run's time, what writing reports may take while it goes on.
LARGEST_SHARE = 0.05


class RenewedReport(Progress):
    """The progress of a run, whose report is renewed after trials and between draws, never beside a timing.

    Args:
        folder: of the run.
        tensorboard: write each record for TensorBoard, too.
        progress: as for `Progress`.
    """

    def __init__(self, folder: Path, *, tensorboard: bool = False, **progress: Any) -> None:
        super().__init__(**progress)
        self._folder, self._has_records, self._drawn, self._due = folder, False, -1, 0.0
        self._tensorboard = tensorboard

    def recorded(self, record: AnyRecord) -> None:
        """Renew the report after a trial."""
        super().recorded(record)
        self._has_records = True
        if self._tensorboard:
            from alexnet_bench.show.export import export_for_tensorboard

            # What is wrong is told at the end, when all that is not there yet is written.
            with contextlib.suppress(BenchError):
                export_for_tensorboard(self._folder, record)
        if isinstance(record, Trial) and record.purpose == "result":
            self._renew()

    def timing(self, task: DrawTask, event: str) -> None:
        """Renew the report before a draw."""
        if task.draw != self._drawn:
            self._drawn = task.draw
            self._renew()
        super().timing(task, event)

    def _renew(self) -> None:
        from alexnet_bench.show.report import write_report

        started = time.monotonic()
        if not self._has_records or started < self._due:
            return
        try:
            write_report([self._folder], self._folder / "report")
        except Exception:
            # It must not end what is measured. What is wrong is told at the end, when it is written for good.
            self._due = math.inf
            return
        now = time.monotonic()
        self._due = now + (now - started) / LARGEST_SHARE
