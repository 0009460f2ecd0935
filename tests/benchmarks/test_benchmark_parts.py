"""What a step is made of: `pytest tests/benchmarks --benchmark-only`."""

import numpy as np
import pytest
import tensorflow as tf

from alexnet_bench.data import open_dataset
from alexnet_bench.data.tensorflow_pipeline import Pipeline
from alexnet_bench.model.lrn import LocalResponseNormalization
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.registry import load_registry

VARIANTS = load_registry().variants
# The maps of one tower after conv1.
MAPS = (32, 55, 55, 48)


def tensorflows(images):
    return tf.nn.local_response_normalization(images, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75)


@pytest.mark.benchmark(group="local response normalization, forward and backward")
@pytest.mark.parametrize("whose", ["ours", "TensorFlow's"])
def test_lrn(benchmark, whose):
    normalize = LocalResponseNormalization() if whose == "ours" else tensorflows
    images = tf.random.stateless_normal(MAPS, [0, 0])

    @tf.function
    def both(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = normalize(images)
        return tape.gradient(outputs, images)

    both(images)
    gradient = benchmark(lambda: both(images).numpy())

    assert np.isfinite(gradient).all()


@pytest.mark.benchmark(group="one training step, 32 pixels, batch 32")
@pytest.mark.parametrize("name", list(VARIANTS))
def test_training_step(benchmark, make_steps, name):
    devices = () if VARIANTS[name].placement == "one-device" else ("cpu:0", "cpu:1")
    steps, images, labels = make_steps(name, devices)
    steps.train(images, labels)

    loss = benchmark(lambda: steps.train(images, labels)[0].numpy())

    assert np.isfinite(loss)


@pytest.mark.benchmark(group="input pipeline, an epoch of the digits")
@pytest.mark.parametrize("augmentation", ["none", "crops-and-flips"])
def test_pipeline(benchmark, augmentation):
    digits = open_dataset("digits")
    recipe = scale_to_small_images(PAPER, len(digits.train)).but(augmentation=augmentation)
    pipeline = Pipeline(digits, digits.carve(0)[0], recipe, side=8, input_side=8, seed=0)
    batches = pipeline.training(100_000)

    images, _ = benchmark(lambda: next(batches))

    assert images.shape[:2] == (pipeline.steps_per_epoch, recipe.batch_size)
