"""Layer plan -> Keras model.

On one device the towers of a layer are one operation on channels that lie side by side; split over devices,
every tower has layers of its own. Both start with the same weights and drop the same units.
"""

import re
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from alexnet_bench.model.dense import Dense
from alexnet_bench.model.local import LocallyConnected
from alexnet_bench.model.on_device import OnDevice
from alexnet_bench.model.tensorflow_dropout import TowerDropout
from alexnet_bench.model.tensorflow_towers import EachTower, FlattenedTowers, GroupedConvolution, TowerAxis
from alexnet_bench.network.parts import (
    average,
    cross_map_11pct,
    lrn,
    non_overlapping,
    overlapping,
    relu,
    tanh,
    within_map_18pct,
    within_map_lrn,
)
from alexnet_bench.network.plan import Layer, LayerPlan
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.seeds import derive_seed

# What computes each channel by itself need not know where a tower ends; what works on the last axis, whatever
# the others are, may have the towers on another. A user's block may do neither.
EACH_CHANNEL = {relu, tanh, overlapping, non_overlapping, average, within_map_lrn, within_map_18pct}
LAST_AXIS = {lrn, cross_map_11pct}


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
    builder = _Split(precision, devices) if devices else _SideBySide(precision)
    image = keras.Input(plan.input_shape, name=plan.layers[0].name)
    parts = [image]
    for layer in plan.layers[1:-1]:
        parts = builder.apply(layer, parts)
    builder.precision = "float32"
    (logits,) = builder.apply(plan.layers[-1], parts)
    model = keras.Model(image, logits, name=plan.topology.name)
    draw_weights(model, plan, recipe, seed)
    return model


