"""Blocks: the named, replaceable parts of a network, and those that are shipped.

A block is a function that returns a Keras layer. It imports Keras in its body, so that naming, listing
and counting blocks costs no TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alexnet_bench.network.part import Part, name_of


def _no_parameters(channels: int) -> int:
    return 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Block(Part):
    """A replaceable part of the network.

    `build` is called with the keyword arguments of one Keras layer (`name`, `dtype`; a pooling also gets
    `padding`), once per tower; it returns that layer.

    Args:
        parameters: the parameters it adds for one tower's number of channels.
    """

    parameters: Callable[[int], int] = _no_parameters


def block(
    *,
    name: str | None = None,
    parameters: Callable[[int], int] = _no_parameters,
    modules: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Block]:
    """Make a `Block` of the function it decorates; the name is the function's unless given."""
    return lambda build: Block(name=name_of(build, name), build=build, parameters=parameters, modules=modules)


@block(name="lrn", modules=("alexnet_bench.model.lrn",))
def lrn(**layer: Any) -> Any:
    """The paper's local response normalization, section 3.3: k=2, n=5, alpha=1e-4 summed, beta=0.75."""
    from alexnet_bench.model.lrn import LocalResponseNormalization

    return LocalResponseNormalization(**layer)


@block()
def relu(**layer: Any) -> Any:
    """max(0, x): the paper's choice, section 3.1."""
    import keras

    return keras.layers.Activation("relu", **layer)


@block()
def tanh(**layer: Any) -> Any:
    """The saturating unit that the paper compares ReLU with."""
    import keras

    return keras.layers.Activation("tanh", **layer)


@block()
def overlapping(**layer: Any) -> Any:
    """Maxima over 3x3 pixels, 2 apart: the paper's choice, section 3.4."""
    import keras

    return keras.layers.MaxPooling2D(3, 2, **layer)


@block()
def non_overlapping(**layer: Any) -> Any:
    """Maxima over 2x2 pixels, 2 apart."""
    import keras

    return keras.layers.MaxPooling2D(2, 2, **layer)


# What each field of a variant may be called by name; None leaves the layer out.
BLOCKS: dict[str, dict[str, Block | None]] = {
    "normalization": {"lrn": lrn, "none": None},
    "activation": {"relu": relu, "tanh": tanh},
    "pooling": {"overlapping": overlapping, "non-overlapping": non_overlapping},
}
