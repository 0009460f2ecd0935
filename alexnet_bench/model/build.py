"""Layer plan -> Keras model. Every tower has layers of its own, so that it can have a device of its own.

Towers as separate convolutions are as fast as grouped ones on a CPU, where Keras' `groups=` is many times
slower, and each tower's filter gradient can be computed where the tower is.
"""

from collections.abc import Sequence
from typing import Any

import keras

from alexnet_bench.model.on_device import OnDevice
from alexnet_bench.network.plan import Layer, LayerPlan
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.seeds import derive_seed


def build_model(
    plan: LayerPlan,
    recipe: Recipe,
    *,
    seed: int = 0,
    devices: Sequence[str] = (),
    precision: str = "float32",
) -> keras.Model:
    """The network of a plan, with fresh weights.

    Args:
        plan: its layers.
        recipe: gives the initialisation.
        seed: of the weights and the dropout masks, drawn for each layer by its name.
        devices: Keras device names, one a tower, for a split; none leaves placement to the backend.
        precision: a Keras dtype policy; the last layer is float32 whatever it is.

    Returns:
        A model from (batch, height, width, channels) to float32 logits (batch, classes).
    """
    builder = _Builder(recipe, seed, devices, precision)
    image = keras.Input(plan.input_shape, name=plan.layers[0].name)
    parts = [image]
    for layer in plan.layers[1:-1]:
        parts = builder.apply(layer, parts)
    builder.precision = "float32"
    (logits,) = builder.apply(plan.layers[-1], parts)
    return keras.Model(image, logits, name=plan.topology.name)


class _Builder:
    def __init__(self, recipe: Recipe, seed: int, devices: Sequence[str], precision: str) -> None:
        self.recipe, self.seed, self.devices, self.precision = recipe, seed, devices, precision

    def apply(self, layer: Layer, parts: list[Any]) -> list[Any]:
        """The outputs of a layer's towers, from those of the layer before."""
        inputs = self._seen(layer, parts)
        return [
            self._place(self._make(layer, _tower_name(layer, tower)), tower)(inputs[tower])
            for tower in range(layer.towers)
        ]

    def _seen(self, layer: Layer, parts: list[Any]) -> list[Any]:
        if len(parts) == 1:
            return parts * layer.towers
        if not layer.joins:
            return parts
        if not self.devices:
            return [self._join(layer.name)(parts)] * layer.towers
        # Each device gathers for itself: what crosses is the maps, once.
        return [
            self._place(self._join(_tower_name(layer, tower)), tower)(parts) for tower in range(layer.towers)
        ]

    def _join(self, name: str) -> keras.Layer:
        return keras.layers.Concatenate(name=f"{name}_join", dtype=self.precision)

    def _place(self, layer: keras.Layer, tower: int) -> keras.Layer:
        return OnDevice(layer, self.devices[tower], name=layer.name) if self.devices else layer

    def _make(self, layer: Layer, name: str) -> keras.Layer:
        """The Keras layer of one tower."""
        common: dict[str, Any] = {"name": name, "dtype": self.precision}
        width = layer.shape[-1] // layer.towers
        if layer.kind == "convolution":
            common |= {"strides": layer.stride, "padding": layer.padding} | self._weights(layer, name)
            return keras.layers.Conv2D(width, layer.kernel, **common)
        if layer.kind == "dense":
            return keras.layers.Dense(width, **common, **self._weights(layer, name))
        if layer.kind == "dropout":
            seed = derive_seed(self.seed, "dropout", name)
            return keras.layers.Dropout(layer.rate, seed=seed, **common)
        if layer.kind == "margin":
            return keras.layers.ZeroPadding2D(layer.kernel, **common)
        if layer.kind == "flatten":
            return keras.layers.Flatten(**common)
        assert layer.block is not None
        return layer.block.build(**common, **({"padding": layer.padding} if layer.kind == "pooling" else {}))

    def _weights(self, layer: Layer, name: str) -> dict[str, Any]:
        seed = derive_seed(self.seed, "weights", name)
        bias = self.recipe.bias if layer.biased else 0.0
        return {
            "kernel_initializer": self.recipe.initialization.build(seed),
            "bias_initializer": keras.initializers.Constant(bias),
        }


def _tower_name(layer: Layer, tower: int) -> str:
    return layer.name if layer.towers == 1 else f"{layer.name}_tower{tower}"
