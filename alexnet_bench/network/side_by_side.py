"""Two networks layer by layer: which layers of a user's own are alexnet's, and what differs in the others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from alexnet_bench.network.plan import Layer

# What follows one of these, up to the next, is a stage.
HEADS = ("input", "convolution", "local", "flatten", "dense")
# Settings whose value says what it is, and those that the output's shape tells.
_TELLING = ("kernel", "padding", "takes", "window", "function", "sees")
_TOLD = ("kernels", "units")
ALL_MAPS = "all maps"
# Poolings by what Keras calls their parts: the kind and the window.
_POOLINGS = {
    "overlapping": ("maxima", "3x3"),
    "non-overlapping": ("maxima", "2x2"),
    "average": ("means", "3x3"),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A layer of either network.

    Args:
        kind: convolution, dense, activation, normalization, pooling, dropout… or a Keras class.
        settings: what makes it this layer of its kind, such as `kernel`; in words.
        shape: of the output for one image.
        macs: multiply-accumulates forward for one image; None where they cannot be counted.
    """

    name: str
    kind: str
    settings: Mapping[str, str] = field(default_factory=dict)
    shape: tuple[int, ...]
    parameters: int = 0
    macs: int | None = 0

    @property
    def what(self) -> str:
        """In words: `5x5, stride 1, same, its tower's half of the maps`."""
        named = [
            value if name in _TELLING else f"{name} {value}"
            for name, value in self.settings.items()
            if name not in _TOLD and value != ALL_MAPS
        ]
        return ", ".join(named) or self.kind


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A layer of alexnet and the one that stands in its place, or one that only one network has.

    Args:
        is_early: whether the own one comes before a layer that it follows in alexnet.
    """

    reference: Part | None
    own: Part | None
    is_early: bool = False

    @property
    def differences(self) -> list[str]:
        """What differs, the own layer's first; nothing where they are equal."""
        if self.own is None:
            return ["absent"]
        if self.reference is None:
            is_in_loss = self.own.settings.get("function") == "softmax"
            return ["only here; alexnet has it in its loss" if is_in_loss else "only here"]
        own, other = (
            dict(part.settings) | {"output": sized(part.shape)} for part in (self.own, self.reference)
        )
        found = [
            f"{name} {own[name]}" + (f" instead of {other[name]}" if name in other else "")
            for name in own
            if own[name] != other.get(name)
        ]
        if self.own.parameters != self.reference.parameters:
            found.append(f"{self.own.parameters - self.reference.parameters:+,} parameters")
        return [*found, "comes earlier than in alexnet"] if self.is_early else found


def sized(shape: tuple[int, ...]) -> str:
    """A shape in words: `27x27x96`."""
    return "x".join(map(str, shape))


def seen(groups: int) -> str:
    """What of the maps before it a kernel sees, of a convolution in groups, as towers are."""
    return {1: ALL_MAPS, 2: "its tower's half of the maps"}.get(groups, f"a part in {groups} of the maps")


def parts_of(layers: Iterable[Layer]) -> list[Part]:
    """The layers of a plan.

    Towers of which each sees all maps are one layer with all kernels, and are shown as that.
    """
    return [
        Part(
            name=layer.name,
            kind=layer.kind,
            settings=_settings(layer),
            shape=layer.shape,
            parameters=layer.parameters,
            macs=layer.macs,
        )
        for layer in layers
    ]


def side_by_side(reference: Sequence[Part], own: Sequence[Part]) -> list[Pair]:
    """Pairs: convolution i with convolution i, dense layers from the last one back, what follows by kind."""
    pairs = list[Pair]()
    for one, other in _stages(reference, own):
        heads = [stage[0] if stage else None for stage in (one, other)]
        pairs.append(Pair(reference=heads[0], own=heads[1]))
        pairs += _followers(one[1:], other[1:])
    return pairs


def _stages(reference: Sequence[Part], own: Sequence[Part]) -> Iterator[tuple[list[Part], list[Part]]]:
    """Stages that stand in one place: those of a kind in order, of dense layers from the last one back."""
    sides = [_by_head(parts) for parts in (reference, own)]
    for kind in dict.fromkeys(kind for side in sides for kind in side):
        one, other = (side.get(kind, []) for side in sides)
        if kind == "dense":
            # The last ones both tell classes apart.
            yield from [*zip_longest(one[::-1], other[::-1], fillvalue=[])][::-1]
        else:
            yield from zip_longest(one, other, fillvalue=[])


def _by_head(parts: Sequence[Part]) -> dict[str, list[list[Part]]]:
    """The stages of a network by the kind of their first layer."""
    found = defaultdict[str, list[list[Part]]](list)
    for part in parts:
        if part.kind in HEADS or not found:
            found[part.kind].append([])
            stage = found[part.kind][-1]
        stage.append(part)
    return found


def _followers(reference: Sequence[Part], own: Sequence[Part]) -> Iterator[Pair]:
    """Those of a kind together, in the reference's order; at the end what the reference lacks."""
    left, last = dict(enumerate(own)), -1
    for part in reference:
        place = next((place for place, other in left.items() if other.kind == part.kind), None)
        if place is None:
            yield Pair(reference=part, own=None)
        else:
            yield Pair(reference=part, own=left.pop(place), is_early=place < last)
            last = max(last, place)
    yield from (Pair(reference=None, own=part) for part in left.values())


def _settings(layer: Layer) -> dict[str, str]:
    if layer.kind in ("convolution", "local"):
        return {
            "kernel": f"{layer.kernel}x{layer.kernel}",
            "stride": str(layer.stride),
            "padding": layer.padding,
            "kernels": str(layer.shape[-1]),
            "sees": seen(1 if layer.joins else layer.towers),
        }
    if layer.kind == "dense":
        return {"units": str(layer.shape[-1])}
    if layer.kind == "dropout":
        return {"rate": f"{layer.rate:g}"}
    if layer.block is None:
        return {}
    if layer.kind == "pooling" and layer.block.name in _POOLINGS:
        takes, window = _POOLINGS[layer.block.name]
        return {"takes": takes, "window": window, "stride": str(layer.stride), "padding": layer.padding}
    return {"function": layer.block.name}
