import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_variants import counted, topologies, variants

from alexnet_bench import ALEXNET
from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, Recipe, scale_to_small_images
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8, ALEXNET_227, TOPOLOGIES, find_topology

CLASSES, CHANNELS = st.integers(2, 2000), st.sampled_from([1, 3])
VARIANTS = load_registry().variants
ALEXNETS = [topology for topology in TOPOLOGIES.values() if topology.towers == 2]

# A field of a recipe with another value than the paper's.
OTHER_RECIPE = {
    "optimizer": "adam",
    "learning_rate": 0.02,
    "momentum": 0.8,
    "weight_decay": 0.0,
    "drops": (0.5,),
    "batch_size": 64,
    "epochs": 1,
    "initialization": "he",
    "bias": 0.1,
    "pixels": "standardized",
    "augmentation": "none",
    "stop_at_train_error": 0.25,
    "bias_rate": 2.0,
    "bias_drops": (),
    "layers": {"conv1": {"deviation": 0.0001}},
    "colour_noise_ends": 0.5,
    "crops_shared_by": 32,
}
# The same of a variant; a placement in two towers, a single tower on one device.
OTHER_VARIANT = {
    "towers": 1,
    "kernels": "half",
    "normalization": "none",
    "second_normalization": "within-map-lrn",
    "order": "normalization-first",
    "activation": "tanh",
    "pooling": "non-overlapping",
    "dropout": 0.25,
    "input": "padded",
    "placement": "split",
    "evaluation": "ten-crops",
    "removed": "conv4",
}


def plan_of(variant, topology=ALEXNET_8, classes=10, channels=3):
    return make_plan(variant, topology, classes=classes, channels=channels)


def fingerprint(variant=ALEXNET, recipe=PAPER, **plan):
    return plan_of(variant, **plan).fingerprint(variant.train_with(recipe))


def shapes(plan, kind):
    return [layer.shape for layer in plan.layers if layer.kind == kind]


def recounted(plan):
    """Parameters and MACs, counted from shapes and kernels alone."""
    parameters = macs = 0
    before = plan.layers[0]
    for layer in plan.layers[1:]:
        if layer.kind in ("convolution", "dense"):
            seen = before.shape[-1] if layer.joins else before.shape[-1] // layer.towers
            weights = seen * layer.shape[-1] * layer.kernel**2 if layer.kernel else seen * layer.shape[-1]
            parameters += weights + layer.shape[-1]
            macs += weights * math.prod(layer.shape[:-1])
        elif layer.block == counted:
            parameters += 4 * layer.shape[-1]
        before = layer
    return parameters, macs


@given(variants(), topologies(), CLASSES, CHANNELS)
def test_parameters_and_macs_follow_from_shapes_and_kernels(variant, topology, classes, channels):
    plan = plan_of(variant, topology, classes, channels)

    assert (plan.parameters, plan.macs) == recounted(plan)


@given(variants(), topologies(), CLASSES, CHANNELS)
def test_a_plan_is_a_network(variant, topology, classes, channels):
    plan = plan_of(variant, topology, classes, channels)

    names = [layer.name for layer in plan.layers]
    assert len(names) == len(set(names))
    assert plan.input_shape == plan.layers[0].shape
    assert plan.input_shape[-1] == channels
    assert plan.layers[-1].shape == (classes,)
    assert all(min(layer.shape) > 0 for layer in plan.layers)
    assert all(layer.shape[-1] % layer.towers == 0 for layer in plan.layers)
    assert all(layer.parameters >= 0 and layer.macs >= 0 for layer in plan.layers)


@given(variants(), topologies())
def test_overlapping_and_non_overlapping_pooling_give_equal_shapes(variant, topology):
    plans = [
        plan_of(replace(variant, pooling=pooling), topology) for pooling in ("overlapping", "non-overlapping")
    ]

    first, second = ([(layer.name, layer.shape) for layer in plan.layers] for plan in plans)
    assert first == second


