"""What `bench run --dry-run` shows: the variants, and what training and timing them takes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from alexnet_bench.records.manifest import Plan
from alexnet_bench.show.numbers import GIB, MIB
from alexnet_bench.show.table import Cells, Table
from alexnet_bench.words import MISSING, counted, joined

MOST_CLASSES = 20


def plan_table(plan: Plan) -> Table:
    """A row a variant of a manifest's plan."""
    controls, same_step, timed = plan.controls, plan.same_step or {}, plan.timed or ()
    cells: Cells = {
        "Variant": lambda name: name,
        "Held against": lambda name: controls[name] if controls[name] != name else MISSING,
        "Timed": lambda name: (
            f"same step as {same_step[name]}" if name in same_step else "yes" if name in timed else "no"
        ),
        "Differs from alexnet in": lambda name: plan.variants[name].difference,
    }
    table = Table.of(plan.variants, cells)
    return table if same_step else table.without("Timed")


def images_table(images: dict[str, dict[str, int]]) -> Table:
    """A row a class, of many classes the first, and one of all: how many images each split has."""
    rows = list(islice(images.items(), MOST_CLASSES))
    if len(images) > MOST_CLASSES:
        rows.append((f"and {len(images) - MOST_CLASSES} more", _added(list(images.values())[MOST_CLASSES:])))
    rows += [("all", _added(images.values()))] if images else []
    splits = list(rows[0][1]) if rows else []
    lines = [[name, *(f"{counts[split]:,}" for split in splits)] for name, counts in rows]
    return Table(["Images of", *splits], lines)


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for of_class in counts:
        total.update(of_class)
    return total


def plan_lines(plan: Plan, cost: dict[str, Any], notes: Iterable[str] = ()) -> Iterator[str]:
    """What is trained and timed, notes on that and on the data, and what it costs."""
    if "accuracy" in plan.measures:
        looks = f"looks at {', '.join(map(str, plan.looks))} seeds, at most " if plan.looks else ""
        tuning = cost["tuning_trials"]
        rates = f", after {counted(tuning, 'trial')} that choose rates" if tuning else ""
        yield (
            f"accuracy:   {looks}{cost['trials'] - tuning} trials of {plan.epochs} epochs{rates}: "
            f"{plan.topology}, {plan.dataset}, recipe {plan.recipe}, batch {plan.batch_size}"
        )
    if plan.timed:
        yield (
            f"throughput: {cost['draws']} draws of {plan.rounds} rounds: {plan.time_topology}, "
            f"batch {', '.join(map(str, plan.time_batch_sizes))}{_until(plan)}"
        )
    for name, other in plan.aliases.items():
        timed = ", timed under both names" if {name, other} <= set(plan.timed or ()) else ""
        yield f"            {name} is the same network as {other}: trained once{timed}"
    for note in (*plan_notes(plan), *notes):
        yield f"note:       {note}"
    yield f"estimate:   {cost_line(cost)}"


def cost_line(cost: dict[str, Any]) -> str:
    """How long a run takes, and what it holds."""
    return (
        f"{duration(cost['seconds'])}, {cost['memory_bytes'] / GIB:.1f} GiB of memory, "
        f"{cost['disk_bytes'] / MIB:.0f} MiB of disk"
    )


def plan_notes(plan: Plan) -> Iterator[str]:
    """What a run does that its command does not say, and what its ablations say of the topology."""
    if plan.control_given:
        yield f"{plan.control_given} is the control of all, as asked"
    for name in plan.added_controls:
        yield f"{name} is added, as the control of {joined(_arms(plan.controls, name))}"
    for name in dict.fromkeys((plan.same_step or {}).values()):
        yield f"same step as {name}, so not timed: {', '.join(_arms(plan.same_step or {}, name))}"
    for ablation in plan.ablations:
        if ablation.note:
            yield f"@{ablation.name} at {plan.topology}: {ablation.note}"


def _arms(controls: dict[str, str], name: str) -> list[str]:
    return [arm for arm, control in controls.items() if control == name != arm]


def _until(plan: Plan) -> str:
    """When timing ends, where that is not after a number of draws."""
    ends = [
        f"each ratio is known to ±{plan.interval:.2%}" if plan.interval else "",
        f"{duration(plan.budget_seconds)} have passed" if plan.budget_seconds else "",
    ]
    return f", at least; until {' or '.join(filter(None, ends))}" if any(ends) else ""


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds > 90 * 60:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} s"
