"""Several hosts that train one network together; this process is one of them."""

from collections.abc import Sequence

import tensorflow as tf


class Hosts:
    """What they compute together. Made once, before anything else touches TensorFlow.

    TensorFlow's coordination service watches over them: where one ends, or is silent for ten seconds, what
    the others do together with it ends in an UnavailableError.

    Args:
        addresses: of all of them, `name:port`.
        index: of this one among them.
        gpus: that this one has.
    """

    def __init__(self, addresses: Sequence[str], index: int, gpus: int) -> None:
        self.index = index
        cluster = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(addresses)}),
            task_type="worker",
            task_id=index,
            num_accelerators={"GPU": gpus},
            rpc_layer="grpc",
        )
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster)

    def meet(self, epochs: int) -> None:
        """Wait until all are here.

        Raises:
            tf.errors.AbortedError: they have not all trained as many epochs.
        """
        if self._sum(epochs) != epochs * self.strategy.num_replicas_in_sync:
            raise tf.errors.AbortedError(None, None, "another host of the trial is at another epoch")

    def _sum(self, number: int) -> int:
        """Of what all of them give."""
        return int(self.strategy.reduce("SUM", tf.constant(number), axis=None))
