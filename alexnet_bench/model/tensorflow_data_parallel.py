"""The steps of a network that every device holds whole, each training on its share of the batch.

Today's way to use two devices, by `tf.distribute.MirroredStrategy`, or one on each of several hosts, by
`MultiWorkerMirroredStrategy`; the paper's own is to split the towers.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from alexnet_bench.model.build import build_model
from alexnet_bench.model.tensorflow_hosts import Hosts
from alexnet_bench.model.tensorflow_loss_scale import LossScale, NoScale
from alexnet_bench.model.tensorflow_step import Steps
from alexnet_bench.network.plan import LayerPlan
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.seeds import derive_seed


def build_data_parallel_steps(
    plan: LayerPlan,
    recipe: Recipe,
    *,
    seed: int,
    devices: Sequence[str],
    precision: str = "float32",
    hosts: Hosts | None = None,
) -> "DataParallelSteps":
    """The compiled steps of a network with fresh weights, equal on every device, or on that of every host.

    Raises:
        ValueError: there are not two devices, nor several hosts.
    """
    if len(devices) < 2 and hosts is None:
        raise ValueError(f"a batch is shared by two devices or more, not by {len(devices)}")
    strategy = hosts.strategy if hosts else tf.distribute.MirroredStrategy(list(devices), _reduction(devices))
    with strategy.scope():
        model = build_model(plan, recipe, seed=seed, precision=precision)
        scale = NoScale() if precision != "mixed_float16" else LossScale()
        if hosts:
            return HostsSteps(model, recipe, scale, hosts, seed)
        _draw_masks_apart(model, seed)
        return DataParallelSteps(model, recipe, scale, strategy)


def _reduction(devices: Sequence[str]) -> tf.distribute.CrossDeviceOps:
    """How gradients are summed; the collective operations that are the default fail for a second network.

    All strategies of a process number them alike, and expect the shapes that the first one had.
    """
    if devices[0].startswith("gpu"):
        return tf.distribute.NcclAllReduce()
    return tf.distribute.ReductionToOneDevice()


class DataParallelSteps(Steps):
    """As `Steps`, each device with its share of the batch; gradients are summed before the update."""

    def __init__(
        self,
        model: keras.Model,
        recipe: Recipe,
        scale: NoScale | LossScale,
        strategy: tf.distribute.Strategy,
    ) -> None:
        super().__init__(model, recipe, scale)
        self._strategy = strategy

    def can_start_again(self, plan: LayerPlan) -> bool:
        """What every device holds is built anew."""
        return False

    def _train(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch_size = tf.cast(tf.shape(images)[0], "float32")
        found = self._strategy.run(
            self._train_share, (self._shares(images), self._shares(labels), batch_size)
        )
        loss, right = (self._strategy.reduce("SUM", value, axis=None) for value in found)
        return loss, right

    def _train_share(
        self, images: tf.Tensor, labels: tf.Tensor, batch_size: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        loss, right, gradients = self._gradients(images, labels, batch_size)
        summed = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
        self._apply(summed)
        return loss, right

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        shares = self._strategy.run(super()._infer, (self._shares(images),))
        return tf.concat(self._strategy.experimental_local_results(shares), 0)

    def _shares(self, batch: tf.Tensor) -> tf.distribute.DistributedValues:
        """A batch's parts, one a device; they differ by one image at most."""
        count, size = self._strategy.num_replicas_in_sync, tf.shape(batch)[0]
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: batch[
                context.replica_id_in_sync_group * size // count : (context.replica_id_in_sync_group + 1)
                * size
                // count
            ]
        )


class HostsSteps(DataParallelSteps):
    """As those, of one device on each of several hosts, all of which take the same steps in the same order.

    Each infers whole batches for itself, so that all come to the same end.
    """

    def __init__(
        self, model: keras.Model, recipe: Recipe, scale: NoScale | LossScale, hosts: Hosts, seed: int
    ) -> None:
        super().__init__(model, recipe, scale, hosts.strategy)
        self._hosts, self._seed = hosts, seed

    def begin(self, epochs: int) -> None:
        """Wait for the other hosts; a checkpoint holds the masks of the first one."""
        _draw_masks_apart(self._model, self._seed, self._hosts.index)
        self._hosts.meet(epochs)

    def _infer(self, images: tf.Tensor) -> tf.Tensor:
        (whole,) = self._strategy.experimental_local_results(self._strategy.run(Steps._infer, (self, images)))
        return whole


def _draw_masks_apart(model: keras.Model, seed: int, first: int = 0) -> None:
    """Give every device dropout masks of its own: the strategy starts all of them at one state.

    The devices here are numbered from `first` on.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            for number, state in enumerate(layer.seed_generator.state.value.values, first):
                drawn = state[1]
                state.assign(tf.stack([derive_seed(seed, f"dropout on device {number}", layer.name), drawn]))
