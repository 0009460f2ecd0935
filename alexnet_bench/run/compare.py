"""Times this code against other code, slice by slice in one job."""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from alexnet_bench import git
from alexnet_bench.analysis.gate import Asked
from alexnet_bench.environment import describe_environment, git_commit
from alexnet_bench.errors import BenchError, NoRepositoryError
from alexnet_bench.records.run_folder import add_record, create_run
from alexnet_bench.records.schema import BASE, HEAD, Draw
from alexnet_bench.run.base import (
    own_ablations,
    repository_at,
    revision_side,
    with_own_ablations,
)
from alexnet_bench.run.clock import now
from alexnet_bench.run.effort import Effort
from alexnet_bench.run.local import Code
from alexnet_bench.run.machine import read_machine
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.selection import Selected, select_on_sides
from alexnet_bench.run.session import Sessions, Side
from alexnet_bench.run.settings import Settings
from alexnet_bench.run.throughput import time_contenders
from alexnet_bench.run.timing_plan import DrawTask, IsKnown, Pair, TimingPlan
from alexnet_bench.stats import FEWEST_UNITS

# Short slices pair best: what disturbs a machine lasts for tenths of a second.
SLICE_SECONDS = 0.1
FIRST_ROUNDS = 40
DEFAULT_INTERVAL = 0.005
DEFAULT_BUDGET_SECONDS = 300.0


@contextlib.contextmanager
def compared_sides(
    settings: Settings, *, base: str | None, base_python: Path | None
) -> Iterator[tuple[Settings, dict[str, Side]]]:
    """The two sides of a comparison, and the settings with the ablations of the repository at hand.

    Args:
        settings: of the comparison.
        base: a revision of the repository in the current folder; None for the same code.
        base_python: the interpreter of the base; None for the same one.
    """
    if base is None and base_python is None:
        raise BenchError("there is nothing to compare with; give --base or --base-python")
    with contextlib.ExitStack() as stack:
        if base is None:
            head = found = Side(code=Code(), ablations=settings.ablations, revision=git_commit())
        else:
            repository = repository_at(Path.cwd())
            settings = replace(settings, ablations=own_ablations(repository, settings.ablations))
            head = Side(code=Code(), ablations=settings.ablations, revision=git.revision_of(repository))
            found = stack.enter_context(revision_side(repository, base, settings.ablations))
        if base_python is not None:
            code: Code = replace(found.code, python=base_python)
            found = replace(found, code=code)
        yield settings, {BASE: found, HEAD: head}


def own_side(settings: Settings) -> tuple[Settings, dict[str, Side]]:
    """The code at hand alone, and the settings with the ablations of the repository that it lies in."""
    try:
        repository = repository_at(Path.cwd())
        revision = git.revision_of(repository)
        settings = replace(settings, ablations=with_own_ablations(repository, settings.ablations))
    except NoRepositoryError:
        revision = git_commit()
    return settings, {HEAD: Side(code=Code(), ablations=settings.ablations, revision=revision)}


def interval_effort(settings: Settings) -> Effort:
    """Until every ratio is known to the interval asked for, or the budget ends."""
    return Effort(
        modes=settings.mode,
        draws=FEWEST_UNITS,
        rounds=FIRST_ROUNDS,
        slice_seconds=SLICE_SECONDS,
        interval=settings.interval or DEFAULT_INTERVAL,
        budget_seconds=settings.budget or DEFAULT_BUDGET_SECONDS,
    )


def compare(
    settings: Settings,
    sides: Mapping[str, Side],
    folder: Path,
    command: str,
    on_planned: Callable[[int], None] = lambda sessions: None,
    on_record: Callable[[Draw], None] = lambda record: None,
    on_event: Callable[[DrawTask, str], None] = lambda task, event: None,
    effort: Callable[[Settings], Effort] = interval_effort,
    is_known: IsKnown | None = None,
    on_asked: Callable[[list[Asked]], None] = lambda asked: None,
    named: Sequence[str] = (),
) -> list[Draw]:
    """Time every variant of the settings in the code of all sides; of one side, by itself.

    Args:
        settings: variants, topology, batch sizes, precisions, modes, interval and budget.
        sides: whose code; the first is the base, every other one is held against it.
        folder: the run folder to make.
        command: for its manifest.
        on_planned: is told how many sessions there will be at least.
        on_record: is given each record.
        on_event: is told what a session does.
        effort: how much is timed.
        is_known: whether the draws of head and base say enough (see `TimingPlan`).
        on_asked: is told of which networks something was asked, whether or not they will be timed.
        named: variants that somebody speaks of, and that one side must have.

    Returns:
        The records.

    Raises:
        BenchError: a side cannot be run, or its protocol is another.
    """
    selected = select_on_sides(settings, sides, named)
    schedule = Schedule(replace(settings, variants=selected.of_head), alone=True)
    both, alone = _pairs(schedule, list(sides), selected.only_head)
    on_asked(_asked(schedule, selected))
    how = effort(settings)
    # What can be compared comes first: the budget is for decisions.
    plans = [TimingPlan(pairs, how, schedule.workers_at_once, is_known) for pairs in (both, alone) if pairs]
    run_id = uuid.uuid4().hex[:12]
    create_run(
        folder,
        {
            "run_id": run_id,
            "command": command,
            "created_at": now(),
            "git_commit": sides[HEAD].revision,
            "environment": describe_environment() | {"settings": read_machine()},
            "settings": asdict(settings),
            "plan": schedule.manifest_plan() | _about(sides, how),
        },
    )

    on_planned(sum(plan.sessions_left([]) for plan in plans))

    def keep(records: list[Draw]) -> None:
        for record in records:
            add_record(folder, record)
            on_record(record)

    with Sessions(
        sides,
        modes=settings.mode,
        threads=settings.timed_threads,
        devices=settings.devices,
        slice_seconds=how.slice_seconds,
        log=folder / "workers.log",
        run_id=run_id,
    ) as sessions:
        records: list[Draw] = []
        for plan in plans:
            records = time_contenders(plan, sessions, records, keep, on_event)
        return records


def _pairs(
    schedule: Schedule, sides: Sequence[str], only_head: Sequence[str]
) -> tuple[list[Pair], list[Pair]]:
    """Each network of head against the base's; and by themselves, those that the base has not."""
    base, *others = sides
    both, alone = [], []
    for contender in schedule.timing.contenders:
        for other in others or [base]:
            arm = replace(contender, side=other)
            if contender.network.variant.name in only_head:
                alone.append(Pair(arm=arm, control=arm))
            else:
                both.append(Pair(arm=arm, control=replace(contender, side=base)))
    return both, alone


def _asked(schedule: Schedule, selected: Selected) -> list[Asked]:
    networks = [contender.network for contender in schedule.timing.contenders]
    lone = dict.fromkeys(selected.only_head, HEAD)
    found = [
        Asked(
            variant=network.variant.name,
            precision=network.precision,
            batch_size=network.recipe.batch_size,
            topology=schedule.time_topology.name,
            modes=schedule.settings.mode,
            only=lone.get(network.variant.name, ""),
        )
        for network in networks
    ]
    alike = {replace(item, variant="", only=BASE): None for item in found}
    return found + [replace(item, variant=name) for name in selected.only_base for item in alike]


def _about(sides: Mapping[str, Side], effort: Effort) -> dict[str, Any]:
    return {
        "kind": "comparison",
        "sides": {name: side.revision for name, side in sides.items()},
        "interval": effort.interval,
        "budget_seconds": effort.budget_seconds,
        "draws": effort.draws,
        "rounds": effort.rounds,
    }
