"""Initializers: what the weights are drawn from. A file of yours may bring its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alexnet_bench.network.part import Part, name_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Initializer(Part):
    """Draws the weights of convolutions and dense layers; `build(seed)` returns a Keras initializer."""


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
    return lambda build: Initializer(name=name_of(build, name), build=build, modules=modules)


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


INITIALIZERS = {item.name: item for item in (paper, he, glorot)}
