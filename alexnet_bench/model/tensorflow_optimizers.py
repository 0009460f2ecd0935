"""The shipped optimizers, each in one pass over memory, with as much of Keras' interface as a step uses."""

from typing import Any

import tensorflow as tf


class ShippedOptimizer:
    """What treats every value of a weight alike, whatever weight it belongs to."""

    def __init__(self) -> None:
        self.learning_rate = tf.Variable(0.0, trainable=False)


class Momentum(ShippedOptimizer):
    """Section 5: v <- momentum v - rate gradient; w <- w + v."""

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum

    def build(self, weights: list[Any]) -> None:
        """Make a velocity for each weight."""
        self._weights = weights
        self._velocities = [_beside(weight, "velocity") for weight in weights]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """Update the weights, given the gradient of each."""
        for weight, velocity, gradient in zip(self._weights, self._velocities, gradients, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=weight.value.handle,
                accum=velocity.handle,
                lr=self.learning_rate,
                grad=gradient,
                momentum=self.momentum,
            )


class Adam(ShippedOptimizer):
    """With Keras' defaults."""

    def build(self, weights: list[Any]) -> None:
        """Make two moments for each weight."""
        self._weights = weights
        self._first = [_beside(weight, "first_moment") for weight in weights]
        self._second = [_beside(weight, "second_moment") for weight in weights]
        self._powers = [tf.Variable(beta, trainable=False) for beta in (0.9, 0.999)]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """Update the weights, given the gradient of each."""
        for weight, m, v, gradient in zip(self._weights, self._first, self._second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.value.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=self._powers[0],
                beta2_power=self._powers[1],
                lr=self.learning_rate,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-7,
                grad=gradient,
            )
        self._powers[0].assign(self._powers[0] * 0.9)
        self._powers[1].assign(self._powers[1] * 0.999)


def _beside(weight: Any, name: str) -> tf.Variable:
    """A variable of zeros on the weight's own device."""
    with tf.device(weight.value.device):
        return tf.Variable(tf.zeros(weight.shape), trainable=False, name=name)
