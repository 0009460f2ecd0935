"""Where the time of a step goes: by layer and by operation, so that the parts add up to the step."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

# What no layer's name stands in: the loss, the optimizer, copies.
NO_LAYER = "no layer"
BACKWARD = "gradients/"


class Operation(NamedTuple):
    """An operation that ran, from one moment to another, in seconds."""

    name: str
    type: str
    begin: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a step.

    Args:
        name: of the layer, or the type of the operation.
        count: operations a step.
        forward_seconds, backward_seconds: a step, of gradients the latter.
        share: of the step.
    """

    name: str
    count: float
    forward_seconds: float
    backward_seconds: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A step, taken apart. Where several operations run at a moment, each has an equal part of it.

    Args:
        step_seconds: of a traced step.
        untraced_seconds: of one without the profiler.
        layers, operations: parts that add up to the step with what is left over.
        idle_seconds: a step in which no operation ran: it was begun, waited for, or its end was.
    """

    step_seconds: float
    untraced_seconds: float
    layers: tuple[Part, ...]
    operations: tuple[Part, ...]
    idle_seconds: float


def taken_apart(
    operations: Iterable[Operation],
    steps: Sequence[tuple[float, float]],
    untraced: Sequence[float],
    layers: Sequence[str],
) -> Profile:
    """What some steps spent their time on.

    Args:
        operations: of all steps; what ran outside of them is left out.
        steps: beginning and end of each, in order.
        untraced: seconds of steps without the profiler.
        layers: names of the plan's layers, in order.
    """
    ran = sorted(operations, key=lambda item: item.begin)
    shares = [share for step in steps for share in _shares(ran, step)]
    total = fmean(end - begin for begin, end in steps)
    by_layer = _parts([(layer_of(item.name, layers), item, own) for item, own in shares], len(steps), total)
    by_type = _parts([(item.type, item, own) for item, own in shares], len(steps), total)
    order = {name: place for place, name in enumerate((*layers, NO_LAYER))}
    return Profile(
        step_seconds=total,
        untraced_seconds=fmean(untraced),
        layers=tuple(sorted(by_layer, key=lambda part: order[part.name])),
        operations=tuple(sorted(by_type, key=lambda part: -part.share)),
        idle_seconds=total - sum(own for _, own in shares) / len(steps),
    )


def layer_of(operation: str, layers: Collection[str]) -> str:
    """The layer whose name stands in that of an operation, be it a tower's, or numbered by Keras."""
    for part in operation.split("/"):
        if (name := re.sub(r"(_tower\d+)?(_join)?(_\d+)*$", "", part)) in layers:
            return name
    return NO_LAYER


def _shares(ran: Sequence[Operation], step: tuple[float, float]) -> list[tuple[Operation, float]]:
    """The operations that ran in a step, each with its seconds of it."""
    first, last = step
    within = [item for item in ran if item.end >= first and item.begin <= last]
    moments = [(max(item.begin, first), True, place) for place, item in enumerate(within)]
    moments += [(min(item.end, last), False, place) for place, item in enumerate(within)]
    own, running, before = [0.0] * len(within), set[int](), first
    # Of what lasts no time at all, the beginning comes first, too.
    for moment, begins, place in sorted(moments, key=lambda item: (item[0], not item[1])):
        for other in running:
            own[other] += (moment - before) / len(running)
        before = moment
        (running.add if begins else running.discard)(place)
    return list(zip(within, own, strict=True))


def _parts(shares: Iterable[tuple[str, Operation, float]], steps: int, total: float) -> list[Part]:
    counts, forward, backward = Counter[str](), Counter[str](), Counter[str]()
    for name, item, seconds in shares:
        counts[name] += 1
        (backward if item.name.startswith(BACKWARD) else forward)[name] += seconds  # type: ignore[assignment]
    return [
        Part(
            name=name,
            count=count / steps,
            forward_seconds=forward[name] / steps,
            backward_seconds=backward[name] / steps,
            share=(forward[name] + backward[name]) / steps / total,
        )
        for name, count in counts.items()
    ]
