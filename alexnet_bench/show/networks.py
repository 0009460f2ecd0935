"""Each network as its layers in a row, with what differs from its control marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from alexnet_bench.analysis.plans import Plans
from alexnet_bench.show.phrases import said
from alexnet_bench.words import counted

Mark = Literal["same", "changed", "added", "left out"]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A layer: its name, what it does, how it compares with the control's, and what that one does."""

    name: str
    what: str
    mark: Mark = "same"
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A variant's layers, input first; of a control nothing is marked.

    Args:
        title: what it changes, in words; and at which topology, where there are several.
        differs: how many layers differ, in words.
    """

    variant: str
    control: str
    title: str
    differs: str
    boxes: list[Box]


def draw_networks(plans: Plans) -> list[Network]:
    """Every variant whose layers are on record, controls first, at each topology that it has there."""
    networks, found = [], _on_record(plans)
    several = len({topology for _, topology, _ in found}) > 1
    for run, topology, variant in found:
        layers, control = plans.layers(run, variant), plans.control(run, variant)
        boxes = list(_boxes(plans.layers(run, control) or layers, layers))
        others = sum(box.mark != "same" for box in boxes)
        is_control = variant == control
        networks.append(
            Network(
                variant=variant,
                control=control,
                title=", ".join(
                    [
                        *([] if is_control else [said(variant, control, plans)]),
                        *([f"at {topology}"] if several else []),
                    ]
                ),
                differs=(
                    "the control"
                    if is_control
                    else f"{counted(others, 'layer')} otherwise than {control}"
                    if others
                    else f"the same layers as {control}: it differs in how it is trained, run or tested"
                ),
                boxes=boxes,
            )
        )
    return networks


def _on_record(plans: Plans) -> list[tuple[str, str, str]]:
    """The first run, topology and name of each network whose layers are on record."""
    first: dict[tuple[str, str], str] = {}
    for variant in plans.variants:
        for one in plans.manifests:
            if plans.layers(one.run_id, variant):
                topology = one.plan.topology if "accuracy" in one.plan.measures else one.plan.time_topology
                first.setdefault((topology, variant), one.run_id)
    return [(run, topology, variant) for (topology, variant), run in first.items()]


def _boxes(before: dict[str, str], now: dict[str, str]) -> Iterator[Box]:
    """The layers of a network beside those of another, by their names."""
    names, others = list(now), list(before)
    for kind, start, end, own_start, own_end in SequenceMatcher(None, others, names, False).get_opcodes():
        if kind != "equal":
            yield from (Box(name=name, what=before[name], mark="left out") for name in others[start:end])
            yield from (Box(name=name, what=now[name], mark="added") for name in names[own_start:own_end])
            continue
        for name in names[own_start:own_end]:
            is_same = now[name] == before[name]
            yield Box(
                name=name,
                what=now[name],
                mark="same" if is_same else "changed",
                before="" if is_same else before[name],
            )
