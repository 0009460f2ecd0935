"""The compiled training and inference steps. TensorFlow only."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from alexnet_bench.model.build import build_model
from alexnet_bench.model.tensorflow_loss_scale import LossScale, NoScale
from alexnet_bench.network.plan import LayerPlan
from alexnet_bench.network.recipe import Recipe


def build_steps(
    plan: LayerPlan, recipe: Recipe, *, seed: int, devices: Sequence[str] = (), precision: str = "float32"
) -> "Steps":
    """The compiled steps of a network with fresh weights; the arguments are those of `build_model`."""
    if plan.variant.placement == "data-parallel":
        # Its steps build on these.
        from alexnet_bench.model.tensorflow_data_parallel import build_data_parallel_steps

        return build_data_parallel_steps(plan, recipe, seed=seed, devices=devices, precision=precision)
    model = build_model(plan, recipe, seed=seed, devices=devices, precision=precision)
    return Steps(model, recipe, NoScale() if precision != "mixed_float16" else LossScale())


class Steps:
    """A model with its optimizer's state, compiled.

    Args:
        model: from images to float32 logits.
        recipe: gives the optimizer; its learning rate is where `learning_rate` starts.
        scale: of the loss, which half precision needs.
    """

    def __init__(self, model: keras.Model, recipe: Recipe, scale: NoScale | LossScale | None = None) -> None:
        self.model = model
        self._scale = scale or NoScale()
        self.learning_rate = tf.Variable(recipe.learning_rate, trainable=False)
        self._weights = [weight.value for weight in model.trainable_weights]
        self._update = _OPTIMIZERS[recipe.optimizer](recipe, model.trainable_weights)
        self.train = tf.function(self._train, reduce_retracing=True)
        self.infer = tf.function(self._infer, reduce_retracing=True)

    def _train(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step; returns the mean loss and the number of right answers of the batch before it."""
        loss, right, gradients = self._gradients(images, labels, tf.cast(tf.shape(images)[0], "float32"))
        self._apply(gradients)
        return loss, right

    def _gradients(
        self, images: tf.Tensor, labels: tf.Tensor, batch_size: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """What some images of a batch add to its mean loss, to its right answers and to its gradients."""
        logits = self.model(images, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_sum(losses) / batch_size
        # Unlike a tape's, these gradients are computed on the device of the operation they belong to.
        gradients = tf.gradients(self._scale.up(loss), self._weights)
        right = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.int32))
        return loss, right, gradients

    def _apply(self, gradients: list[tf.Tensor]) -> None:
        self._scale.apply(gradients, lambda scaled: self._update(scaled, self.learning_rate))

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        """Class probabilities."""
        return tf.nn.softmax(self.model(images, training=False))


def _sgd(recipe: Recipe, weights: list[Any]) -> Callable[[list[tf.Tensor], tf.Tensor], None]:
    """Section 5: v <- momentum v - rate (gradient + decay w); w <- w + v, in one pass over memory."""
    velocities = [_beside(weight, "velocity") for weight in weights]

    def update(gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        for weight, velocity, gradient in zip(weights, velocities, gradients, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=weight.value.handle,
                accum=velocity.handle,
                lr=rate,
                grad=_decayed(gradient, weight, recipe),
                momentum=recipe.momentum,
            )

    return update


def _adam(recipe: Recipe, weights: list[Any]) -> Callable[[list[tf.Tensor], tf.Tensor], None]:
    """Adam with Keras' defaults, in one pass over memory."""
    first = [_beside(weight, "first_moment") for weight in weights]
    second = [_beside(weight, "second_moment") for weight in weights]
    powers = [tf.Variable(beta, trainable=False) for beta in (0.9, 0.999)]

    def update(gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        for weight, m, v, gradient in zip(weights, first, second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.value.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-7,
                grad=_decayed(gradient, weight, recipe),
            )
        powers[0].assign(powers[0] * 0.9)
        powers[1].assign(powers[1] * 0.999)

    return update


def _decayed(gradient: tf.Tensor, weight: Any, recipe: Recipe) -> tf.Tensor:
    """The gradient with weight decay, which biases are spared, on the weight's own device.

    Left to TensorFlow, the sum is formed on the first device, and a split network's weights cross twice.
    """
    if not recipe.weight_decay or len(weight.shape) == 1:
        return gradient
    with tf.device(weight.value.device):
        return gradient + recipe.weight_decay * weight.value


def _beside(weight: Any, name: str) -> tf.Variable:
    """A variable of zeros on the weight's own device."""
    with tf.device(weight.value.device):
        return tf.Variable(tf.zeros(weight.shape), trainable=False, name=name)


_OPTIMIZERS = {"sgd": _sgd, "adam": _adam}
