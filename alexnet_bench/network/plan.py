"""Variant x topology -> layer plan: the resolved network as data. It needs no TensorFlow.

What `bench show` prints, the parameter counts, the memory estimates, the fingerprint and the Keras model
all come from it.
"""

import hashlib
import json
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from alexnet_bench.errors import VariantError
from alexnet_bench.network.parts import Block, overlapping
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.network.topology import Convolution, Topology
from alexnet_bench.network.variant import ALEXNET, Variant
from alexnet_bench.words import in_short, told

# A block's own: more than any machine holds is a slip.
MOST_PARAMETERS = 10**12
NORMALIZATIONS = ("normalization", "second_normalization")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of all towers together.

    Args:
        name: unique in the plan.
        kind: input, margin, convolution, local (a convolution of unshared kernels), activation,
            normalization, pooling, flatten, dense or dropout.
        shape: of the output for one image, (height, width, channels) or (units,), over all towers.
        towers: into how many equal parts the last axis falls; each part is a layer of its own.
        joins: whether each part sees the parts of all towers.
        parameters: over all towers.
        macs: multiply-accumulates forward for one image, over all towers; convolutions and dense only.
        kernel, stride, padding: of convolutions and poolings; `kernel` is also a margin's width.
        biased: whether the paper starts the bias at 1.
        rate: the share that a dropout drops.
        block: what stands in a replaceable layer.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    towers: int = 1
    joins: bool = False
    parameters: int = 0
    macs: int = 0
    kernel: int = 0
    stride: int = 1
    padding: str = "valid"
    biased: bool = False
    rate: float = 0.0
    block: Block | None = None

    @property
    def what(self) -> str:
        """What it does, in short: `11x11/4 valid, 2 towers`."""
        has_weights = self.kind in ("convolution", "dense")
        towers = f", {self.towers} towers" if self.towers > 1 and has_weights else ""
        joined = " that see both" if towers and self.joins else ""
        if self.kind in ("convolution", "local"):
            unshared = ", unshared" if self.kind == "local" else ""
            return f"{self.kernel}x{self.kernel}/{self.stride} {self.padding}{unshared}{towers}{joined}"
        if self.kind == "dropout":
            return f"drops {self.rate:g}"
        return self.block.name if self.block else f"{self.kind}{towers}"


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """A variant at a topology for a number of classes: a tuple of layers, input first."""

    variant: Variant
    topology: Topology
    classes: int
    layers: tuple[Layer, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of the images the network reads."""
        return self.layers[0].shape

    @cached_property
    def parameters(self) -> int:
        """Parameters of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates forward for one image."""
        return sum(layer.macs for layer in self.layers)

    @property
    def inference_flops(self) -> int:
        """Operations forward for one image."""
        return 2 * self.macs

    @property
    def training_flops(self) -> int:
        """Operations of a step for one image: forward, and both gradients but that of the images."""
        first = next(layer.macs for layer in self.layers if layer.macs)
        return 2 * (3 * self.macs - first)

    def memory_bytes(self, batch_size: int) -> int:
        """Roughly what a worker that trains it holds at its peak, TensorFlow included.

        Four copies of the weights (variables, momentum, gradients and their sum with the decay) and the
        outputs of all layers: a little more than was seen at 227 pixels.
        """
        floats = 4 * self.parameters + batch_size * sum(math.prod(layer.shape) for layer in self.layers)
        return 800 * 2**20 + 4 * floats

    def gpu_memory_bytes(self, batch_size: int) -> int:
        """Roughly what a worker that trains it holds of a GPU at its peak; no GPU has confirmed it.

        Four copies of the weights, the outputs of all layers with their gradients, 1 GiB for CUDA and its
        libraries, and the 4 GiB that TensorFlow lets cuDNN try its algorithms in.
        """
        floats = 4 * self.parameters + 2 * batch_size * sum(math.prod(layer.shape) for layer in self.layers)
        return 5 * 2**30 + 4 * floats

    def fingerprint(self, recipe: Recipe) -> str:
        """Twelve hex digits that change with the network, its blocks' code, its training and its placement.

        Names are left out: `lrn` and `alexnet` are one network.
        """
        what = {
            "layers": [_identity(layer) for layer in self.layers],
            "recipe": recipe.identity,
            "placement": self.variant.placement,
            "evaluation": self.variant.evaluation,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]


def make_plan(variant: Variant, topology: Topology, *, classes: int, channels: int = 3) -> LayerPlan:
    """Resolve a variant at a topology into its layers.

    Raises:
        VariantError: the towers of a topology that has one are to be split, or the order of the code of 2012
            is asked of one whose order is not the paper's.
    """
    side = topology.padded_size if variant.input == "padded" else topology.size
    layers = [Layer(name="input", kind="input", shape=(side, side, channels))]
    if variant.input == "padded":
        margin, side = topology.margin, side + 2 * topology.margin
        layers.append(Layer(name="margin", kind="margin", shape=(side, side, channels), kernel=margin))
    if variant.placement == "split" and topology.towers == 1:
        raise VariantError(f"'{variant.name}' splits towers, and {topology.name} has one; leave it out")
    if variant.order == "code-of-2012" and not all(map(_follows_as_in_the_paper, topology.convolutions)):
        raise VariantError(
            f"'{variant.name}' has the order of the code of 2012 in place of the paper's, and "
            f"{topology.name} has another; leave it out"
        )
    variant = _at(topology, variant)
    last = len(topology.convolutions)
    for number, convolution in enumerate(topology.convolutions, 1):
        if variant.removed == f"conv{number}":
            continue
        if variant.kernels == "half" and number < last:
            convolution = replace(convolution, filters=convolution.filters // 2)
        layers += _stage(number, convolution, layers[-1], variant, topology)
    units = (math.prod(layers[-1].shape),)
    layers.append(Layer(name="flatten", kind="flatten", shape=units, towers=layers[-1].towers))
    for number, hidden in enumerate(topology.dense, last + 1):
        layers += _hidden(number, hidden, layers[-1], variant)
    layers.append(_dense(last + len(topology.dense) + 1, classes, layers[-1], towers=1, biased=False))
    return LayerPlan(variant=variant, topology=topology, classes=classes, layers=tuple(layers))


def _at(topology: Topology, variant: Variant) -> Variant:
    """A variant with what the topology has of its own where the variant has the paper's."""
    own = {
        name: getattr(topology, name)
        for name in ("dropout", "evaluation")
        if getattr(variant, name) == getattr(ALEXNET, name)
    }
    return replace(variant, towers=min(variant.towers, topology.towers), **own)


def _identity(layer: Layer) -> dict[str, Any]:
    described = {name: value for name, value in vars(layer).items() if name != "block"}
    return described | ({"block": (layer.block.name, layer.block.source)} if layer.block else {})


def _stage(
    number: int, convolution: Convolution, before: Layer, variant: Variant, topology: Topology
) -> Iterator[Layer]:
    """A convolution and what follows it."""
    layer = _convolution(number, convolution, before, variant.towers)
    yield layer
    for part in _order(number, convolution, variant, topology):
        block = _block_of(part, number, convolution, variant)
        if block is not None:
            layer = _block(part, number, layer, block)
            if part == "pooling":
                layer = _halved(layer, topology.pooling_padding)
            yield layer


def _order(number: int, convolution: Convolution, variant: Variant, topology: Topology) -> tuple[str, ...]:
    """What may follow a convolution, in turn: as the topology has it, unless the variant changes that."""
    if variant.order == "normalization-first":
        others = [part for part in convolution.then if part not in NORMALIZATIONS]
        before = others.index("activation")
        return *others[:before], *NORMALIZATIONS, *others[before:]
    if variant.order == "code-of-2012" and number in (1, len(topology.convolutions)):
        return "normalization", "pooling", "activation"
    return convolution.then


def _follows_as_in_the_paper(convolution: Convolution) -> bool:
    """Whether pooling comes last, if there is any, and takes maxima, so that ReLU may come after it."""
    return convolution.then == Convolution.then and convolution.pooling in (None, overlapping)


def _block_of(part: str, number: int, convolution: Convolution, variant: Variant) -> Block | None:
    """What stands in a replaceable layer: the topology's, unless the variant has another than the paper's."""
    asked: Block | None = getattr(variant, part)
    if part == "activation":
        return asked
    if part == "second_normalization":
        return asked if number == 2 and convolution.normalization is not None else None
    own: Block | None = getattr(convolution, part)
    return own if own is None or asked == getattr(ALEXNET, part) else asked


def _halved(pooling: Layer, padding: str) -> Layer:
    """A pooling with the maps that it makes."""
    side = _strided(pooling.shape[0], 2, padding, kernel=2)
    return replace(pooling, shape=(side, side, pooling.shape[-1]), stride=2, padding=padding)


def _hidden(number: int, units: int, before: Layer, variant: Variant) -> Iterator[Layer]:
    """A dense layer and what follows it."""
    layer = _dense(number, units, before, towers=variant.towers, biased=True)
    yield layer
    yield _block("activation", number, layer, variant.activation)
    if variant.dropout:
        name, rate = f"dropout{number}", variant.dropout
        yield Layer(name=name, kind="dropout", shape=layer.shape, towers=layer.towers, rate=rate)


def _convolution(number: int, convolution: Convolution, before: Layer, towers: int) -> Layer:
    side, _, channels = before.shape
    joins = convolution.joins or before.towers == 1
    side = _strided(side, convolution.stride, convolution.padding, convolution.kernel)
    weights = convolution.kernel**2 * (channels if joins else channels // towers) * convolution.filters
    name, kind, kernels = ("conv", "convolution", 1) if convolution.shared else ("local", "local", side**2)
    return Layer(
        name=f"{name}{number}",
        kind=kind,
        shape=(side, side, convolution.filters),
        towers=towers,
        joins=joins,
        parameters=kernels * (weights + convolution.filters),
        macs=weights * side**2,
        kernel=convolution.kernel,
        stride=convolution.stride,
        padding=convolution.padding,
        biased=convolution.biased,
    )


def _block(part: str, number: int, before: Layer, block: Any) -> Layer:
    channels = before.shape[-1] // before.towers
    counted = f"block '{block.name}': its `parameters` of {channels} channels"
    try:
        parameters = operator.index(block.parameters(channels))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # A block may be anyone's, and even end the process.
        raise VariantError(
            f"{counted} is no whole number ({told(error)}); give a function of the number of channels in "
            f"{block.file}"
        ) from error
    if not 0 <= parameters <= MOST_PARAMETERS:
        raise VariantError(
            f"{counted} is {in_short(parameters)}; in {block.file}, give one from 0 to {MOST_PARAMETERS:,}"
        )
    return Layer(
        name=f"{part}{number}",
        kind=part.removeprefix("second_"),
        shape=before.shape,
        towers=before.towers,
        parameters=before.towers * parameters,
        block=block,
    )


def _dense(number: int, units: int, before: Layer, *, towers: int, biased: bool) -> Layer:
    weights = before.shape[0] * units
    return Layer(
        name=f"fc{number}",
        kind="dense",
        shape=(units,),
        towers=towers,
        joins=True,
        parameters=weights + units,
        macs=weights,
        biased=biased,
    )


def _strided(side: int, stride: int, padding: str, kernel: int) -> int:
    """The side of a map after a window has gone over it."""
    return -(-side // stride) if padding == "same" else (side - kernel) // stride + 1
