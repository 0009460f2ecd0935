"""The weights of a model as an optimizer sees them: small ones laid end to end, updated by one operation."""

import contextlib
import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from alexnet_bench.model.build import layer_of
from alexnet_bench.model.dense import Dense
from alexnet_bench.model.local import LocallyConnected
from alexnet_bench.model.tensorflow_optimizers import Decay
from alexnet_bench.model.tensorflow_towers import GroupedConvolution
from alexnet_bench.network.layer_recipe import RateSchedule
from alexnet_bench.network.recipe import Recipe

# A weight of more values stays by itself: to copy it takes longer than an operation does.
MOST_VALUES = 2**16
# What other layers do with their weights nobody knows: assign them, or recompute what depends on them.
PLAIN = (keras.layers.Conv2D, GroupedConvolution, LocallyConnected, keras.layers.Dense, Dense)


class Owner(NamedTuple):
    """Whose learning rate a weight follows: that of a layer's weights, or of its bias."""

    layer: str
    is_bias: bool

    @classmethod
    def of(cls, weight: keras.Variable) -> "Owner":
        """The one that a weight has."""
        return cls(layer_of(weight), weight.name == "bias")

    def schedule(self, recipe: Recipe) -> RateSchedule:
        """Its learning rate over training."""
        return recipe.rate_schedule(self.layer, bias=self.is_bias)


def can_be_packed(model: keras.Model) -> bool:
    """Whether it has small weights, and all of its weights are on one device."""
    devices = {weight.value.device for weight in model.trainable_variables}
    return len(devices) == 1 and not tf.distribute.has_strategy() and bool(_small(model))


class Packing:
    """Small weights of plain layers as vectors, which are what is trained, and the others as they are.

    One vector for each learning rate, which is one vector in all unless the recipe says otherwise.

    Args:
        model: on one device; its own small weights are brought up to date by `unpack` alone.
        recipe: says which weights have the same learning rate.
    """

    def __init__(self, model: keras.Model, recipe: Recipe) -> None:
        by_rate: dict[RateSchedule, list[keras.Variable]] = {}
        for weight in _small(model):
            by_rate.setdefault(Owner.of(weight).schedule(recipe), []).append(weight)
        self._packed = list(by_rate.values())
        self._small = list(chain(*self._packed))
        packed = {id(weight) for weight in self._small}
        self._apart = [weight for weight in model.trainable_variables if id(weight) not in packed]
        self._vectors = [keras.Variable(_end_to_end(group), name="small_weights") for group in self._packed]

    @property
    def weights(self) -> list[keras.Variable]:
        """What an optimizer updates."""
        return [*self._apart, *self._vectors]

    @property
    def owners(self) -> list[Owner]:
        """Whose learning rate each follows; of a vector, the first that it holds."""
        return [Owner.of(weight) for weight in (*self._apart, *(group[0] for group in self._packed))]

    def decays(self, recipe: Recipe) -> list[Decay]:
        """The weight decay of each, or of each of its values: biases are spared."""
        packed = [
            np.concatenate(
                [np.full(math.prod(weight.shape), _decay(weight, recipe), "float32") for weight in group]
            )
            for group in self._packed
        ]
        return [*(_decay(weight, recipe) for weight in self._apart), *packed]

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[tf.Tensor | tf.Variable]]:
        """Let the model compute with the weights as they stand; gives what gradients are to be taken by."""
        pieces = [
            piece
            for vector, group in zip(self._vectors, self._packed, strict=True)
            for piece in tf.split(vector.value, [math.prod(weight.shape) for weight in group])
        ]
        small = [tf.reshape(piece, weight.shape) for piece, weight in zip(pieces, self._small, strict=True)]
        with _WithPacked(list(zip(self._small, small, strict=True))):
            yield [*(weight.value for weight in self._apart), *small]

    def packed(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """Gradients by what `opened` gave, as those of `weights`."""
        apart, given = gradients[: len(self._apart)], iter(gradients[len(self._apart) :])
        vectors = [tf.concat([tf.reshape(next(given), [-1]) for _ in group], 0) for group in self._packed]
        return [*apart, *vectors]

    def pack(self) -> None:
        """Go on from the model's small weights as they are."""
        for vector, group in zip(self._vectors, self._packed, strict=True):
            vector.assign(_end_to_end(group))

    def unpack(self) -> None:
        """Bring the model's small weights up to date."""
        with self.opened() as values:
            now = values[len(self._apart) :]
        for weight, value in zip(self._small, now, strict=True):
            weight.assign(value)


class _WithPacked(keras.StatelessScope):
    """Gives some variables other values; whatever else is assigned, is, as it would be without a scope."""

    def add_update(self, update: tuple[keras.Variable, Any]) -> None:
        """What Keras calls in place of an assignment."""
        variable, value = update
        variable._direct_assign(value)


class NoPacking:
    """Every weight by itself, as several devices and a user's optimizer need it."""

    def __init__(self, model: keras.Model) -> None:
        self.weights = model.trainable_variables
        self.owners = [Owner.of(weight) for weight in self.weights]

    def decays(self, recipe: Recipe) -> list[Decay]:
        """The weight decay of each: biases are spared."""
        return [_decay(weight, recipe) for weight in self.weights]

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[tf.Variable]]:
        """The model computes with its own weights."""
        yield [weight.value for weight in self.weights]

    def packed(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """The gradients as they are."""
        return gradients

    def pack(self) -> None:
        """Nothing is packed."""

    def unpack(self) -> None:
        """Nothing is packed."""


def _small(model: keras.Model) -> list[keras.Variable]:
    """The small weights of its plain layers."""
    weights = (weight for item in model.layers if type(item) in PLAIN for weight in item.trainable_variables)
    return [weight for weight in weights if math.prod(weight.shape) <= MOST_VALUES]


def _end_to_end(weights: list[keras.Variable]) -> tf.Tensor:
    return tf.concat([tf.reshape(weight.value, [-1]) for weight in weights], 0)


def _decay(weight: keras.Variable, recipe: Recipe) -> float:
    return float(recipe.decay_of(layer_of(weight))) if len(weight.shape) > 1 else 0.0