def draw_weights(model: keras.Model, plan: LayerPlan, recipe: Recipe, seed: int) -> None:
    """Give the layers of a plan's model the state that training with a seed begins with.

    A user's blocks keep theirs.
    """
    for layer in plan.layers:
        found = made_of(model, layer)
        if layer.kind == "dropout":
            for item in found:
                item.seed_generator.state.assign([derive_seed(seed, "dropout", layer.name), 0])
        elif layer.kind == "local":
            _draw_local(layer, found[0], recipe, seed)
        elif layer.kind in ("convolution", "dense"):
            draws = [
                _initializer(recipe, layer, derive_seed(seed, "weights", name)) for name in tower_names(layer)
            ]
            for item, own in zip(
                found, [draws] if len(found) == 1 else [[draw] for draw in draws], strict=True
            ):
                *before, width = item.kernel.shape
                kernels = [draw((*before, width // len(own)), "float32") for draw in own]
                item.kernel.assign(ops.concatenate(kernels, -1))
                item.bias.assign(ops.full(item.bias.shape, recipe.bias if layer.biased else 0.0))


def _draw_local(layer: Layer, item: LocallyConnected, recipe: Recipe, seed: int) -> None:
    """A draw for each position: that of a convolution, whose deviation may go by its inputs."""
    rows, columns, *shape = item.kernel.shape
    draws = [
        _initializer(recipe, layer, derive_seed(seed, "weights", f"{layer.name}_{row}_{column}"))
        for row in range(rows)
        for column in range(columns)
    ]
    kernels = ops.stack([draw(tuple(shape), "float32") for draw in draws])
    item.kernel.assign(ops.reshape(kernels, item.kernel.shape))
    item.bias.assign(ops.zeros(item.bias.shape))


def _initializer(recipe: Recipe, layer: Layer, seed: int) -> Any:
    """What draws the weights of a layer."""
    deviation = recipe.layer(layer.name).deviation
    if deviation is None:
        return recipe.initialization.build(seed)
    return keras.initializers.RandomNormal(stddev=deviation, seed=seed)


def is_drawn_whole(plan: LayerPlan) -> bool:
    """Whether `draw_weights` renews all state of a plan's model: what a user's block holds, nobody knows."""
    return all(layer.block is None or layer.block in EACH_CHANNEL | LAST_AXIS for layer in plan.layers)


def tower_names(layer: Layer) -> list[str]:
    """What the layers of a layer's towers are called where they are apart, and their draws everywhere."""
    if layer.towers == 1:
        return [layer.name]
    return [f"{layer.name}_tower{tower}" for tower in range(layer.towers)]


def layer_of(weight: keras.Variable) -> str:
    """The name of the plan's layer that a weight belongs to, be it a tower's."""
    return re.sub(r"_tower\d+$", "", weight.path.partition("/")[0])


def made_of(model: keras.Model, layer: Layer) -> list[keras.Layer]:
    """The Keras layers of a plan's layer: one, or one a tower."""
    by_name = {item.name: item for item in model.layers}
    names = [layer.name] if layer.name in by_name else tower_names(layer)
    found = [by_name[name] for name in names]
    return [item.layer if isinstance(item, OnDevice) else item for item in found]


class _SideBySide:
    """Makes the layers of one device: each holds the channels of all towers."""

    def __init__(self, precision: str) -> None:
        self.precision = precision

    def apply(self, layer: Layer, parts: list[Any]) -> list[Any]:
        """The output of a layer, from that of the layer before."""
        return [self._made(layer)(parts[0])]

    def _made(self, layer: Layer) -> keras.Layer:
        towers, own = layer.towers, {"name": layer.name, "dtype": self.precision}
        if towers > 1 and layer.kind == "flatten":
            return FlattenedTowers(towers, **own)
        if towers > 1 and layer.kind == "convolution" and not layer.joins:
            return GroupedConvolution(layer.shape[-1], layer.kernel, groups=towers, **_window(layer), **own)
        if towers == 1 or layer.block is None or layer.block in EACH_CHANNEL:
            return _keras_layer(layer, layer.shape[-1], **own)
        if layer.block in LAST_AXIS:
            return TowerAxis(_keras_layer(layer, 0, **own), towers, name=layer.name)
        each = [_keras_layer(layer, 0, **own | {"name": name}) for name in tower_names(layer)]
        return EachTower(each, **own)


class _Split:
    """Makes the layers of several devices: every tower has its own on one of them."""

    def __init__(self, precision: str, devices: Sequence[str]) -> None:
        self.precision, self.devices = precision, devices

    def apply(self, layer: Layer, parts: list[Any]) -> list[Any]:
        """The outputs of a layer's towers, from those of the layer before."""
        inputs = self._seen(layer, parts)
        return [
            self._place(self._made(layer, tower, name), tower)(inputs[tower])
            for tower, name in enumerate(tower_names(layer))
        ]

    def _seen(self, layer: Layer, parts: list[Any]) -> list[Any]:
        if len(parts) == 1:
            return parts * layer.towers
        if not layer.joins:
            return parts
        # Each device gathers for itself: what crosses is the maps, once.
        return [
            self._place(keras.layers.Concatenate(name=f"{name}_join", dtype=self.precision), tower)(parts)
            for tower, name in enumerate(tower_names(layer))
        ]

    def _made(self, layer: Layer, tower: int, name: str) -> keras.Layer:
        own = {"name": name, "dtype": self.precision}
        if layer.kind == "dropout":
            return TowerDropout(layer.rate, towers=layer.towers, tower=tower, **own)
        return _keras_layer(layer, layer.shape[-1] // layer.towers, **own)

    def _place(self, layer: keras.Layer, tower: int) -> keras.Layer:
        return OnDevice(layer, self.devices[tower], name=layer.name)


def _keras_layer(layer: Layer, units: int, **own: Any) -> keras.Layer:
    """A Keras layer of so many channels or units; its weights are drawn later."""
    if layer.kind == "convolution":
        return keras.layers.Conv2D(units, layer.kernel, **_window(layer), **own)
    if layer.kind == "local":
        return LocallyConnected(units, layer.kernel, **_window(layer), **own)
    if layer.kind == "dense":
        return Dense(units, kernel_initializer="zeros", **own)
    if layer.kind == "dropout":
        return TowerDropout(layer.rate, **own)
    if layer.kind == "margin":
        return keras.layers.ZeroPadding2D(layer.kernel, **own)
    if layer.kind == "flatten":
        return keras.layers.Flatten(**own)
    assert layer.block is not None
    return layer.block.build(**own, **({"padding": layer.padding} if layer.kind == "pooling" else {}))


def _window(layer: Layer) -> dict[str, Any]:
    return {"strides": layer.stride, "padding": layer.padding, "kernel_initializer": "zeros"}
