"""cuda-convnet's networks for CIFAR-10 and their recipes, to the letter.

Source: dnouri/cuda-convnet, example-layers/layers-*.cfg and layer-params-*.cfg.
"""

import pytest

from alexnet_bench import ALEXNET, block
from alexnet_bench.errors import BenchError, VariantError
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import scale_to_small_images
from alexnet_bench.network.recipes import RECIPES
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import TOPOLOGIES
from alexnet_bench.network.trainable import Network

VARIANTS = load_registry().variants
NAMES = ("80sec", "19pct", "18pct", "13pct", "11pct")

# Each layer that has weights: the side and the number of its maps, or its units; its parameters.
CONV1, CONV2, CONV3 = ((32, 32, 32), 2_432), ((16, 16, 32), 25_632), ((8, 8, 64), 51_264)
SMALL = {"conv1": CONV1, "conv2": CONV2, "conv3": CONV3, "fc4": ((10,), 10_250)}
LARGE = {
    "conv1": ((24, 24, 64), 4_864),
    "conv2": ((12, 12, 64), 102_464),
    # At each of 36 positions 32 kernels of 3x3x64 and 3x3x32, each with a bias.
    "local3": ((6, 6, 32), 664_704),
    "local4": ((6, 6, 32), 332_928),
    "fc5": ((10,), 11_530),
}
LAYERS = {
    "80sec": SMALL | {"fc4": ((64,), 65_600), "fc5": ((10,), 650)},
    "19pct": SMALL,
    "18pct": SMALL,
    "13pct": LARGE,
    "11pct": LARGE,
}
PARAMETERS = {"80sec": 145_578, "19pct": 89_578, "18pct": 89_578, "13pct": 1_116_490, "11pct": 1_116_490}
MACS = {
    # 75·32·32², 800·32·16², 800·64·8², then 1024·64 + 64·10, or 1024·10.
    "80sec": 2_457_600 + 6_553_600 + 3_276_800 + 66_176,
    "19pct": 2_457_600 + 6_553_600 + 3_276_800 + 10_240,
    "18pct": 2_457_600 + 6_553_600 + 3_276_800 + 10_240,
    # 75·64·24², 1600·64·12², 576·32·6², 288·32·6², 1152·10.
    "13pct": 2_764_800 + 14_745_600 + 663_552 + 331_776 + 11_520,
    "11pct": 2_764_800 + 14_745_600 + 663_552 + 331_776 + 11_520,
}
ACTIVE = ["convolution", "activation"]
LOCAL = ["local", "activation"]
ORDER = {
    "80sec": 3 * [*ACTIVE, "pooling"] + ["flatten", "dense", "activation", "dense"],
    "19pct": 3 * [*ACTIVE, "pooling"] + ["flatten", "dense"],
    "18pct": 2 * [*ACTIVE, "pooling", "normalization"] + [*ACTIVE, "pooling", "flatten", "dense"],
    "13pct": 2 * [*ACTIVE, "pooling"] + 2 * LOCAL + ["flatten", "dense"],
    "11pct": 2 * [*ACTIVE, "normalization", "pooling"] + 2 * LOCAL + ["flatten", "dense"],
}


def plan_of(topology, variant=ALEXNET):
    return make_plan(variant, TOPOLOGIES[topology], classes=10)


def blocks(plan, kind):
    return [layer.block.name for layer in plan.layers if layer.kind == kind]


@pytest.mark.parametrize("name", NAMES)
def test_layers_are_those_of_the_source(name):
    plan = plan_of(name)

    weighty = {item.name: (item.shape, item.parameters) for item in plan.layers if item.parameters}
    assert weighty == LAYERS[name]
    assert [layer.kind for layer in plan.layers[1:]] == ORDER[name]
    assert (plan.parameters, plan.macs) == (PARAMETERS[name], MACS[name])
    # Forward, and both gradients but that of the images.
    assert plan.training_flops == 6 * MACS[name] - 2 * plan.layers[1].macs


@pytest.mark.parametrize("name", NAMES)
def test_maxima_are_pooled_first_and_means_later_in_the_smaller_ones(name):
    small = name not in ("13pct", "11pct")
    expected = ["overlapping", "average", "average"] if small else ["overlapping", "overlapping"]
    assert blocks(plan_of(name), "pooling") == expected
    normalized = {"18pct": 2 * ["within-map-18pct"], "11pct": 2 * ["cross-map-11pct"]}
    assert blocks(plan_of(name), "normalization") == normalized.get(name, [])


