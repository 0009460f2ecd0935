"""Two GPUs train as one does: a tower on each, or half of every batch."""

import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_32

pytestmark = pytest.mark.gpu

REGISTRY = load_registry()
IMAGES = np.random.default_rng(0).standard_normal((16, 32, 32, 3)).astype("float32")
LABELS = np.arange(16) % 10


def steps_of(selection, recipe, devices=(), precision="float32"):
    (variant,) = REGISTRY.select(selection)
    plan = make_plan(variant, ALEXNET_32, classes=10, channels=3)
    return build_steps(plan, recipe, seed=3, devices=devices, precision=precision)


def trained(steps):
    return [float(steps.train(IMAGES, LABELS)[0]) for _ in range(4)], steps.infer(IMAGES).numpy()


@pytest.mark.parametrize(("two", "one"), [("two-gpu", "alexnet"), ("data-parallel+no-dropout", "no-dropout")])
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("mixed_float16", 0.1)])
def test_two_train_as_one_does(two_devices, recipe, two, one, precision, tolerance):
    losses, outputs = trained(steps_of(two, recipe, two_devices, precision))
    expected_losses, expected = trained(steps_of(one, recipe, precision=precision))

    assert losses == pytest.approx(expected_losses, rel=tolerance)
    np.testing.assert_allclose(outputs, expected, atol=tolerance)


@pytest.mark.parametrize("name", ["two-gpu", "data-parallel"])
def test_the_same_seed_gives_the_same_numbers(two_devices, recipe, name):
    first, second = (trained(steps_of(name, recipe, two_devices)) for _ in range(2))

    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("name", ["two-gpu", "data-parallel"])
def test_each_computes_its_share_forward_and_backward(two_devices, recipe, name):
    graph = (
        steps_of(name, recipe, two_devices)
        .train.get_concrete_function(tf.constant(IMAGES), tf.constant(LABELS))
        .graph
    )
    operations = [item for item in graph.get_operations() if item.type.startswith("Conv2D")]
    numbers = [item.device.rpartition(":")[2] for item in operations]

    assert numbers.count("0") == numbers.count("1") > 10
    assert not any("CPU" in item.device for item in operations) or "cpu" in two_devices[0]
