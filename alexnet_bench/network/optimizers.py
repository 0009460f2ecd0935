"""Optimizers: what a gradient does to a weight. A file of yours may bring its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alexnet_bench.network.part import Part, name_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Optimizer(Part):
    """Updates the weights; `build(recipe)` returns a Keras optimizer.

    The recipe rules its learning rate, and adds the weight decay to the gradients before it sees them.
    """


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
    return lambda build: Optimizer(name=name_of(build, name), build=build, modules=modules)


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


OPTIMIZERS = {item.name: item for item in (sgd, adam)}