@pytest.mark.parametrize(("with_norm", "without"), [("18pct", "19pct"), ("11pct", "13pct")])
def test_without_normalization_they_are_the_next_larger_error(with_norm, without):
    assert (
        plan_of(with_norm, VARIANTS["no-lrn"]).layers
        == plan_of(without).layers
        == plan_of(without, VARIANTS["no-lrn"]).layers
    )


@block()
def mine(**layer):
    raise NotImplementedError


@pytest.mark.parametrize("name", NAMES)
def test_what_a_variant_changes_stands_in_place_of_what_the_topology_has(name):
    own = plan_of(name)
    everything = {"activation": mine, "normalization": mine, "pooling": mine, "dropout": 0.2}
    changed = plan_of(name, ALEXNET.but("mine", **everything))

    for kind in ("activation", "normalization", "pooling"):
        assert blocks(changed, kind) == len(blocks(own, kind)) * ["mine"]
    drops = [layer.rate for layer in changed.layers if layer.kind == "dropout"]
    assert drops == ([0.2] if name == "80sec" else [])
    assert "dropout" not in [layer.kind for layer in own.layers]


def after_convolutions(topology, **changes):
    """What follows conv1 and conv2."""
    following = []
    for layer in plan_of(topology, ALEXNET.but("mine", **changes)).layers[1:]:
        if layer.kind in ("convolution", "local"):
            following.append([])
        else:
            following[-1].append(layer.name)
    return following[:2]


def test_normalization_first_moves_normalizations_alone():
    assert after_convolutions("18pct", order="normalization-first") == [
        ["normalization1", "activation1", "pooling1"],
        ["normalization2", "activation2", "pooling2"],
    ]
    for name in ("80sec", "19pct", "13pct"):
        assert after_convolutions(name, order="normalization-first") == after_convolutions(name)


def test_the_order_of_the_code_of_2012_is_in_place_of_the_papers_alone():
    """After a pooling that takes means, ReLU is another function."""
    for name in ("80sec", "19pct", "18pct"):
        with pytest.raises(VariantError) as caught:
            after_convolutions(name, order="code-of-2012")
        assert str(caught.value) == (
            "'mine' has the order of the code of 2012 in place of the paper's, "
            f"and {name} has another; leave it out"
        )
    assert after_convolutions("11pct", order="code-of-2012")[0] == [
        "normalization1",
        "pooling1",
        "activation1",
    ]


def test_a_second_normalization_stands_after_a_first():
    for name, expected in (("19pct", 0), ("13pct", 0), ("18pct", 3), ("11pct", 3)):
        plan = plan_of(name, ALEXNET.but("mine", second_normalization="within-map-lrn"))
        assert len(blocks(plan, "normalization")) == expected


def test_what_is_trained_on_crops_is_tested_on_nine_views_unless_a_variant_says_otherwise():
    seen = {name: plan_of(name).variant.evaluation for name in NAMES}
    assert seen == dict.fromkeys(NAMES, "centre") | {"13pct": "nine-views", "11pct": "nine-views"}
    assert plan_of("11pct", VARIANTS["ten-crops"]).variant.evaluation == "ten-crops"
    assert [plan_of(name).input_shape[0] for name in NAMES] == [32, 32, 32, 24, 24]


# -- recipes

# Of each layer: deviation of the initial weights, weight decay.
CONVOLUTIONS = {"conv1": (1e-4, 0.004), "conv2": (0.01, 0.004), "conv3": (0.01, 0.004)}
WITH_LOCAL = {
    "conv1": (1e-4, 0.0),
    "conv2": (0.01, 0.0),
    "local3": (0.04, 0.004),
    "local4": (0.04, 0.004),
    "fc5": (0.01, 0.004),
}
BY_LAYER = {
    "80sec": CONVOLUTIONS | {"fc4": (0.1, 0.03), "fc5": (0.1, 0.03)},
    "19pct": CONVOLUTIONS | {"fc4": (0.01, 3.0)},
    "18pct": CONVOLUTIONS | {"fc4": (0.01, 1.0)},
    "13pct": WITH_LOCAL,
    "11pct": WITH_LOCAL,
}
# The epochs of each rate of weights, and of biases: 0.001 and 0.002, then a tenth of them, a hundredth.
EPOCHS = {
    "80sec": ((8, 2), (8, 2)),
    "19pct": ((120, 10, 10), (120, 10, 10)),
    "18pct": ((120, 10, 10), (120, 10, 10)),
    "13pct": ((140, 10, 10), (160,)),
    "11pct": ((450, 10, 10), (470,)),
}


