import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench import ALEXNET, Recipe
from alexnet_bench.errors import UnknownNameError, VariantError
from alexnet_bench.network.layer_recipe import LayerRecipe, RateSchedule
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.topology import ALEXNET_8
from alexnet_bench.network.trainable import Network

LAYERS = {"conv1": {"drops": (0.5,), "stops": 0.75}, "fc8": {"deviation": 0.03, "weight_decay": 1.0}}


def network(variant):
    plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
    return Network(variant=variant, plan=plan, recipe=variant.train_with(PAPER))


@pytest.mark.parametrize(
    ("progress", "rate"), [(0.0, 0.1), (0.5, 0.01), (0.6, 0.001), (0.74, 0.001), (0.75, 0.0), (1.0, 0.0)]
)
def test_a_rate_drops_and_stops_after_shares_of_training(progress, rate):
    schedule = RateSchedule(start=0.1, drops=(0.5, 0.6), stops=0.75)

    assert schedule.at(progress) == pytest.approx(rate)


def test_without_more_all_layers_and_biases_learn_as_the_recipe_says():
    found = {PAPER.rate_schedule(layer, bias=bias) for layer in ("conv1", "fc6") for bias in (True, False)}

    assert found == {RateSchedule(start=0.01, drops=(0.5, 0.75, 0.9))}


def test_a_bias_may_have_a_rate_and_drops_of_its_own_a_layer_both():
    recipe = PAPER.but(bias_rate=2, bias_drops=(), layers=LAYERS)

    assert recipe.rate_schedule("conv2", bias=True) == RateSchedule(start=0.01, factor=2)
    assert recipe.rate_schedule("conv1", bias=True) == RateSchedule(
        start=0.01, factor=2, drops=(0.5,), stops=0.75
    )
    assert recipe.rate_schedule("conv1") == RateSchedule(start=0.01, drops=(0.5, 0.75, 0.9, 0.5), stops=0.75)
    assert (recipe.decay_of("fc8"), recipe.decay_of("conv1")) == (1.0, PAPER.weight_decay)


def test_settings_are_json_and_make_the_recipe_again():
    recipe = PAPER.but(bias_rate=2, bias_drops=(), layers=LAYERS)

    settings = json.loads(json.dumps(recipe.settings))
    assert settings["layers"] == {
        "conv1": {"drops": [0.5], "stops": 0.75},
        "fc8": {"deviation": 0.03, "weight_decay": 1.0},
    }
    assert Recipe(**settings) == recipe
    assert recipe.layer("fc8") == LayerRecipe(deviation=0.03, weight_decay=1.0)


def test_layers_of_which_nothing_is_said_are_none():
    assert PAPER.but(layers={}) == PAPER.but(layers={"conv1": {}}) == PAPER


def test_a_variants_deviations_are_beside_the_papers_alone():
    """Not where weights start by another rule, as in small topologies, unless it names that rule."""
    layers = {"conv1": {"deviation": 0.03}, "conv2": {"deviation": 0.03, "rate": 2.0}}
    variant, small = ALEXNET.but("mine", recipe={"layers": layers}), scale_to_small_images(PAPER, 1293)

    assert variant.train_with(PAPER).layers == PAPER.but(layers=layers).layers
    assert variant.train_with(small) == small.but(layers={"conv2": {"rate": 2.0}})
    named = variant.but("named", recipe={"initialization": "he"})
    assert named.train_with(small) == small.but(layers=layers)


def test_a_recipe_that_says_nothing_of_layers_is_the_one_it_was():
    """What identifies a training in records that were written before."""
    assert PAPER.identity.keys().isdisjoint({"layers", "bias_rate", "bias_drops"})


def test_a_difference_in_layers_is_said_in_words():
    variant = ALEXNET.but("mine", recipe={"layers": LAYERS})

    assert variant.difference == (
        "recipe.layers conv1: drops [0.5], stops 0.75; fc8: deviation 0.03, weight_decay 1.0"
    )


