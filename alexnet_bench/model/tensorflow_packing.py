"""The weights of a model as an optimizer sees them: small ones laid end to end, updated by one operation."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from alexnet_bench.model.dense import Dense
from alexnet_bench.model.tensorflow_towers import GroupedConvolution

# A weight of more values stays by itself: to copy it takes longer than an operation does.
MOST_VALUES = 2**16
# What other layers do with their weights nobody knows: assign them, or recompute what depends on them.
PLAIN = (keras.layers.Conv2D, GroupedConvolution, keras.layers.Dense, Dense)


def can_be_packed(model: keras.Model) -> bool:
    """Whether it has small weights, and all of its weights are on one device."""
    devices = {weight.value.device for weight in model.trainable_variables}
    return len(devices) == 1 and not tf.distribute.has_strategy() and bool(_small(model))


class Packing:
    """Small weights of plain layers as one vector, which is what is trained, and the others as they are.

    Args:
        model: on one device; its own small weights are brought up to date by `unpack` alone.
    """

    def __init__(self, model: keras.Model) -> None:
        self._small = _small(model)
        packed = {id(weight) for weight in self._small}
        self._apart = [weight for weight in model.trainable_variables if id(weight) not in packed]
        self._vector = keras.Variable(_end_to_end(self._small), name="small_weights")

    @property
    def weights(self) -> list[keras.Variable]:
        """What an optimizer updates."""
        return [*self._apart, self._vector]

    @property
    def decaying(self) -> list[np.ndarray | bool]:
        """Of each, whether weight decay acts on it, or on which of its values: biases are spared."""
        which = [np.full(math.prod(weight.shape), _decays(weight), "float32") for weight in self._small]
        return [*map(_decays, self._apart), np.concatenate(which)]

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[tf.Tensor | tf.Variable]]:
        """Let the model compute with the weights as they stand; gives what gradients are to be taken by."""
        pieces = tf.split(self._vector.value, [math.prod(weight.shape) for weight in self._small])
        small = [tf.reshape(piece, weight.shape) for piece, weight in zip(pieces, self._small, strict=True)]
        with _WithPacked(list(zip(self._small, small, strict=True))):
            yield [*(weight.value for weight in self._apart), *small]

    def packed(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """Gradients by what `opened` gave, as those of `weights`."""
        count = len(self._apart)
        return [*gradients[:count], tf.concat([tf.reshape(item, [-1]) for item in gradients[count:]], 0)]

    def pack(self) -> None:
        """Go on from the model's small weights as they are."""
        self._vector.assign(_end_to_end(self._small))

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
        self.decaying = [_decays(weight) for weight in self.weights]

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


def _decays(weight: keras.Variable) -> bool:
    return len(weight.shape) > 1
