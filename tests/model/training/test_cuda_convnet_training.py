"""Training as cuda-convnet's recipes have it: weights as they start, and after a step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench import ALEXNET
from alexnet_bench.model.build import build_model, draw_weights, is_drawn_whole
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.topology import CUDA_CONVNET, find_topology

NAMES = ("80sec", "18pct", "11pct")


def plan_of(name):
    return make_plan(ALEXNET, find_topology(name), classes=10)


def weights(model):
    """By layer, the kernel and the bias."""
    return {
        layer.name: [weight.numpy() for weight in layer.weights] for layer in model.layers if layer.weights
    }


@pytest.mark.parametrize("name", NAMES)
def test_weights_start_from_the_deviations_of_their_layers_and_biases_from_zero(name):
    drawn = weights(build_model(plan_of(name), RECIPES[name], seed=1))

    for layer, (kernel, bias) in drawn.items():
        own = RECIPES[name].layer(layer).deviation
        # Within four standard errors of a sample's deviation.
        assert kernel.std() == pytest.approx(own, rel=4 / np.sqrt(2 * kernel.size)), layer
        assert not bias.any()


def test_no_two_positions_of_a_local_layer_start_alike_whatever_the_initializer():
    recipe = RECIPES["11pct"]
    for changed in (recipe, recipe.but(initialization="he")):
        kernel = weights(build_model(plan_of("11pct"), changed))["local3"][0].reshape(36, -1)
        assert len(np.unique(kernel[:, 0])) == 36
    # He's goes by what a position sees: 3x3 pixels of 64 maps.
    assert kernel.std() == pytest.approx(np.sqrt(2 / 576), rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_the_gradients_and_the_layers_own_decay_at_the_rates_of_weights_and_biases(name):
    recipe, plan = RECIPES[name], plan_of(name)
    rng = np.random.default_rng(0)
    images = rng.normal(0, 60, (8, *plan.input_shape)).astype("float32")
    labels = rng.integers(0, 10, 8)
    model = build_model(plan, recipe, seed=0)
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
            labels, model(images, training=True)
        )
    gradients = iter(tape.gradient(loss, [weight.value for weight in model.trainable_weights]))
    before = weights(model)

    steps = build_steps(plan, recipe, seed=0)
    steps.train(images, labels)
    for layer, (kernel, bias) in weights(steps.model).items():
        by_kernel, by_bias = next(gradients), next(gradients)
        own = before[layer][0] * (1 - 0.001 * recipe.decay_of(layer)) - 0.001 * by_kernel.numpy()
        np.testing.assert_allclose(kernel, own, rtol=1e-5, atol=1e-8, err_msg=layer)
        np.testing.assert_allclose(bias, -0.002 * by_bias.numpy(), rtol=1e-3, atol=1e-8, err_msg=layer)


@pytest.mark.parametrize("topology", [topology.name for topology in CUDA_CONVNET])
def test_the_next_seed_can_take_over_the_model(topology):
    """All that training changes is drawn anew, a local layer's positions too."""
    plan, recipe = plan_of(topology), RECIPES[topology]
    model = build_model(plan, recipe, seed=0)
    draw_weights(model, plan, recipe, seed=1)

    assert is_drawn_whole(plan)
    for found, own in zip(model.weights, build_model(plan, recipe, seed=1).weights, strict=True):
        np.testing.assert_array_equal(found, own)
