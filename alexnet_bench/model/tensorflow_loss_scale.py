"""Dynamic loss scaling (Micikevicius et al. 2018, section 3.2): without it, float16 gradients vanish."""

from collections.abc import Callable, Sequence

import tensorflow as tf

Update = Callable[[list[tf.Tensor]], None]

FIRST_SCALE = 2.0**15
STEPS_BEFORE_GROWTH = 2000


class NoScale:
    """For precisions whose gradients need no help."""

    variables: Sequence[tf.Variable] = ()

    def reset(self) -> None:
        """Nothing is kept."""

    def up(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss as it is."""
        return loss

    def apply(self, gradients: list[tf.Tensor], update: Update) -> None:
        """Update."""
        update(gradients)


class LossScale:
    """Multiplies the loss; doubled after 2,000 good steps, halved where one overflows, which is left out."""

    def __init__(self) -> None:
        self.value = tf.Variable(FIRST_SCALE, trainable=False)
        self.good_steps = tf.Variable(0, trainable=False)
        self.variables: Sequence[tf.Variable] = (self.value, self.good_steps)

    def reset(self) -> None:
        """As before the first step."""
        self.value.assign(FIRST_SCALE)
        self.good_steps.assign(0)

    def up(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss times the scale."""
        return loss * self.value

    def apply(self, gradients: list[tf.Tensor], update: Update) -> None:
        """Update with what the gradients would be without a scale, if they are finite."""
        finite = tf.reduce_all([_finite(gradient) for gradient in gradients])
        tf.cond(finite, lambda: self._good(gradients, update), self._bad)

    def _good(self, gradients: list[tf.Tensor], update: Update) -> tf.Operation:
        inverse = 1 / self.value
        update([_scaled(gradient, inverse) for gradient in gradients])
        grown = tf.equal(self.good_steps, STEPS_BEFORE_GROWTH - 1)
        self.value.assign(tf.where(grown, 2 * self.value, self.value))
        self.good_steps.assign(tf.where(grown, 0, self.good_steps + 1))
        return tf.no_op()

    def _bad(self) -> tf.Operation:
        self.value.assign(tf.maximum(1.0, self.value / 2))
        self.good_steps.assign(0)
        return tf.no_op()


def _scaled(gradient: tf.Tensor, inverse: tf.Tensor) -> tf.Tensor:
    # Left to TensorFlow, a split network's gradients would cross to the first device and back.
    with tf.device(gradient.device):
        return gradient * inverse


def _finite(gradient: tf.Tensor) -> tf.Tensor:
    with tf.device(gradient.device):
        return tf.reduce_all(tf.math.is_finite(gradient))
