"""A GPU computes what a processor does, says how precisely, and repeats it."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench.data import open_dataset
from alexnet_bench.model.dense import Dense
from alexnet_bench.model.lrn import LocalResponseNormalization
from alexnet_bench.model.tensorflow_devices import describe
from alexnet_bench.model.tensorflow_dropout import TowerDropout
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.model.tensorflow_towers import GroupedConvolution, _takes_groups
from alexnet_bench.model.train import Trainer, TrialSpec
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8, ALEXNET_32
from alexnet_bench.worker.tensorflow_precision import use_precision
from alexnet_bench.worker.tensorflow_yardstick import Yardstick

pytestmark = pytest.mark.gpu

REGISTRY, RNG = load_registry(), np.random.default_rng(0)
LABELS = np.arange(16) % 10
HALVES = ["mixed_float16", "mixed_bfloat16"]


def plan_of(name, topology=ALEXNET_8):
    (variant,) = REGISTRY.select(name)
    return make_plan(variant, topology, classes=10, channels=1)


def noise(*shape):
    return tf.constant(RNG.standard_normal(shape), tf.float32)


def trained(name, recipe, device, topology=ALEXNET_8, steps=4, precision="float32"):
    """Loss of each step on a device, and the probabilities afterwards."""
    plan = plan_of(name, topology)
    images = np.random.default_rng(1).standard_normal((16, *plan.input_shape)).astype("float32")
    with tf.device(device):
        network = build_steps(plan, recipe, seed=3, precision=precision)
        losses = [float(network.train(images, LABELS)[0]) for _ in range(steps)]
        return losses, network.infer(images).numpy()


def test_it_is_named_and_takes_memory_as_it_needs_it(devices):
    gpu, *_ = tf.config.get_visible_devices("GPU")

    assert "CPU" not in describe(devices)
    assert tf.config.experimental.get_memory_growth(gpu)


@pytest.mark.parametrize("name", ["alexnet", "no-lrn", "tanh", "gelu", "batch-norm", "notebook"])
def test_it_trains_as_a_processor_does(devices, recipe, name):
    losses, outputs = trained(name, recipe, devices[0])
    expected_losses, expected = trained(name, recipe, "cpu:0")

    assert losses == pytest.approx(expected_losses, rel=1e-3)
    np.testing.assert_allclose(outputs, expected, atol=1e-3)


@pytest.mark.parametrize("precision", ["float32", *HALVES])
def test_the_same_seed_gives_the_same_numbers(devices, recipe, precision):
    first, second = (
        trained("alexnet", recipe, devices[0], ALEXNET_32, precision=precision) for _ in range(2)
    )

    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize(
    ("name", "precision"), [("alexnet", "float32"), *[("alexnet", half) for half in HALVES]]
)
def test_a_trial_learns_and_is_repeated_in_every_number(devices, recipe, name, precision):
    digits = open_dataset("digits")
    some = replace(digits, train=digits.train.take(slice(400)), test=digits.test.take(slice(100)))
    spec = TrialSpec(
        plan=plan_of(name),
        recipe=recipe.but(epochs=3, batch_size=8, optimizer="adam", learning_rate=2e-3),
        dataset=some,
        seed=0,
        precision=precision,
    )

    first, second = (Trainer().run(spec, lambda row: None, clock=lambda: 0.0) for _ in range(2))

    assert first == second
    losses = [row["loss"] for row in first["curve"]]
    assert losses == sorted(losses, reverse=True)


def test_float32_rounds_nothing_and_tf32_does(devices):
    gpu, *_ = tf.config.get_visible_devices("GPU")
    if tf.config.experimental.get_device_details(gpu)["compute_capability"] < (8, 0):
        pytest.skip("this GPU has no TensorFloat-32")
    given = tf.fill((1024, 1024), 1.0001), tf.ones((1024, 1024))

    exact, use, rounded = (
        tf.linalg.matmul(*given)[0, 0],
        use_precision("tf32", 1),
        tf.linalg.matmul(*given)[0, 0],
    )
    use_precision("float32", 1)

    assert use == "float32"
    assert float(exact) == pytest.approx(1024.1024, abs=1e-2)
    assert float(rounded) == pytest.approx(1024.0, abs=1e-2)


def test_half_precision_has_a_peak_of_its_own(devices):
    peaks = [Yardstick(precision).measure()["flops_per_second"] for precision in ("float32", *HALVES)]

    assert peaks[0] == min(peaks)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float16, tf.bfloat16], ids=lambda dtype: dtype.name)
def test_towers_are_one_convolution(devices, dtype):
    """Else each has its own, which works and is slower."""
    assert _takes_groups(dtype)


def test_a_grouped_convolution_and_its_gradients_are_those_of_its_groups(devices):
    layer, images = GroupedConvolution(32, 5, groups=2, padding="same"), noise(4, 27, 27, 16)
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images)
        value = tf.reduce_sum(outputs**2)
    found = tape.gradient(value, [images, layer.kernel.value])
    with tf.GradientTape() as tape:
        tape.watch(images)
        kernels = tf.split(layer.kernel.value, 2, -1)
        apart = [
            tf.nn.conv2d(part, kernel, 1, "SAME")
            for part, kernel in zip(tf.split(images, 2, -1), kernels, strict=True)
        ]
        value = tf.reduce_sum(tf.concat(apart, -1) ** 2)
    expected = tape.gradient(value, [images, layer.kernel.value])

    np.testing.assert_allclose(outputs, tf.concat(apart, -1), atol=1e-4)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_lrn_and_its_gradient_are_tensorflows(devices):
    layer, maps = LocalResponseNormalization(), noise(4, 13, 13, 96)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(maps)
        own = layer(maps)
        theirs = tf.nn.local_response_normalization(maps, 2, 2.0, 1e-4, 0.75)
        values = tf.reduce_sum(own**2), tf.reduce_sum(theirs**2)

    np.testing.assert_allclose(own, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(*(tape.gradient(value, maps) for value in values), rtol=1e-3, atol=1e-4)


def test_the_gradients_of_a_dense_layer_are_keras(devices):
    own, theirs, rows = Dense(256), keras.layers.Dense(256), noise(16, 1024)
    own.build(rows.shape), theirs.build(rows.shape)
    theirs.set_weights(own.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(rows)
        values = [tf.reduce_sum(layer(rows) ** 2) for layer in (own, theirs)]

    found, expected = (
        tape.gradient(value, [rows, layer.kernel.value])
        for value, layer in zip(values, (own, theirs), strict=True)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_a_seed_drops_the_same_units_as_on_a_processor(devices):
    def dropped(device):
        with tf.device(device):
            layer = TowerDropout(0.5, seed=7)
            return layer(tf.ones((64, 512)), training=True).numpy() == 0

    np.testing.assert_array_equal(dropped(devices[0]), dropped("cpu:0"))
