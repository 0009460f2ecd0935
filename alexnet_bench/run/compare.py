"""Times variants in the code of one side or of several, slice by slice in one job."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import msgspec

from alexnet_bench.analysis.gate import Asked
from alexnet_bench.errors import BenchError
from alexnet_bench.records.run_folder import LOG, open_run
from alexnet_bench.records.schema import BASE, HEAD, Draw
from alexnet_bench.run.effort import Effort, comparison_effort
from alexnet_bench.run.local import Zygote
from alexnet_bench.run.run import make_folder
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.selection import Selected, select_on_sides
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.sides import Side, this_side
from alexnet_bench.run.timer import Timer
from alexnet_bench.run.timing_plan import DrawTask, IsKnown, Pair, TimingPlan


def compare(
    settings: Settings,
    sides: Mapping[str, Side],
    folder: Path,
    command: str,
    on_planned: Callable[[int], None] = lambda tasks: None,
    on_record: Callable[[Draw], None] = lambda record: None,
    on_event: Callable[[DrawTask, str], None] = lambda task, event: None,
    effort: Callable[[Settings], Effort] = comparison_effort,
    is_known: IsKnown | None = None,
    on_asked: Callable[[list[Asked]], None] = lambda asked: None,
    named: Sequence[str] = (),
) -> list[Draw]:
    """Time every variant of the settings in the code of all sides; of one side, by itself.

    Args:
        sides: whose code; the first is the base, every other one is held against it.
        folder: the run folder to make.
        command: for its manifest.
        on_planned: is told how many draws of several contenders there will be at least.
        is_known: whether the draws of head and base say enough (see `TimingPlan`).
        on_asked: is told of which networks something was asked, whether or not they will be timed.
        named: variants that somebody speaks of, and that one side must have.
    """
    selected = select_on_sides(settings, sides, named)
    schedule = Schedule(replace(settings, variants=selected.of_head), alone=True)
    on_asked(_asked(schedule, selected))
    how = effort(settings)
    # What can be compared comes first: the budget is for decisions.
    plans = [
        TimingPlan(pairs, how, schedule.workers_at_once, is_known)
        for pairs in _pairs(schedule, list(sides), selected.only_head)
        if pairs
    ]
    revisions = {name: side.revision for name, side in sides.items()}
    plan = msgspec.structs.replace(schedule.manifest_plan(how), kind="comparison", sides=revisions)
    run_id = make_folder(folder, command, settings, plan, revisions[HEAD])
    on_planned(sum(item.tasks_left([]) for item in plans))

    records: list[Draw] = []
    with open_run(folder) as add, Timer(sides, settings, log=folder / LOG, run_id=run_id) as timer:

        def keep(record: Draw) -> None:
            add(record)
            on_record(record)

        for item in plans:
            records = timer.carry_out(item, records, keep, on_event)
    return records


def time_alone(schedule: Schedule, effort: Effort, zygote: Zygote, log: Path) -> list[Draw]:
    """Time the variants of a schedule in this code, and keep nothing; the zygote, with its log, stays open.

    Raises:
        BenchError: a variant cannot be built or timed; no further draw is begun.
    """

    def refuse_failure(record: Draw) -> None:
        if not record.succeeded:
            raise BenchError(f"{record.variant} cannot be timed ({record.status}): {record.error} ({log})")

    plan = TimingPlan(schedule.timing.pairs, effort, schedule.workers_at_once)
    sides, run_id = {HEAD: this_side(schedule.settings)}, uuid.uuid4().hex[:12]
    with Timer(sides, schedule.settings, log=log, run_id=run_id, zygotes={HEAD: zygote}) as timer:
        return timer.carry_out(plan, on_record=refuse_failure)


def _pairs(
    schedule: Schedule, sides: Sequence[str], only_head: Sequence[str]
) -> tuple[list[Pair], list[Pair]]:
    """Each network of head against the base's; and by themselves, those that the base has not."""
    base, *others = sides
    both, alone = [], []
    for contender, side in product(schedule.timing.contenders, others or [base]):
        arm = replace(contender, side=side)
        if contender.network.variant.name in only_head:
            alone.append(Pair(arm=arm, control=arm))
        else:
            both.append(Pair(arm=arm, control=replace(contender, side=base)))
    return both, alone


def _asked(schedule: Schedule, selected: Selected) -> list[Asked]:
    found = [
        Asked(
            variant=network.variant.name,
            precision=network.precision,
            batch_size=network.recipe.batch_size,
            topology=schedule.time_topology.name,
            modes=schedule.settings.mode,
            only=HEAD if network.variant.name in selected.only_head else "",
        )
        for network in (contender.network for contender in schedule.timing.contenders)
    ]
    alike = {replace(item, variant="", only=BASE): None for item in found}
    return found + [replace(item, variant=name) for name in selected.only_base for item in alike]
