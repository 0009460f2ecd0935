"""What is told how a run gets on."""

from collections.abc import Sequence
from typing import Any

from alexnet_bench.records.manifest import Plan
from alexnet_bench.records.schema import AnyRecord
from alexnet_bench.run.schedule import TrialTask
from alexnet_bench.run.timing_plan import DrawTask


class Observer:
    """What is told how a run gets on; this one takes no notice."""

    def begun(self, plan: Plan) -> None:
        """A run goes ahead; its workers take seconds to start."""

    def retried(self, records: Sequence[AnyRecord]) -> None:
        """These records were moved aside: what they tell of is done again."""

    def due(self, trials: Sequence[TrialTask]) -> None:
        """Which trials are left: before `planned` says how many; those that choose rates are a guess."""

    def planned(self, tuning: int, trials: int, draws: int) -> None:
        """How much is left to do: before it starts, before each rung of tuning, after rates are chosen."""

    def started(self, task: TrialTask) -> None:
        """A trial is begun."""

    def epoch(self, task: TrialTask, row: dict[str, Any]) -> None:
        """A trial has ended an epoch."""

    def recorded(self, record: AnyRecord) -> None:
        """A record is on disk."""

    def timing(self, task: DrawTask, event: str) -> None:
        """Timing goes on."""

    def stopped(self, reason: str) -> None:
        """Less is trained than was planned."""
