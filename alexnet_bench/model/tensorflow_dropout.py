"""Dropout with few operations a step, whose masks are the same on one device and on several."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("alexnet_bench")
class TowerDropout(keras.layers.Dropout):
    """Keras' dropout of (batch, units), with masks that are drawn for the units of all towers.

    So a tower on a device of its own drops what it would drop beside the others.

    Args:
        rate: the share that is dropped.
        towers: how many there are.
        tower: whose units these are; None: those of all, side by side.
    """

    def __init__(self, rate: float, *, towers: int = 1, tower: int | None = None, **kwargs: Any) -> None:
        # A GPU's kernel takes its seed from the host: from its own memory it would have to be waited for.
        with tf.device("CPU:0"):
            super().__init__(rate, **kwargs)
        self.towers, self.tower = towers, tower

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop units and scale the others, in training alone."""
        if not training:
            return inputs
        units = inputs.shape[-1]
        drawn = units if self.tower is None else units * self.towers
        with tf.device(self.seed_generator.state.value.device):
            seed = self.seed_generator.next()
        numbers = tf.random.stateless_uniform((tf.shape(inputs)[0], drawn), seed)
        if self.tower is not None:
            numbers = numbers[:, self.tower * units : (self.tower + 1) * units]
        kept = tf.constant(1 / (1 - self.rate), inputs.dtype)
        return inputs * tf.where(numbers >= self.rate, kept, tf.zeros_like(kept))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"towers": self.towers, "tower": self.tower}
