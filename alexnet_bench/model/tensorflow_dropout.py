"""Dropout whose masks depend on nothing but a seed, the step and the unit."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("alexnet_bench")
class SeededDropout(keras.layers.Layer):
    """Drops units in training, and scales the others so that the mean stays; (batch, units).

    The mask is drawn for the units of all towers, so that a tower on a device of its own drops what it would
    drop beside the others. Devices that share a batch draw masks of their own.

    Args:
        rate: the share that is dropped.
        towers: whose units are drawn together.
        tower: whose units these are; None: those of all, side by side.
    """

    def __init__(self, rate: float, *, towers: int = 1, tower: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.towers, self.tower = rate, towers, tower

    def build(self, input_shape: Any) -> None:
        """Make the state: the seed, and the number of steps before this one."""
        self.seed = self._state("seed")
        self.step = self._state("step")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop units, in training alone."""
        if not training:
            return inputs
        units = inputs.shape[-1]
        drawn = units if self.tower is None else units * self.towers
        step = self.step + 1
        self.step.assign(step)
        numbers = tf.random.stateless_uniform((tf.shape(inputs)[0], drawn), tf.stack([self._key(), step]))
        if self.tower is not None:
            numbers = numbers[:, self.tower * units : (self.tower + 1) * units]
        kept = tf.constant(1 / (1 - self.rate), inputs.dtype)
        return inputs * tf.where(numbers >= self.rate, kept, tf.zeros_like(kept))

    def _key(self) -> tf.Tensor:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return (
            self.seed + tf.cast(replica, self.seed.dtype) if tf.distribute.has_strategy() else self.seed.value
        )

    def _state(self, name: str) -> Any:
        return self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name=name,
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {name: getattr(self, name) for name in ("rate", "towers", "tower")}
        return super().get_config() | own
