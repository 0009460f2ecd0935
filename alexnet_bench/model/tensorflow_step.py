"""The compiled training and inference steps. TensorFlow only."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from alexnet_bench.errors import VariantError
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
        self._decay = recipe.weight_decay
        self._weights = [weight.value for weight in model.trainable_weights]
        self._optimizer = recipe.optimizer.build(recipe)
        self._optimizer.build(model.trainable_weights)
        self.learning_rate = self._optimizer.learning_rate
        if not hasattr(self.learning_rate, "assign"):
            raise VariantError(
                f"optimizer '{recipe.optimizer}' has a schedule of its own; give it none: the recipe's "
                "learning_rate and drops are what it follows"
            )
        self.learning_rate.assign(recipe.learning_rate)
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
        self._scale.apply(gradients, self._update)

    def _update(self, gradients: list[tf.Tensor]) -> None:
        pairs = zip(self._weights, gradients, strict=True)
        self._optimizer.apply([_decayed(gradient, weight, self._decay) for weight, gradient in pairs])

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        """Class probabilities."""
        return tf.nn.softmax(self.model(images, training=False))


def _decayed(gradient: tf.Tensor, weight: tf.Variable, decay: float) -> tf.Tensor:
    """The gradient with weight decay, which biases are spared, on the weight's own device.

    Left to TensorFlow, the sum is formed on the first device, and a split network's weights cross twice.
    """
    if not decay or len(weight.shape) == 1:
        return gradient
    with tf.device(weight.device):
        return gradient + decay * weight
