"""Locally connected layers against a loop over images, positions and filters."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_bench.model.local import LocallyConnected


def noise(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def windows(side, size, stride, padding):
    """Where the windows along a side begin, TensorFlow's way; what is outside is zero."""
    if padding == "valid":
        return range(0, side - size + 1, stride)
    count = -(-side // stride)
    lacking = max((count - 1) * stride + size - side, 0)
    return range(-(lacking // 2), -(lacking // 2) + count * stride, stride)


def looped(images, kernel, bias, stride, padding):
    """The outputs, and a function from their gradient to those of images, kernel and bias."""
    rows, columns, size, _, _, filters = kernel.shape
    tops, lefts = (windows(side, size, stride, padding) for side in images.shape[1:3])
    assert (len(tops), len(lefts)) == (rows, columns)
    border = max(size, stride)
    wide = np.pad(images, [(0, 0), (border, border), (border, border), (0, 0)])
    places = [
        (row, column, np.s_[:, top + border : top + border + size, left + border : left + border + size])
        for row, top in enumerate(tops)
        for column, left in enumerate(lefts)
    ]
    outputs = np.zeros((len(images), rows, columns, filters), "float32")
    biases = bias.reshape(rows, columns, filters)
    for row, column, place in places:
        for image, patch in enumerate(wide[place]):
            for filter in range(filters):
                own = kernel[row, column, ..., filter]
                outputs[image, row, column, filter] = (patch * own).sum() + biases[row, column, filter]

    def gradients(upstream):
        by_wide, by_kernel = np.zeros_like(wide), np.zeros_like(kernel)
        for row, column, place in places:
            for image, values in enumerate(upstream[:, row, column]):
                by_wide[place][image] += kernel[row, column] @ values
                by_kernel[row, column] += wide[place][image][..., None] * values
        inside = slice(border, -border)
        return by_wide[:, inside, inside], by_kernel, upstream.sum(0).ravel()

    return outputs, gradients


@settings(max_examples=25)
@given(
    side=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    size=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    channels=st.integers(1, 3),
    filters=st.integers(1, 3),
)
def test_outputs_and_gradients_are_those_of_a_loop(side, size, stride, padding, channels, filters):
    layer = LocallyConnected(filters, size, strides=stride, padding=padding)
    images = noise((2, *side, channels))
    layer.build(images.shape)
    layer.kernel.assign(noise(layer.kernel.shape, 1))
    layer.bias.assign(noise(layer.bias.shape, 2))

    expected, gradients = looped(images, layer.kernel.numpy(), layer.bias.numpy(), stride, padding)
    upstream = noise(expected.shape, 3)
    weights = [tf.constant(images), layer.kernel.value, layer.bias.value]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        outputs = layer(weights[0])
    found = tape.gradient(outputs, weights, upstream)

    assert layer.compute_output_shape(images.shape) == expected.shape
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(found, gradients(upstream), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_with_one_kernel_everywhere_it_is_a_convolution():
    images, kernel = noise((3, 6, 6, 4)), noise((3, 3, 4, 5), 1)
    layer = LocallyConnected(5, 3, padding="same")
    layer.build(images.shape)
    layer.kernel.assign(np.broadcast_to(kernel, layer.kernel.shape))

    np.testing.assert_allclose(layer(images), tf.nn.conv2d(images, kernel, 1, "SAME"), rtol=1e-4, atol=1e-4)


def test_half_precision_computes_in_it_and_keeps_its_weights_whole():
    layer = LocallyConnected(2, 3, padding="same", kernel_initializer="ones", dtype="mixed_bfloat16")
    outputs = layer(np.ones((1, 3, 3, 1), "float32"))

    assert (outputs.dtype, layer.kernel.dtype) == ("bfloat16", "float32")
    assert outputs[0, :, :, 0].numpy().tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_survives_saving(tmp_path, padding):
    image = keras.Input((5, 5, 2))
    model = keras.Model(image, LocallyConnected(3, 3, 2, padding, "glorot_uniform", name="local")(image))
    model.save(tmp_path / "model.keras")

    again = keras.saving.load_model(tmp_path / "model.keras")
    images = noise((2, 5, 5, 2))
    assert again.get_layer("local").get_config() == model.get_layer("local").get_config()
    np.testing.assert_array_equal(again(images), model(images))