@given(variants(), topologies())
def test_padded_and_valid_input_give_equal_maps(variant, topology):
    valid, padded = (plan_of(replace(variant, input=name), topology) for name in ("valid", "padded"))

    assert shapes(valid, "convolution") == shapes(padded, "convolution")
    assert (valid.parameters, valid.macs) == (padded.parameters, padded.macs)
    (margin,) = shapes(padded, "margin")
    assert margin[0] == padded.input_shape[0] + 2 * topology.margin
    assert shapes(valid, "margin") == []


@given(variants(), topologies())
def test_towers_meet_where_the_papers_do(variant, topology):
    plan = plan_of(replace(variant, towers=2, removed="none"), topology)

    joining = [layer.name for layer in plan.layers if layer.kind == "convolution" and layer.joins]
    assert joining == ["conv1", "conv3"]
    assert all(layer.joins for layer in plan.layers if layer.kind == "dense")
    assert all(layer.towers == 2 for layer in plan.layers if layer.kind == "convolution")


@given(variants(), topologies())
def test_one_tower_has_the_shapes_of_two(variant, topology):
    variant = replace(variant, placement="one-device")
    one, two = (plan_of(replace(variant, towers=towers), topology) for towers in (1, 2))

    assert [layer.shape for layer in one.layers] == [layer.shape for layer in two.layers]
    assert one.parameters > two.parameters