def rates(schedule, epochs):
    """The rate in each epoch."""
    return [schedule.at((epoch + 0.5) / epochs) for epoch in range(epochs)]


@pytest.mark.parametrize("name", NAMES)
def test_recipes_are_those_of_the_source(name):
    recipe, crops = RECIPES[name], name in ("13pct", "11pct")

    assert TOPOLOGIES[name].recipe == name
    found = {layer: (recipe.layer(layer).deviation, recipe.decay_of(layer)) for layer in BY_LAYER[name]}
    assert found == BY_LAYER[name]
    assert found.keys() == LAYERS[name].keys() == recipe.layers.keys()
    assert (recipe.optimizer.name, recipe.momentum, recipe.batch_size, recipe.bias) == ("sgd", 0.9, 128, 0.0)
    assert (recipe.pixels, recipe.augmentation) == ("mean-image", "crops-and-flips" if crops else "none")
    for start, bias, spans in zip((0.001, 0.002), (False, True), EPOCHS[name], strict=True):
        expected = [start / 10**drop for drop, span in enumerate(spans) for _ in range(span)]
        for layer in recipe.layers:
            assert rates(recipe.rate_schedule(layer, bias=bias), recipe.epochs) == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
def test_small_images_and_few_of_them_leave_the_recipes_as_they_are(name):
    assert scale_to_small_images(RECIPES[name], 1000) == RECIPES[name]


def test_a_layer_that_a_variant_leaves_out_is_not_trained():
    """Convolution or locally connected; 18pct has no fourth convolution, and its fc4 stays."""
    for name, topology, left_out in [
        ("no-conv3", "18pct", "conv3"),
        ("no-conv4", "18pct", None),
        ("no-conv3", "11pct", "local3"),
        ("no-conv4", "13pct", "local4"),
    ]:
        layers = RECIPES[topology].layers
        expected = {layer: own for layer, own in layers.items() if layer != left_out}
        assert VARIANTS[name].train_with(RECIPES[topology]).layers == expected


# What a topology has no place for: two towers, the paper's order, conv4 and conv5.
REFUSED = {
    "80sec": {"two-gpu", "code-order", "code-deviations", "alexnet-2012"},
    "19pct": {"two-gpu", "code-order", "code-deviations", "alexnet-2012"},
    "18pct": {"two-gpu", "code-order", "code-deviations", "alexnet-2012"},
    "13pct": {"two-gpu", "code-deviations", "alexnet-2012"},
    "11pct": {"two-gpu", "code-deviations", "alexnet-2012"},
}


@pytest.mark.parametrize("topology", NAMES)
def test_every_variant_is_a_network_with_a_recipe_that_fits_or_is_refused(topology):
    refused = set()
    for name, variant in VARIANTS.items():
        try:
            plan = plan_of(topology, variant)
            Network(variant=variant, plan=plan, recipe=variant.train_with(RECIPES[topology]))
        except BenchError:
            refused.add(name)
    assert refused == REFUSED[topology]


def test_a_variants_own_settings_of_a_layer_leave_its_others_as_they_are():
    recipe = VARIANTS["code-conv1-stops"].train_with(RECIPES["18pct"])

    found = {layer: (recipe.layer(layer).deviation, recipe.decay_of(layer)) for layer in BY_LAYER["18pct"]}
    assert found == BY_LAYER["18pct"]
    assert recipe.layer("conv1").stops == 0.74


def test_a_change_of_the_whole_recipe_is_one_of_every_layer():
    recipe = RECIPES["18pct"]
    weights = VARIANTS["he-weights"].train_with(recipe)
    undecayed = VARIANTS["no-weight-decay"].train_with(recipe)

    assert {weights.layer(layer).deviation for layer in recipe.layers} == {None}
    assert [weights.decay_of(layer) for layer in recipe.layers] == [0.004, 0.004, 0.004, 1.0]
    assert [undecayed.decay_of(layer) for layer in recipe.layers] == [0.0] * 4
    assert undecayed.layer("conv1").deviation == 1e-4
    assert recipe.but(layers={"fc4": {"weight_decay": 2.0}}, weight_decay=0.1).decay_of("fc4") == 2.0
