"""Times variants by themselves: held against nothing, for a figure of their own."""

import uuid
from pathlib import Path

from alexnet_bench.environment import git_commit
from alexnet_bench.errors import BenchError
from alexnet_bench.records.schema import HEAD, Draw
from alexnet_bench.run.compare import SLICE_SECONDS
from alexnet_bench.run.effort import Effort
from alexnet_bench.run.gate import ROUNDS
from alexnet_bench.run.local import Code, Zygote
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.session import Sessions, Side
from alexnet_bench.run.throughput import time_contenders
from alexnet_bench.run.timing_plan import TimingPlan


def effort_of_draws(draws: int, modes: tuple[str, ...]) -> Effort:
    """So many draws of each variant, whatever they say.

    Raises:
        BenchError: that is none.
    """
    if draws < 1:
        raise BenchError(f"draws is {draws}; it must be at least 1")
    return Effort(modes=modes, draws=draws, rounds=ROUNDS, slice_seconds=SLICE_SECONDS)


def least_effort(modes: tuple[str, ...]) -> Effort:
    """Enough to see that a variant can be built and timed: after the warm-up, one slice of one step."""
    return Effort(modes=modes, draws=1, rounds=1, slice_seconds=0.0)


def time_alone(schedule: Schedule, effort: Effort, zygote: Zygote, log: Path) -> list[Draw]:
    """Time the variants of a schedule in this code.

    Args:
        schedule: says which, and of what size.
        effort: how much is timed.
        zygote: where workers come from; it is left open.
        log: its file.

    Returns:
        The records, one a variant, mode and draw.

    Raises:
        BenchError: a variant cannot be built or timed; no further draw is begun.
    """

    def refuse_failures(records: list[Draw]) -> None:
        for record in records:
            if not record.succeeded:
                raise BenchError(
                    f"{record.variant} cannot be timed ({record.status}): {record.error} ({log})"
                )

    settings = schedule.settings
    with Sessions(
        {HEAD: Side(code=Code(), ablations=settings.ablations, revision=git_commit())},
        zygotes={HEAD: zygote},
        modes=effort.modes,
        threads=settings.timed_threads,
        devices=settings.devices,
        slice_seconds=effort.slice_seconds,
        log=log,
        run_id=uuid.uuid4().hex[:12],
    ) as sessions:
        plan = TimingPlan(schedule.timing.pairs, effort, schedule.workers_at_once)
        return time_contenders(plan, sessions, [], refuse_failures, lambda task, event: None)
