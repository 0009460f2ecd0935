"""The compiled training and inference steps. TensorFlow only."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf

from alexnet_bench.errors import VariantError
from alexnet_bench.model.build import build_model, draw_weights, is_drawn_whole
from alexnet_bench.model.tensorflow_hosts import Hosts
from alexnet_bench.model.tensorflow_loss_scale import LossScale, NoScale
from alexnet_bench.model.tensorflow_optimizers import ShippedOptimizer, decayed
from alexnet_bench.model.tensorflow_packing import NoPacking, Packing, can_be_packed
from alexnet_bench.network.layer_recipe import RateSchedule
from alexnet_bench.network.plan import LayerPlan
from alexnet_bench.network.recipe import Recipe


def build_steps(
    plan: LayerPlan,
    recipe: Recipe,
    *,
    seed: int,
    devices: Sequence[str] = (),
    precision: str = "float32",
    hosts: Hosts | None = None,
) -> "Steps":
    """The compiled steps of a network with fresh weights; the other arguments are those of `build_model`.

    Args:
        hosts: that share a batch with this one, where the plan's placement is data-parallel.
    """
    if plan.variant.placement == "data-parallel":
        # Its steps build on these.
        from alexnet_bench.model.tensorflow_data_parallel import build_data_parallel_steps

        return build_data_parallel_steps(
            plan, recipe, seed=seed, devices=devices, precision=precision, hosts=hosts
        )
    model = build_model(plan, recipe, seed=seed, devices=devices, precision=precision)
    return Steps(model, recipe, NoScale() if precision != "mixed_float16" else LossScale())


class Steps:
    """A model with its optimizer's state, compiled.

    Args:
        model: from images to float32 logits.
        recipe: gives the optimizer, and the learning rates and weight decay of the layers.
        scale: of the loss, which half precision needs.

    Attributes:
        learning_rate: the variable of the rate that most weights have; it starts at the recipe's.
        learning_rates: that and the others, in the order of `rates_at`.
    """

    def __init__(self, model: keras.Model, recipe: Recipe, scale: NoScale | LossScale | None = None) -> None:
        self._model = model
        self._scale = scale or NoScale()
        self._optimizer = recipe.optimizer.build(recipe)
        packs = isinstance(self._optimizer, ShippedOptimizer) and can_be_packed(model)
        self._packing = Packing(model, recipe) if packs else NoPacking(model)
        self._decays = self._packing.decays(recipe)
        self.learning_rate = self._optimizer.learning_rate
        if not hasattr(self.learning_rate, "assign"):
            raise VariantError(
                f"optimizer '{recipe.optimizer}' has a schedule of its own; give it none: the recipe's "
                "learning_rate and drops are what it follows"
            )
        self._schedules = self._schedules_of(recipe)
        others = [tf.Variable(0.0, trainable=False) for _ in self._schedules[1:]]
        self.learning_rates = [self.learning_rate, *others]
        self._build_optimizer(recipe)
        self._start(recipe)
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
        self._start(recipe)

    def begin(self, epochs: int) -> None:
        """Get ready to train, after so many epochs that were trained before."""

    @property
    def state(self) -> list[tf.Variable]:
        """All that training changes but the learning rates, which it sets; in one order for one network.

        What devices hold copies of, of each device.
        """
        kept = [*self._model.variables, *self._packing.weights, *self._optimizer.variables]
        values = [item.value if isinstance(item, keras.Variable) else item for item in kept]
        values += self._scale.variables
        copies = [copy for value in values for copy in getattr(value, "values", [value])]
        # What is trained as it is stands in the model, too.
        return list({id(copy): copy for copy in copies}.values())

    def rates_at(self, progress: Iterable[float]) -> np.ndarray:
        """The learning rates after shares of training: (rates, shares), that of most weights first."""
        shares = list(progress)
        return np.array([[schedule.at(share) for share in shares] for schedule in self._schedules])

    @property
    def model(self) -> keras.Model:
        """The model, with its weights as they stand."""
        self._packing.unpack()
        return self._model

    def _schedules_of(self, recipe: Recipe) -> list[RateSchedule]:
        """All learning rates of the weights, that of most first."""
        of_weights = (owner.schedule(recipe) for owner in self._packing.owners)
        return list(dict.fromkeys([recipe.rate_schedule(), *of_weights]))

    def _build_optimizer(self, recipe: Recipe) -> None:
        weights = self._packing.weights
        if isinstance(self._optimizer, ShippedOptimizer):
            rates = dict(zip(self._schedules, self.learning_rates, strict=True))
            self._optimizer.build(weights, [rates[owner.schedule(recipe)] for owner in self._packing.owners])
        elif len(self.learning_rates) == 1:
            self._optimizer.build(weights)
        else:
            raise VariantError(
                f"optimizer '{recipe.optimizer}' has one learning rate for all weights, and the recipe has "
                "several (bias_rate, bias_drops, layers); take sgd or adam"
            )

    def _start(self, recipe: Recipe) -> None:
        """Take on a recipe's learning rates, as they are at its start."""
        self._schedules = self._schedules_of(recipe)
        for rate, schedule in zip(self.learning_rates, self._schedules, strict=True):
            rate.assign(schedule.at(0.0))

    def _train_in_turn(
        self, images: tf.Tensor, labels: tf.Tensor, rates: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """A step for each batch of several, at a rate of its own; the sums of what `_train` returns.

        Args:
            images: (batches, images, height, width, channels).
            labels: (batches, images).
            rates: (rates, batches), as `rates_at` gives them.
        """
        by_rate = tf.unstack(rates, len(self.learning_rates))

        def step(number: tf.Tensor, losses: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, ...]:
            for rate, values in zip(self.learning_rates, by_rate, strict=True):
                rate.assign(values[number])
            loss, hits = self._train(images[number], labels[number])
            return number + 1, losses + tf.cast(loss, "float64"), right + hits

        start = tf.constant(0), tf.constant(0.0, "float64"), tf.constant(0, "int64")
        count = tf.shape(rates)[1]
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
        if isinstance(self._optimizer, ShippedOptimizer):
            self._optimizer.apply(gradients, self._decays)
        else:
            given = zip(gradients, self._packing.weights, self._decays, strict=True)
            self._optimizer.apply(
                [decayed(gradient, weight.value, decay) for gradient, weight, decay in given]
            )

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        """Class probabilities."""
        with self._packing.opened():
            return tf.nn.softmax(self._model(images, training=False))