def test_a_layer_that_the_network_has_not_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        network(ALEXNET.but("mine", recipe={"layers": {"cov1": {"stops": 0}, "activation1": {"stops": 0}}}))

    assert str(caught.value) == (
        "unknown alexnet-8 layers 'cov1' (did you mean 'conv1'?), 'activation1'; "
        "choose from: conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8"
    )


def test_refuses_settings_and_values_that_no_layer_has():
    with pytest.raises(UnknownNameError, match=r"unknown conv1 setting 'stop' \(did you mean 'stops'\?\)"):
        PAPER.but(layers={"conv1": {"stop": 0.5}})
    for name in ("deviation", "weight_decay", "rate"):
        with pytest.raises(VariantError, match=f"a layer's {name} is -1"):
            PAPER.but(layers={"conv1": {name: -1}})


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({"conv1": {"stops": 1.5}}, "a layer's stops has 1.5; a share of training is from 0 to 1"),
        ({"conv1": {"stops": -0.1}}, "a layer's stops has -0.1; a share of training is from 0 to 1"),
        ({"conv1": {"drops": [0.5, 3]}}, "a layer's drops has 3; a share of training is from 0 to 1"),
        ({"conv1": {"drops": 0.5}}, "a layer's drops is 0.5; give a list of shares of training"),
        ({"conv1": {"rate": "0.1"}}, "a layer's rate is '0.1'; it must be a number not below 0"),
        (
            {"conv1": 0.1},
            "recipe layer conv1 is 0.1; give its settings by their names: "
            "deviation, weight_decay, rate, drops, stops",
        ),
        (0.1, "recipe layers are 0.1; give a layer's settings by its name"),
    ],
)
def test_refuses_what_is_no_setting_in_one_line(layers, message):
    with pytest.raises(VariantError) as caught:
        ALEXNET.but("mine", recipe={"layers": layers})
    assert str(caught.value) == message


def test_what_a_variant_says_of_layers_adds_to_what_the_recipe_says():
    base = PAPER.but(layers={"conv1": {"deviation": 1e-4, "rate": 0.5}, "fc8": {"weight_decay": 1.0}})
    variant = ALEXNET.but("mine", recipe={"layers": {"conv1": {"rate": 1.0, "stops": 0.5}}})

    trained = variant.train_with(base)
    assert trained == base.but(
        layers={"conv1": {"deviation": 1e-4, "stops": 0.5}, "fc8": {"weight_decay": 1.0}}
    )
    assert ALEXNET.but("mine", recipe={"layers": None}).train_with(base).layers is None


def test_what_a_variant_says_of_all_layers_replaces_what_the_recipe_says_of_each():
    """And what it says of a layer itself holds."""
    base = PAPER.but(layers={"conv1": {"deviation": 1e-4, "weight_decay": 0.1}})
    own = {"conv1": {"stops": 0.5}, "conv2": {"deviation": 0.02}}

    weights = ALEXNET.but("mine", recipe={"layers": own, "initialization": "he"}).train_with(base)
    assert weights.layers == PAPER.but(layers=own | {"conv1": {"weight_decay": 0.1, "stops": 0.5}}).layers
    decays = ALEXNET.but("mine", recipe={"layers": own, "weight_decay": 0.0}).train_with(base)
    assert decays.layers == PAPER.but(layers=own | {"conv1": {"deviation": 1e-4, "stops": 0.5}}).layers


@given(st.floats(1e-6, 10), st.floats(1e-6, 10), st.floats(0.01, 100), st.floats(0.01, 100), st.booleans())
def test_which_rates_are_one_does_not_depend_on_the_recipes_rate(one, other, bias, layer, inverse):
    recipe = PAPER.but(bias_rate=bias, layers={"conv1": {"rate": 1 / bias if inverse else layer}})

    def distinct(rate):
        at_rate = recipe.but(learning_rate=rate)
        own = (at_rate.rate_schedule("conv1", bias=of_bias) for of_bias in (False, True))
        found = [at_rate.rate_schedule(), at_rate.rate_schedule(bias=True), *own]
        return [found.index(schedule) for schedule in found]

    assert distinct(one) == distinct(other)
