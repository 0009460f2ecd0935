"""The compiled training and inference steps. TensorFlow only."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from alexnet_bench.errors import VariantError
from alexnet_bench.model.build import build_model, draw_weights, is_drawn_whole
from alexnet_bench.model.tensorflow_loss_scale import LossScale, NoScale
from alexnet_bench.model.tensorflow_optimizers import ShippedOptimizer, decayed
from alexnet_bench.model.tensorflow_packing import NoPacking, Packing, can_be_packed
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
        self._model = model
        self._scale = scale or NoScale()
        self._decay = recipe.weight_decay
        self._optimizer = recipe.optimizer.build(recipe)
        packs = isinstance(self._optimizer, ShippedOptimizer) and can_be_packed(model)
        self._packing = Packing(model) if packs else NoPacking(model)
        self._optimizer.build(self._packing.weights)
        self.learning_rate = self._optimizer.learning_rate
        if not hasattr(self.learning_rate, "assign"):
            raise VariantError(
                f"optimizer '{recipe.optimizer}' has a schedule of its own; give it none: the recipe's "
                "learning_rate and drops are what it follows"
            )
        self.learning_rate.assign(recipe.learning_rate)
        self.train = tf.function(self._train, reduce_retracing=True, autograph=False)
        self.train_in_turn = tf.function(self._train_in_turn, reduce_retracing=True, autograph=False)
        images = tf.TensorSpec(model.input_shape, "float32")
        self.infer = tf.function(self._infer, input_signature=[images], autograph=False)

    def can_start_again(self, plan: LayerPlan) -> bool:
        """Whether `start_again` is as good as to build all of a plan anew."""
        return isinstance(self._optimizer, ShippedOptimizer) and is_drawn_whole(plan)

    def start_again(self, plan: LayerPlan, recipe: Recipe, seed: int) -> None:
        """Bring all that training changes back to where it starts with a seed; what is compiled stays."""
        draw_weights(self._model, plan, recipe, seed)
        self._packing.pack()
        self._optimizer.reset()
        self._scale.reset()
        self.learning_rate.assign(recipe.learning_rate)

    @property
    def model(self) -> keras.Model:
        """The model, with its weights as they stand."""
        self._packing.unpack()
        return self._model

    def _train_in_turn(
        self, images: tf.Tensor, labels: tf.Tensor, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """A step for each batch of several, at a rate of its own; the sums of what `_train` returns.

        Args:
            images: (batches, images, height, width, channels).
            labels: (batches, images).
            rates: (batches,).
        """

        def step(number: tf.Tensor, losses: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, ...]:
            self.learning_rate.assign(rates[number])
            loss, hits = self._train(images[number], labels[number])
            return number + 1, losses + tf.cast(loss, "float64"), right + hits

        start = tf.constant(0), tf.constant(0.0, "float64"), tf.constant(0, "int64")
        count = tf.shape(rates)[0]
        _, losses, right = tf.while_loop(
            lambda number, *_: number < count, step, start, parallel_iterations=1
        )
        return losses, right

    def _train(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step; returns the mean loss and the number of right answers of the batch before it."""
        loss, right, gradients = self._gradients(images, labels, tf.cast(tf.shape(images)[0], "float32"))
        self._apply(gradients)
        return loss, right

    def _gradients(
        self, images: tf.Tensor, labels: tf.Tensor, batch_size: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """What some images of a batch add to its mean loss, to its right answers and to its gradients."""
        with self._packing.opened() as weights:
            logits = self._model(images, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_sum(losses) / batch_size
        # Unlike a tape's, these gradients are computed on the device of the operation they belong to.
        gradients = self._packing.packed(tf.gradients(self._scale.up(loss), weights))
        # A GPU sums int64 itself; int32 are the host's, which would wait for them in every step.
        right = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.int64))
        return loss, right, gradients

    def _apply(self, gradients: list[tf.Tensor]) -> None:
        self._scale.apply(gradients, self._update)

    def _update(self, gradients: list[tf.Tensor]) -> None:
        weights = self._packing.weights
        decays = [self._decay * which for which in self._packing.decaying]
        if isinstance(self._optimizer, ShippedOptimizer):
            self._optimizer.apply(gradients, decays)
        else:
            given = zip(gradients, weights, decays, strict=True)
            self._optimizer.apply(
                [decayed(gradient, weight.value, decay) for gradient, weight, decay in given]
            )

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        """Class probabilities."""
        with self._packing.opened():
            return tf.nn.softmax(self._model(images, training=False))
