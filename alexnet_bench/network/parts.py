"""Blocks, initializers and optimizers: the named, replaceable parts, and those that are shipped.

A part is a function that makes something of Keras. It imports Keras in its body, so that naming, listing and
counting parts costs no TensorFlow. A file of yours may bring its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alexnet_bench.network.part import Part, made_by


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


class Initializer(Part):
    """Draws the weights of convolutions and dense layers; `build(seed)` returns a Keras initializer."""


class Optimizer(Part):
    """Updates the weights; `build(recipe)` returns a Keras optimizer.

    The recipe rules its learning rate, and adds the weight decay to the gradients before it sees them.
    """


def block(
    *,
    name: str | None = None,
    parameters: Callable[[int], int] = _no_parameters,
    modules: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Block]:
    """Make a `Block` of the function it decorates; the name is the function's unless given."""
    return made_by(Block, name, parameters=parameters, modules=modules)


def initializer(
    *, name: str | None = None, modules: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Initializer]:
    """Make an `Initializer` of the function it decorates; the name is the function's unless given.

    The function is called with a layer's seed and returns a Keras initializer; it imports Keras in its body:

        @initializer()
        def lecun(seed):
            import keras

            return keras.initializers.LecunNormal(seed=seed)

        ALEXNET.but("lecun-weights", recipe={"initialization": lecun})
    """
    return made_by(Initializer, name, modules=modules)


def optimizer(
    *, name: str | None = None, modules: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Optimizer]:
    """Make an `Optimizer` of the function it decorates; the name is the function's unless given.

    The function is called with the recipe and returns a Keras optimizer; it imports Keras in its body:

        @optimizer()
        def nesterov(recipe):
            import keras

            return keras.optimizers.SGD(momentum=recipe.momentum, nesterov=True)

        ALEXNET.but("nesterov", recipe={"optimizer": nesterov})
    """
    return made_by(Optimizer, name, modules=modules)


@block(name="lrn", modules=("alexnet_bench.model.lrn",))
def lrn(**layer: Any) -> Any:
    """The paper's local response normalization, section 3.3: k=2, n=5, alpha=1e-4 summed, beta=0.75."""
    from alexnet_bench.model.lrn import LocalResponseNormalization

    return LocalResponseNormalization(**layer)


@block(name="within-map-lrn", modules=("alexnet_bench.model.within_map_lrn", "alexnet_bench.model.lrn"))
def within_map_lrn(**layer: Any) -> Any:
    """The code of 2012's other normalization, within each map: 5x5 pixels, 0.001/25 summed, 0.75, k=1."""
    from alexnet_bench.model.within_map_lrn import WithinMapNormalization

    return WithinMapNormalization(**layer)


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


@block()
def average(**layer: Any) -> Any:
    """Means over 3x3 pixels, 2 apart: in cuda-convnet's smaller networks."""
    import keras

    return keras.layers.AveragePooling2D(3, 2, **layer)


@block(modules=("alexnet_bench.model.lrn",))
def cross_map_11pct(**layer: Any) -> Any:
    """As in cuda-convnet's 11pct: k=1, n=5, alpha=0.001 over n, beta=0.75."""
    from alexnet_bench.model.lrn import LocalResponseNormalization

    return LocalResponseNormalization(5, bias=1.0, alpha=0.001, beta=0.75, averaged=True, **layer)


@block(modules=("alexnet_bench.model.within_map_lrn", "alexnet_bench.model.lrn"))
def within_map_18pct(**layer: Any) -> Any:
    """As in cuda-convnet's 18pct: over 3x3 pixels of each map, k=1, alpha=5e-5 over 9, beta=0.75."""
    from alexnet_bench.model.within_map_lrn import WithinMapNormalization

    return WithinMapNormalization(3, bias=1.0, alpha=5e-5, beta=0.75, **layer)


@initializer()
def paper(seed: int) -> Any:
    """Section 5: normal, deviation 0.01."""
    import keras

    return keras.initializers.RandomNormal(stddev=0.01, seed=seed)


@initializer()
def he(seed: int) -> Any:
    """Normal, variance 2 over the inputs (He et al. 2015)."""
    import keras

    return keras.initializers.HeNormal(seed=seed)


@initializer()
def glorot(seed: int) -> Any:
    """Uniform, variance 2 over inputs and outputs (Glorot and Bengio 2010): Keras' default."""
    import keras

    return keras.initializers.GlorotUniform(seed=seed)


@optimizer()
def sgd(recipe: Any) -> Any:
    """Section 5: with momentum."""
    from alexnet_bench.model.tensorflow_optimizers import Momentum

    return Momentum(recipe.momentum)


@optimizer()
def adam(recipe: Any) -> Any:
    """With Keras' defaults."""
    from alexnet_bench.model.tensorflow_optimizers import Adam

    return Adam()


# What each field of a variant may be called by name; None leaves the layer out.
NORMALIZATIONS: dict[str, Block | None] = {"lrn": lrn, "within-map-lrn": within_map_lrn, "none": None}
BLOCKS: dict[str, dict[str, Block | None]] = {
    "normalization": NORMALIZATIONS,
    "second_normalization": NORMALIZATIONS,
    "activation": {"relu": relu, "tanh": tanh},
    "pooling": {"overlapping": overlapping, "non-overlapping": non_overlapping},
}
INITIALIZERS = {item.name: item for item in (paper, he, glorot)}
OPTIMIZERS = {item.name: item for item in (sgd, adam)}
