"""The weights of a model as an optimizer sees them: small ones laid end to end, updated by one operation."""

import contextlib
import math
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

# A weight of more values stays by itself: to copy it takes longer than an operation does.
MOST_VALUES = 2**16


def can_be_packed(model: keras.Model) -> bool:
    """Whether all its weights are on one device."""
    devices = {weight.value.device for weight in model.trainable_variables}
    return len(devices) == 1 and not tf.distribute.has_strategy()


class Packing:
    """Large weights as they are and small ones as one vector, which is what is trained.

    Args:
        model: on one device; its own small weights are brought up to date by `unpack` alone.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._small, self._large = list[keras.Variable](), list[keras.Variable]()
        for weight in model.trainable_variables:
            (self._small if math.prod(weight.shape) <= MOST_VALUES else self._large).append(weight)
        self._vector = keras.Variable(_end_to_end(self._small), name="small_weights")

    @property
    def weights(self) -> list[keras.Variable]:
        """What an optimizer updates."""
        return [*self._large, self._vector]

    @property
    def decaying(self) -> list[np.ndarray | bool]:
        """Of each, whether weight decay acts on it, or on which of its values: biases are spared."""
        which = [np.full(math.prod(weight.shape), _decays(weight), "float32") for weight in self._small]
        return [*map(_decays, self._large), np.concatenate(which)]

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[tf.Tensor | tf.Variable]]:
        """Let the model compute with the weights as they stand, in what is compiled in here.

        Gives what gradients are to be taken by. State that the model keeps is written when it is left.
        """
        pieces = tf.split(self._vector.value, [math.prod(weight.shape) for weight in self._small])
        small = [tf.reshape(piece, weight.shape) for piece, weight in zip(pieces, self._small, strict=True)]
        with keras.StatelessScope(list(zip(self._small, small, strict=True))) as scope:
            yield [*(weight.value for weight in self._large), *small]
        for state in self._model.non_trainable_variables:
            if (value := scope.get_current_value(state)) is not None:
                state.assign(value)

    def packed(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """Gradients by what `opened` gave, as those of `weights`."""
        count = len(self._large)
        return [*gradients[:count], tf.concat([tf.reshape(item, [-1]) for item in gradients[count:]], 0)]

    def unpack(self) -> None:
        """Bring the model's small weights up to date."""
        with self.opened() as values:
            now = values[len(self._large) :]
        for weight, value in zip(self._small, now, strict=True):
            weight.assign(value)


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

    def unpack(self) -> None:
        """Nothing is packed."""


def _end_to_end(weights: list[keras.Variable]) -> tf.Tensor:
    return tf.concat([tf.reshape(weight.value, [-1]) for weight in weights], 0)


def _decays(weight: keras.Variable) -> bool:
    return len(weight.shape) > 1
