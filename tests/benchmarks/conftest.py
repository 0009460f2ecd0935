import pytest

from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import find_topology

BATCH_SIZE = 32
TOPOLOGY = find_topology("alexnet-32")


@pytest.fixture(autouse=True, scope="session")
def ready(tensorflow_ready):
    """Every benchmark here uses TensorFlow."""


@pytest.fixture(scope="session")
def make_steps():
    """Compiled steps of a variant at 32 pixels, with a batch: (steps, images, labels)."""
    import tensorflow as tf

    from alexnet_bench.model.tensorflow_step import build_steps

    registry = load_registry()

    def make(name, devices=()):
        (variant,) = registry.select(name)
        plan = make_plan(variant, TOPOLOGY, classes=10)
        steps = build_steps(plan, PAPER.but(batch_size=BATCH_SIZE), seed=0, devices=devices)
        steps.learning_rate.assign(0.0)
        images = tf.random.stateless_normal((BATCH_SIZE, *plan.input_shape), [0, 0])
        return steps, images, tf.zeros((BATCH_SIZE,), tf.int64)

    return make
