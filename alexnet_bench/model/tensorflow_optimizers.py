"""The shipped optimizers, each in one pass over memory, with as much of Keras' interface as a step uses."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# What times a weight is added to its gradient: one number, or one for each of its values.
Decay = float | np.ndarray
# Adam's, as Keras has them.
BETAS = 0.9, 0.999


class ShippedOptimizer(ABC):
    """What treats every value of a weight alike, whatever weight it belongs to, and sees to weight decay."""

    def __init__(self) -> None:
        self.learning_rate = tf.Variable(0.0, trainable=False)

    @abstractmethod
    def build(self, weights: list[Any], rates: Sequence[tf.Variable]) -> None:
        """Make what is kept beside each weight, which follows the learning rate of its place in `rates`."""

    @property
    @abstractmethod
    def variables(self) -> list[tf.Variable]:
        """What is kept beside the weights."""

    @abstractmethod
    def reset(self) -> None:
        """Forget the steps there were."""

    @abstractmethod
    def apply(self, gradients: list[tf.Tensor], decays: Sequence[Decay]) -> None:
        """Update the weights, given the gradient of each and its decay."""


class Momentum(ShippedOptimizer):
    """Section 5: v <- momentum v - rate gradient; w <- w + v."""

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum

    def build(self, weights: list[Any], rates: Sequence[tf.Variable]) -> None:
        """Make a velocity for each weight."""
        self._weights, self._rates = weights, rates
        self._velocities = [_beside(weight, "velocity") for weight in weights]

    @property
    def variables(self) -> list[tf.Variable]:
        """The velocities."""
        return self._velocities

    def reset(self) -> None:
        """Forget the steps there were."""
        _zero(self._velocities)

    def apply(self, gradients: list[tf.Tensor], decays: Sequence[Decay]) -> None:
        """Update the weights, given the gradient of each and its decay."""
        given = zip(self._weights, self._rates, self._velocities, gradients, decays, strict=True)
        for weight, rate, velocity, gradient, decay in given:
            if isinstance(decay, float) and decay and self.momentum:
                # The same sum, without a gradient more that is written and read: momentum multiplies what is
                # taken off the velocity before.
                with tf.device(weight.value.device):
                    share = rate * (decay / self.momentum)
                tf.raw_ops.ResourceApplyGradientDescent(var=velocity.handle, alpha=share, delta=weight.value)
            else:
                gradient = decayed(gradient, weight.value, decay)
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=weight.value.handle,
                accum=velocity.handle,
                lr=rate,
                grad=gradient,
                momentum=self.momentum,
            )


class Adam(ShippedOptimizer):
    """With Keras' defaults."""

    def build(self, weights: list[Any], rates: Sequence[tf.Variable]) -> None:
        """Make two moments for each weight."""
        self._weights, self._rates = weights, rates
        self._first = [_beside(weight, "first_moment") for weight in weights]
        self._second = [_beside(weight, "second_moment") for weight in weights]
        self._powers = [tf.Variable(beta, trainable=False) for beta in BETAS]

    @property
    def variables(self) -> list[tf.Variable]:
        """The moments, and the powers of the betas."""
        return self._first + self._second + self._powers

    def reset(self) -> None:
        """Forget the steps there were."""
        _zero(self._first + self._second)
        for power, beta in zip(self._powers, BETAS, strict=True):
            power.assign(beta)

    def apply(self, gradients: list[tf.Tensor], decays: Sequence[Decay]) -> None:
        """Update the weights, given the gradient of each and its decay."""
        given = zip(self._weights, self._rates, self._first, self._second, gradients, decays, strict=True)
        for weight, rate, m, v, gradient, decay in given:
            tf.raw_ops.ResourceApplyAdam(
                var=weight.value.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=self._powers[0],
                beta2_power=self._powers[1],
                lr=rate,
                beta1=BETAS[0],
                beta2=BETAS[1],
                epsilon=1e-7,
                grad=decayed(gradient, weight.value, decay),
            )
        for power, beta in zip(self._powers, BETAS, strict=True):
            power.assign(power * beta)


def decayed(gradient: tf.Tensor, weight: tf.Variable, decay: Decay) -> tf.Tensor:
    """The gradient with weight decay, on the weight's own device.

    Left to TensorFlow, the sum is formed on the first device, and a split network's weights cross twice.
    """
    if not np.any(decay):
        return gradient
    with tf.device(weight.device):
        return gradient + decay * weight


def _zero(variables: list[tf.Variable]) -> None:
    for variable in variables:
        variable.assign(tf.zeros_like(variable))


def _beside(weight: Any, name: str) -> tf.Variable:
    """A variable of zeros on the weight's own device."""
    with tf.device(weight.value.device):
        return tf.Variable(tf.zeros(weight.shape), trainable=False, name=name)
