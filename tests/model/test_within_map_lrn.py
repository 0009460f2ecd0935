import keras
import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET
from alexnet_bench.model.within_map_lrn import WithinMapNormalization


def noise(shape, seed=0, scale=20.0):
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype("float32")


def by_hand(x, size, bias, alpha, beta):
    """One pixel after the other, in float64: what lies beyond an edge adds nothing."""
    x, reach = x.astype("float64"), size // 2
    found = np.empty_like(x)
    for row, column in np.ndindex(x.shape[1:3]):
        rows, columns = (slice(max(0, at - reach), at + reach + 1) for at in (row, column))
        squares = (x[:, rows, columns] ** 2).sum((1, 2))
        found[:, row, column] = x[:, row, column] / (bias + alpha / size**2 * squares) ** beta
    return found


def gradient_by_hand(x, upstream, step=1e-4, **arguments):
    """Central differences of what the outputs, times `upstream`, add up to; float64."""
    found = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        ends = [x.astype("float64") for _ in "ab"]
        ends[0][at] += step
        ends[1][at] -= step
        high, low = ((by_hand(end, **arguments) * upstream).sum() for end in ends)
        found[at] = (high - low) / (2 * step)
    return found


CUDA_CONVNETS = [
    {"size": 5, "bias": 1.0, "alpha": 1e-3, "beta": 0.75},
    {"size": 3, "bias": 1.0, "alpha": 5e-5, "beta": 0.75},
    {"size": 7, "bias": 2.0, "alpha": 0.1, "beta": 0.5},
]


@pytest.mark.parametrize("arguments", CUDA_CONVNETS, ids=["2012", "18pct", "larger than the map"])
def test_is_what_a_loop_over_pixels_gives(arguments):
    x = noise((2, 5, 4, 3))
    np.testing.assert_allclose(WithinMapNormalization(**arguments)(x), by_hand(x, **arguments), rtol=1e-5)


@pytest.mark.parametrize("arguments", CUDA_CONVNETS, ids=["2012", "18pct", "larger than the map"])
def test_the_gradient_is_the_slope_of_that_loop(arguments):
    """As a compiled step computes it, too."""
    x, upstream = noise((1, 5, 4, 2)), noise((1, 5, 4, 2), 1, 1.0)
    layer = WithinMapNormalization(**arguments)
    compiled = tf.function(lambda x, upstream: tf.gradients(layer(x), x, upstream)[0])
    expected = gradient_by_hand(x, upstream, **arguments)
    np.testing.assert_allclose(compiled(tf.constant(x), upstream), expected, rtol=1e-4, atol=1e-6)


def test_defaults_are_those_of_2012():
    """Window 5x5, scale 0.001 over its 25 pixels, exponent 0.75, k=1."""
    x = noise((2, 6, 6, 3))
    np.testing.assert_array_equal(WithinMapNormalization()(x), WithinMapNormalization(**CUDA_CONVNETS[0])(x))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_agrees_with_float32(dtype):
    """Also where squares are beyond float16 (300 ** 2 > 65504)."""
    x = tf.cast(noise((1, 6, 6, 2), scale=300.0), dtype)
    found = WithinMapNormalization(dtype=f"mixed_{dtype}")(x)
    assert found.dtype == dtype
    expected = by_hand(np.array(tf.cast(x, "float32")), **CUDA_CONVNETS[0])
    np.testing.assert_allclose(tf.cast(found, "float32"), expected, rtol=2.0**-8)


def test_survives_saving():
    layer = WithinMapNormalization(3, bias=1.5, alpha=0.01, beta=0.6, name="norm")
    twin = keras.layers.deserialize(keras.layers.serialize(layer))
    assert twin.get_config() == layer.get_config()
    x = noise((1, 4, 4, 2))
    np.testing.assert_array_equal(twin(x), layer(x))


@pytest.mark.parametrize("size", [0, 4, -1])
def test_the_window_must_have_a_middle(size):
    with pytest.raises(ValueError, match=f"size is {size}; it must be an odd number"):
        WithinMapNormalization(size)


def test_towers_side_by_side_are_normalized_as_they_are_apart(build):
    """It knows of no other map, so that it is one operation on all of them."""
    variant = ALEXNET.but("within", normalization="within-map-lrn")
    model, image = build(variant), noise((2, 8, 8, 1))
    assert isinstance(model.get_layer("normalization1"), WithinMapNormalization)
    split = build(variant.but("split", placement="split"))
    np.testing.assert_allclose(model(image), split(image), rtol=1e-4, atol=1e-5)
