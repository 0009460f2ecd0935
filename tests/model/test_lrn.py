import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_bench import ALEXNET
from alexnet_bench.model.lrn import LocalResponseNormalization

# Units in the last place of 1: what one rounding may change.
PRECISION = {"bfloat16": 2.0**-8, "float16": 2.0**-11}


def noise(shape, seed=0, scale=1.0):
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype("float32")


def value_and_gradient(normalize, x, upstream):
    """Outputs, and the gradient by the inputs for one by the outputs; both as float32."""
    x, upstream = tf.convert_to_tensor(x), tf.convert_to_tensor(upstream)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = normalize(x)
    gradient = tape.gradient(y, x, tf.cast(upstream, y.dtype))
    return np.array(tf.cast(y, "float32")), np.array(tf.cast(gradient, "float32"))


def tensorflows(depth=5, bias=2.0, alpha=1e-4, beta=0.75):
    return lambda x: tf.nn.local_response_normalization(x, depth // 2, bias, alpha, beta)


def assert_close(found, expected, tolerance):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    depth=st.sampled_from([1, 3, 5, 7, 11]),
    maps=st.integers(1, 20),
    averaged=st.booleans(),
    beta=st.sampled_from([0.75, 0.5, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_agrees_with_tensorflows(depth, maps, averaged, beta, seed):
    """Value and gradient, in both conventions; inputs so large that the normalization counts."""
    x, upstream = noise((2, 3, 2, maps), seed, 50), noise((2, 3, 2, maps), seed + 1)
    layer = LocalResponseNormalization(depth, alpha=1e-3, beta=beta, averaged=averaged)
    reference = tensorflows(depth, alpha=1e-3 / depth if averaged else 1e-3, beta=beta)
    assert_close(value_and_gradient(layer, x, upstream), value_and_gradient(reference, x, upstream), 1e-5)


def test_defaults_are_the_papers():
    """Section 3.3: k=2, n=5, alpha=1e-4, summed, beta=0.75."""
    x = noise((1, 2, 2, 9), scale=100)
    squares = np.pad(x.astype("float64") ** 2, [(0, 0)] * 3 + [(2, 2)])
    sums = sum(squares[..., shift : shift + 9] for shift in range(5))
    expected = x / (2 + 1e-4 * sums) ** 0.75
    np.testing.assert_allclose(LocalResponseNormalization()(x), expected, rtol=1e-5)


def test_averaged_divides_alpha_by_the_depth():
    x = noise((1, 2, 2, 9), scale=100)
    averaged, summed = LocalResponseNormalization(averaged=True), LocalResponseNormalization(alpha=1e-4 / 5)
    np.testing.assert_array_equal(averaged(x), summed(x))
    assert np.abs(averaged(x) - LocalResponseNormalization()(x)).max() > 1


@pytest.mark.parametrize("scale", [1, 300])
@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("dtype", PRECISION)
def test_half_precision_agrees_with_float32(dtype, averaged, scale):
    """To its precision, also where the squares are beyond float16 (300 ** 2 > 65504)."""
    x = tf.cast(noise((2, 4, 4, 16), 0, scale), dtype)
    upstream = tf.cast(noise((2, 4, 4, 16), 1), dtype)
    layer = LocalResponseNormalization(averaged=averaged, dtype=f"mixed_{dtype}")
    assert layer(x).dtype == dtype
    reference = tensorflows(alpha=1e-4 / 5 if averaged else 1e-4)
    expected = value_and_gradient(reference, tf.cast(x, "float32"), tf.cast(upstream, "float32"))
    assert_close(value_and_gradient(layer, x, upstream), expected, PRECISION[dtype])


def test_gradient_of_a_compiled_step_is_the_same():
    """`tf.gradients` inside `tf.function`, as a training step computes it."""
    x, upstream = noise((2, 3, 3, 8), 0, 50), noise((2, 3, 3, 8), 1)
    layer = LocalResponseNormalization()
    compiled = tf.function(lambda x, upstream: tf.gradients(layer(x), x, upstream)[0])
    assert_close(
        [compiled(tf.constant(x), upstream)], [value_and_gradient(tensorflows(), x, upstream)[1]], 1e-5
    )


def test_survives_saving():
    layer = LocalResponseNormalization(3, bias=1.5, alpha=0.01, beta=0.6, averaged=True, name="norm")
    twin = keras.layers.deserialize(keras.layers.serialize(layer))
    assert twin.get_config() == layer.get_config()
    x = noise((1, 2, 2, 7), scale=10)
    np.testing.assert_array_equal(twin(x), layer(x))


@pytest.mark.parametrize("depth", [0, 4, -1])
def test_depth_must_be_odd(depth):
    with pytest.raises(ValueError, match=f"depth is {depth}; it must be an odd number"):
        LocalResponseNormalization(depth)


def test_does_not_cross_towers(build):
    """Tower 1's maps change tower 0's nowhere before conv3."""
    model = build(ALEXNET)
    before_conv3 = keras.Model(model.input, model.get_layer("pooling2").output)
    image = noise((2, 8, 8, 1), scale=50)
    before = np.split(before_conv3(image), 2, -1)
    kernel = model.get_layer("conv1").kernel
    kernel.assign(kernel * np.repeat([1, 3], 8))
    after = np.split(before_conv3(image), 2, -1)
    np.testing.assert_array_equal(after[0], before[0])
    assert np.abs(after[1] - before[1]).max() > 0.1
