"""The built Keras model is the layer plan."""

import re
from collections import defaultdict

import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8, CUDA_CONVNET, TOPOLOGIES, find_topology

VARIANTS = load_registry().variants


def distinct(topologies):
    """A variant and topology for each network that the shipped variants make of these topologies."""
    found = {}
    for topology in topologies:
        for variant in VARIANTS.values():
            if variant.placement == "one-device" or topology.towers == 2:
                plan = make_plan(variant, topology, classes=10)
                found[plan.layers, variant.placement] = variant, topology.name
    return list(found.values())


def of_plan(plan):
    """Shape and parameters of every layer of a plan, by name."""
    return {layer.name: (layer.shape, layer.parameters) for layer in plan.layers}


def of_model(model):
    """The same of a Keras model, its towers put together; joins, which are no layers, are left out."""
    towers = defaultdict(list)
    for layer in model.layers:
        if not layer.name.endswith("_join"):
            towers[re.sub(r"_tower\d$", "", layer.name)].append(layer)
    return {
        name: (_shape(layers), sum(layer.count_params() for layer in layers))
        for name, layers in towers.items()
    }


def _shape(layers):
    shapes = [tuple(layer.output.shape[1:]) for layer in layers]
    return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))


@pytest.mark.parametrize(
    ("variant", "topology"),
    [
        *distinct(item for item in TOPOLOGIES.values() if item.small and item not in CUDA_CONVNET),
        *((ALEXNET, topology.name) for topology in CUDA_CONVNET),
    ],
    ids=lambda item: getattr(item, "name", item),
)
def test_small_models_are_their_plans(build, variant, topology):
    plan = make_plan(variant, find_topology(topology), classes=10, channels=3)
    model = build(variant, topology, channels=3)
    assert of_model(model) == of_plan(plan)
    assert (model.input_shape, model.output_shape) == ((None, *plan.input_shape), (None, 10))


def test_the_papers_model_is_its_plan(build):
    plan = make_plan(ALEXNET, find_topology("alexnet-227"), classes=1000)
    assert of_model(build(ALEXNET, "alexnet-227", classes=1000, channels=3)) == of_plan(plan)


@pytest.mark.parametrize(
    ("variant", "topology"), distinct([ALEXNET_8]), ids=lambda item: getattr(item, "name", item)
)
def test_half_precision_stops_at_the_last_layer(build, variant, topology):
    *hidden, last = build(variant, precision="mixed_bfloat16").layers[1:]
    own = {layer.compute_dtype for layer in hidden if layer.name != "fc8_join"}
    assert (own, last.compute_dtype, last.output.dtype) == ({"bfloat16"}, "float32", "float32")
    assert {layer.variable_dtype for layer in (*hidden, last)} == {"float32"}


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_logits_are_float32(build, precision):
    logits = build(VARIANTS["two-gpu"], precision=precision)(np.ones((2, 8, 8, 1), "float32"))
    assert (logits.shape, logits.dtype) == ((2, 10), "float32")
