"""Variant x topology -> layer plan: the resolved network as data. It needs no TensorFlow.

What `bench show` prints, the parameter counts, the memory estimates, the fingerprint and the Keras model
all come from it.
"""

import hashlib
import json
import math
import operator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from alexnet_bench.errors import VariantError
from alexnet_bench.network.blocks import Block
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.network.topology import Convolution, Topology
from alexnet_bench.network.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of all towers together.

    Args:
        name: unique in the plan.
        kind: input, margin, convolution, activation, normalization, pooling, flatten, dense or dropout.
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
        VariantError: the towers of a topology that has one are to be split.
    """
    side = topology.padded_size if variant.input == "padded" else topology.size
    layers = [Layer(name="input", kind="input", shape=(side, side, channels))]
    if variant.input == "padded":
        layers.append(_margin(layers[-1], topology.margin))
    if variant.placement == "split" and topology.towers == 1:
        raise VariantError(f"'{variant.name}' splits towers, and {topology.name} has one; leave it out")
    variant = replace(variant, towers=min(variant.towers, topology.towers))
    last = len(topology.convolutions)
    for number, convolution in enumerate(topology.convolutions, 1):
        if variant.removed == f"conv{number}":
            continue
        if variant.kernels == "half" and number < last:
            convolution = replace(convolution, filters=convolution.filters // 2)
        layers += _stage(str(number), convolution, layers[-1], variant, topology)
    layers.append(_flatten(layers[-1]))
    for number, units in enumerate(topology.dense, last + 1):
        layers += _hidden(str(number), units, layers[-1], variant)
    layers.append(_dense(f"fc{last + len(topology.dense) + 1}", classes, layers[-1], towers=1, biased=False))
    return LayerPlan(variant=variant, topology=topology, classes=classes, layers=tuple(layers))


def _identity(layer: Layer) -> dict[str, Any]:
    described = {name: value for name, value in vars(layer).items() if name != "block"}
    return described | ({"block": (layer.block.name, layer.block.source)} if layer.block else {})


def _margin(before: Layer, width: int) -> Layer:
    height, side, channels = before.shape
    shape = (height + 2 * width, side + 2 * width, channels)
    return Layer(name="margin", kind="margin", shape=shape, kernel=width)


def _stage(
    number: str, convolution: Convolution, before: Layer, variant: Variant, topology: Topology
) -> list[Layer]:
    layers = [_convolution(f"conv{number}", convolution, before, variant.towers)]
    layers.append(_block("activation", number, layers[-1], variant.activation))
    if convolution.normalized and variant.normalization is not None:
        layers.append(_block("normalization", number, layers[-1], variant.normalization))
    if convolution.pooled:
        pooling = _block("pooling", number, layers[-1], variant.pooling)
        height, width, channels = pooling.shape
        halved = (
            _halved(height, topology.pooling_padding),
            _halved(width, topology.pooling_padding),
            channels,
        )
        layers.append(replace(pooling, shape=halved, stride=2, padding=topology.pooling_padding))
    return layers


def _hidden(number: str, units: int, before: Layer, variant: Variant) -> list[Layer]:
    layers = [_dense(f"fc{number}", units, before, towers=variant.towers, biased=True)]
    layers.append(_block("activation", number, layers[-1], variant.activation))
    if variant.dropout:
        layers.append(
            replace(
                layers[-1],
                name=f"dropout{number}",
                kind="dropout",
                rate=variant.dropout,
                block=None,
                parameters=0,
            )
        )
    return layers


def _convolution(name: str, convolution: Convolution, before: Layer, towers: int) -> Layer:
    height, width, channels = before.shape
    seen = channels if convolution.joins or before.towers == 1 else channels // towers
    rows, columns = (_convolved(side, convolution) for side in (height, width))
    weights = convolution.kernel**2 * seen * convolution.filters
    return Layer(
        name=name,
        kind="convolution",
        shape=(rows, columns, convolution.filters),
        towers=towers,
        joins=convolution.joins or before.towers == 1,
        parameters=weights + convolution.filters,
        macs=weights * rows * columns,
        kernel=convolution.kernel,
        stride=convolution.stride,
        padding=convolution.padding,
        biased=convolution.biased,
    )


def _block(kind: str, number: str, before: Layer, block: Any) -> Layer:
    channels = before.shape[-1] // before.towers
    return Layer(
        name=f"{kind}{number}",
        kind=kind,
        shape=before.shape,
        towers=before.towers,
        parameters=before.towers * _counted(block, channels),
        block=block,
    )


def _counted(block: Any, channels: int) -> int:
    """The parameters of a block, whoever wrote it."""
    try:
        count = operator.index(block.parameters(channels))
    except Exception as error:
        raise VariantError(
            f"block '{block.name}': its `parameters` of {channels} channels is no whole number "
            f"({type(error).__name__}: {error}); give a function of the number of channels"
        ) from error
    return count


def _flatten(before: Layer) -> Layer:
    return Layer(name="flatten", kind="flatten", shape=(math.prod(before.shape),), towers=before.towers)


def _dense(name: str, units: int, before: Layer, *, towers: int, biased: bool) -> Layer:
    weights = before.shape[0] * units
    return Layer(
        name=name,
        kind="dense",
        shape=(units,),
        towers=towers,
        joins=True,
        parameters=weights + units,
        macs=weights,
        biased=biased,
    )


def _convolved(side: int, convolution: Convolution) -> int:
    if convolution.padding == "same":
        return -(-side // convolution.stride)
    return (side - convolution.kernel) // convolution.stride + 1


def _halved(side: int, padding: str) -> int:
    return -(-side // 2) if padding == "same" else side // 2
