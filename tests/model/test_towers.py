"""Two towers on one device, on two devices and as grouped convolutions are one network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET
from alexnet_bench.model.tensorflow_step import Steps

WITHOUT_DROPOUT = ALEXNET.but("without-dropout", dropout=0.0)
IMAGES = (20 * np.random.default_rng(0).standard_normal((8, 8, 8, 1))).astype("float32")
LABELS = np.arange(8, dtype="int64")


@pytest.fixture(scope="module")
def gradients(recipe):
    """Take a compiled training step in which weights move by minus the gradient; loss and gradients."""
    plain = recipe.but(learning_rate=1.0, momentum=0.0, weight_decay=0.0)

    def gradients(model):
        before = model.get_weights()
        steps = Steps(model, plain)
        loss, _ = steps.train(IMAGES, LABELS)
        moved = [old - new for old, new in zip(before, steps.model.get_weights(), strict=True)]
        model.set_weights(before)
        return float(loss), moved

    return gradients


def grouped():
    """The network of `alexnet-8` with two towers as the textbooks write it, with Keras' own layers."""

    def normalized(x):
        halves = [tf.nn.local_response_normalization(half, 2, 2.0, 1e-4, 0.75) for half in tf.split(x, 2, -1)]
        return tf.concat(halves, -1)

    def towers_flattened(x):
        return tf.concat([tf.reshape(half, (-1, 24)) for half in tf.split(x, 2, -1)], -1)

    layers = keras.layers
    pool = {"pool_size": 3, "strides": 2, "padding": "same"}
    same = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Lambda(normalized),
            layers.MaxPooling2D(**pool),
            layers.Conv2D(48, 3, groups=2, **same),
            layers.Lambda(normalized),
            layers.MaxPooling2D(**pool),
            layers.Conv2D(64, 3, **same),
            layers.Conv2D(64, 3, groups=2, **same),
            layers.Conv2D(48, 3, groups=2, **same),
            layers.MaxPooling2D(**pool),
            layers.Lambda(towers_flattened),
            layers.Dense(128, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )


def together(model, values):
    """Values of a two-tower model's weights with the towers side by side, as a grouped model holds them."""
    joined = {}
    for weight, value in zip(model.weights, values, strict=True):
        layer, _, kind = weight.path.rpartition("/")
        joined.setdefault((layer.partition("_tower")[0].partition("/")[0], kind), []).append(value)
    return [np.concatenate(parts, -1) for parts in joined.values()]


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


@pytest.fixture(scope="module")
def one_device(build):
    return build(WITHOUT_DROPOUT)


def test_two_devices_are_as_one(build, gradients):
    """With dropout: the masks are drawn by the layer's name, too."""
    one, two = build(ALEXNET), build(ALEXNET.but("two-gpu", placement="split"))
    assert_same(together(two, two.get_weights()), one.get_weights())
    np.testing.assert_allclose(two(IMAGES), one(IMAGES), rtol=1e-5, atol=1e-5)
    (loss, moved), (expected_loss, expected) = gradients(two), gradients(one)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_same(together(two, moved), expected)


def test_two_devices_are_as_one_where_maps_have_sides(build):
    """At 8 pixels the last map is one pixel, which can be flattened in one order alone."""
    pair = [
        build(variant, "alexnet-32", channels=3) for variant in (ALEXNET, ALEXNET.but("s", placement="split"))
    ]
    images = np.random.default_rng(0).standard_normal((2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(*(model(images) for model in pair), rtol=1e-4, atol=1e-4)


def test_grouped_convolutions_are_the_towers(one_device, gradients):
    reference = grouped()
    reference.set_weights(one_device.get_weights())
    np.testing.assert_allclose(one_device(IMAGES), reference(IMAGES), rtol=1e-4, atol=1e-4)
    (loss, moved), (expected_loss, expected) = gradients(one_device), gradients(reference)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_same(moved, expected)


def test_every_weight_has_a_gradient(one_device, gradients):
    """So that the comparisons above compare something."""
    assert all(np.abs(gradient).max() > 1e-6 for gradient in gradients(one_device)[1])


def test_towers_start_with_weights_of_their_own(one_device):
    kernels = np.split(one_device.get_layer("conv1").get_weights()[0], 2, -1)
    assert not np.array_equal(*kernels)
