"""Layers' own rates wherever a network runs, and in half precision."""

import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.model.build import layer_of
from alexnet_bench.model.tensorflow_step import build_steps
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8

IMAGES = np.random.default_rng(0).standard_normal((8, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize(
    ("placement", "precision"),
    [("split", "float32"), ("data-parallel", "float32"), ("one-device", "mixed_float16")],
)
def test_a_layer_that_does_not_learn_stays_as_it_is(recipe, placement, precision):
    variant = ALEXNET.but("tried", placement=placement)
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    trained = recipe.but(optimizer="sgd", bias_rate=2.0, layers={"conv2": {"stops": 0.0}})
    devices = () if placement == "one-device" else ("cpu:0", "cpu:1")
    steps = build_steps(plan, trained, seed=0, devices=devices, precision=precision)
    before = [weight.value.numpy() for weight in steps.model.trainable_variables]

    steps.train(IMAGES, np.arange(8))

    after = steps.model.trainable_variables
    still = {
        layer_of(weight)
        for weight, old in zip(after, before, strict=True)
        if np.array_equal(weight.value.numpy(), old)
    }
    assert still == {"conv2"}
