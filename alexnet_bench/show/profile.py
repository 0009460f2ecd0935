"""`bench profile`: where a step's time goes, as tables and in words."""

from collections.abc import Callable, Sequence
from typing import Any

from alexnet_bench.analysis.profile import Part, Profile
from alexnet_bench.run.profile import Profiled
from alexnet_bench.show.table import Table
from alexnet_bench.words import MISSING, counted, number

LEFT_OVER = "no operation running"
# Of types of operations, those with the largest shares; of the others there are dozens.
MOST_OPERATIONS = 20


def layers_table(profile: Profile) -> Table:
    """A line a layer, in the order of the network."""
    return _table("Layer", profile.layers, profile)


def operations_table(profile: Profile) -> Table:
    """A line a type of operation, the largest first, and all smaller ones in one."""
    shown, others = profile.operations[:MOST_OPERATIONS], profile.operations[MOST_OPERATIONS:]
    if others:
        shown = (*shown, _sum(f"{len(others)} others", others))
    return _table("Operation", shown, profile)


def standing(found: Profiled) -> str:
    """What was profiled, and what the profiler itself cost."""
    traced, untraced = map(_ms, (found.profile.step_seconds, found.profile.untraced_seconds))
    step = f"{found.mode} step of {counted(found.batch_size, 'image')} in {found.precision}"
    return (
        f"A {step} on {found.device}. With the profiler it took {traced} ms, without {untraced} ms (means of "
        f"{counted(found.steps, 'step')}); shares are of the former. An operation that TensorFlow fused of "
        "several layers counts for the one that it is named after, mostly the last."
    )


def _table(title: str, parts: Sequence[Part], profile: Profile) -> Table:
    idle = Part(
        name=LEFT_OVER,
        count=0,
        forward_seconds=profile.idle_seconds,
        backward_seconds=0,
        share=profile.idle_seconds / profile.step_seconds,
    )
    rows = [*parts, idle]
    cells: dict[str, Callable[[Any], str]] = {
        title: lambda part: part.name,
        "Count": lambda part: f"{part.count:.0f}" if part.count else MISSING,
        "Forward": lambda part: _ms(part.forward_seconds) if part.count else MISSING,
        "Backward": lambda part: _ms(part.backward_seconds) if part.count else MISSING,
        "Together": lambda part: _ms(part.forward_seconds + part.backward_seconds),
        "Of the step": lambda part: f"{part.share:.1%}",
    }
    return Table.of([*rows, _sum("the step", rows)], cells)


def _sum(name: str, parts: Sequence[Part]) -> Part:
    sums = {
        field: sum(getattr(part, field) for part in parts)
        for field in ("count", "forward_seconds", "backward_seconds", "share")
    }
    return Part(name=name, **sums)


def _ms(seconds: float) -> str:
    return number(1000 * seconds)