@given(variants(), topologies())
def test_half_the_kernels_in_every_convolution_but_the_last(variant, topology):
    full, half = (plan_of(replace(variant, kernels=kernels), topology) for kernels in ("full", "half"))

    widths, halves = ([shape[-1] for shape in shapes(plan, "convolution")] for plan in (full, half))
    assert halves == [*(width // 2 for width in widths[:-1]), widths[-1]]
    assert shapes(full, "dense") == shapes(half, "dense")


@given(variants(), topologies())
def test_what_a_variant_leaves_out_is_no_layer(variant, topology):
    kinds = [layer.kind for layer in plan_of(variant, topology).layers]

    second = variant.second_normalization is not None
    assert kinds.count("normalization") == (0 if variant.normalization is None else 2) + second
    assert kinds.count("dropout") == (2 if variant.dropout else 0)
    removed = variant.removed != "none"
    assert (kinds.count("pooling"), kinds.count("activation")) == (3, 7 - removed)
    assert kinds.count("convolution") == 5 - removed


ORDERS = {
    "activation-first": [
        ["activation1", "normalization1", "pooling1"],
        ["activation2", "normalization2", "second_normalization2", "pooling2"],
        ["activation5", "pooling5"],
    ],
    "normalization-first": [
        ["normalization1", "activation1", "pooling1"],
        ["normalization2", "second_normalization2", "activation2", "pooling2"],
        ["activation5", "pooling5"],
    ],
    "code-of-2012": [
        ["normalization1", "pooling1", "activation1"],
        ["activation2", "normalization2", "second_normalization2", "pooling2"],
        ["pooling5", "activation5"],
    ],
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_what_follows_a_convolution(order):
    """With the shapes and parameters that the paper's order has, whatever the order."""
    variant = ALEXNET.but("mine", order=order, second_normalization="within-map-lrn", normalization=counted)
    plan, papers = plan_of(variant), plan_of(replace(variant, order="activation-first"))

    names = [layer.name for layer in plan.layers]
    starts = [names.index(f"conv{number}") + 1 for number in (1, 2, 5)]
    assert [
        names[start : start + len(expected)] for start, expected in zip(starts, ORDERS[order], strict=True)
    ] == ORDERS[order]
    assert (plan.parameters, plan.macs) == (papers.parameters, papers.macs)
    assert shapes(plan, "convolution") == shapes(papers, "convolution")
    assert names[starts[-1] + 2] == "flatten"


def test_memory_grows_with_the_batch_and_the_network():
    small, large = plan_of(ALEXNET), plan_of(ALEXNET, ALEXNET_227, 1000)

    assert small.memory_bytes(16) < small.memory_bytes(64) < large.memory_bytes(64)


# -- identity


@given(variants(), topologies())
def test_renaming_changes_nothing(variant, topology):
    renamed = replace(variant, name="other")
    recipe = scale_to_small_images(PAPER, 2000)

    assert fingerprint(variant, recipe, topology=topology) == fingerprint(renamed, recipe, topology=topology)
    assert fingerprint(
        variant, Recipe(**{**vars(recipe), "name": "other"}), topology=topology
    ) == fingerprint(variant, recipe, topology=topology)


@pytest.mark.parametrize("topology", ALEXNETS, ids=lambda topology: topology.name)
def test_of_the_shipped_variants_only_those_that_name_the_papers_values_are_alexnet(topology):
    together = {variant.name for variant in load_registry().select("all")}
    prints = {name: fingerprint(VARIANTS[name], topology=topology) for name in together}

    same = {name for name, found in prints.items() if found == prints["alexnet"]}
    assert same == {"alexnet", "lrn", "paper-weights", "bias-1"}
    assert len(set(prints.values())) == len(prints) - 3


def test_a_fingerprint_is_twelve_hex_digits_and_the_same_each_time():
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 12
    assert set(fingerprint()) <= set("0123456789abcdef")


def test_the_examples_change_every_field():
    assert OTHER_RECIPE.keys() == {field.name for field in fields(Recipe)} - {"name"}
    assert OTHER_VARIANT.keys() == {field.name for field in fields(ALEXNET)} - {"name", "recipe"}


@pytest.mark.parametrize("field", OTHER_RECIPE)
def test_a_variant_may_change_a_field_of_the_recipe(field):
    change = {field: OTHER_RECIPE[field]}

    assert fingerprint(ALEXNET.but("mine", recipe=change)) == fingerprint(recipe=PAPER.but(**change))


@pytest.mark.parametrize(
    ("augmentation", "without_effect"),
    [
        ("none", {"colour_noise_ends": 0.5, "crops_shared_by": 32}),
        ("crops-and-flips", {"colour_noise_ends": 0.5}),
    ],
)
def test_a_setting_of_an_augmentation_that_is_not_there_makes_no_other(augmentation, without_effect):
    recipe = PAPER.but(augmentation=augmentation)

    assert fingerprint(recipe=recipe.but(**without_effect)) == fingerprint(recipe=recipe)


def test_whatever_is_changed_makes_another():
    fields = [fingerprint(ALEXNET.but("mine", **{field: value})) for field, value in OTHER_VARIANT.items()]
    fields += [fingerprint(recipe=PAPER.but(**{field: value})) for field, value in OTHER_RECIPE.items()]
    recipes = [fingerprint(recipe=recipe) for recipe in RECIPES.values()]
    sizes = [fingerprint(topology=topology) for topology in TOPOLOGIES.values() if topology != ALEXNET_8]
    others = [fingerprint(classes=11), fingerprint(channels=1)]

    found = [*fields, *recipes, *sizes, *others]
    assert fingerprint() in recipes
    assert len(set(found)) == len(found)


# -- topologies


def test_a_topology_is_found_under_its_name_and_an_unknown_one_refused_with_the_list():
    assert [find_topology(name) for name in TOPOLOGIES] == list(TOPOLOGIES.values())
    with pytest.raises(UnknownNameError) as caught:
        find_topology("alexnet-33")

    assert str(caught.value) == (
        "unknown topology 'alexnet-33' (did you mean 'alexnet-32'?); "
        "choose from: 11pct, 13pct, 18pct, 19pct, 80sec, alexnet-227, alexnet-32, alexnet-8, alexnet-96, "
        "four-layer-32"
    )
