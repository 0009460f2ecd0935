"""The arms of `@code-and-paper` against the numbers of the code.

Source: computerhistory/AlexNet-Source-Code at 2f8b81f, layers/layers-145.cfg and layer-params-145.cfg,
layer.py, convdata_jpeg.py.
"""

import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.network.recipe import PAPER
from alexnet_bench.network.registry import load_registry

ABLATION = load_registry().ablations["code-and-paper"]
ARMS = {arm.name: arm for arm in ABLATION.arms}

EPOCHS = 97
# Of each arm, the changes of its network and of its recipe.
NETWORKS = {
    "code-order": {"order": "code-of-2012"},
    "code-alpha": {"normalization": "averaged-lrn"},
    "code-second-norm": {"second_normalization": "within-map-lrn"},
}
CONV1 = {"conv1": {"drops": [0.69], "stops": 0.74}}
DEVIATIONS = {layer: {"deviation": 0.03} for layer in ("conv3", "conv4", "conv5")}
RECIPES = {
    "code-deviations": {"layers": DEVIATIONS},
    "code-bias-rate": {"bias_rate": 2.0, "bias_drops": []},
    "code-conv1-stops": {"layers": CONV1},
    "code-colour-noise": {"colour_noise_ends": 0.69},
    "code-shared-crops": {"crops_shared_by": 32},
}


def recipe_changes(variant):
    """The settings in which it is trained otherwise than the paper says."""
    own, papers = variant.train_with(PAPER).settings, PAPER.settings
    return {name: value for name, value in own.items() if value != papers[name]}


def network_changes(variant):
    """The fields in which its network differs, with their names."""
    own = {name: value for name, value in variant.changes.items() if not name.startswith("recipe.")}
    return {name: getattr(value, "name", value) for name, value in own.items()}


@pytest.mark.parametrize("name", [*NETWORKS, *RECIPES])
def test_an_arm_is_one_departure_with_the_numbers_of_the_code(name):
    assert network_changes(ARMS[name]) == NETWORKS.get(name, {})
    assert recipe_changes(ARMS[name]) == RECIPES.get(name, {})


def test_the_network_of_the_code_is_all_of_them():
    assert ARMS.keys() == {*NETWORKS, *RECIPES, "alexnet-2012"}
    whole = ARMS["alexnet-2012"]
    assert network_changes(whole) == {name: value for own in NETWORKS.values() for name, value in own.items()}
    together = {name: value for own in RECIPES.values() for name, value in own.items()}
    assert recipe_changes(whole) == together | {"layers": CONV1 | DEVIATIONS}
    assert ABLATION.control == ALEXNET


def test_shares_of_training_are_those_of_the_epochs_in_the_log():
    """Colour noise and conv1's first cut at epoch 67, its last at 72, of 97."""
    assert (round(67 / EPOCHS, 2), round(72 / EPOCHS, 2)) == (0.69, 0.74)


def test_conv1_learns_ever_less_and_then_no_more_while_the_others_learn_on():
    recipe = ARMS["alexnet-2012"].train_with(PAPER)
    shares = [0.0, 0.7, 0.8]

    assert [recipe.rate_schedule("conv1").at(share) for share in shares] == pytest.approx([0.01, 1e-4, 0.0])
    assert [recipe.rate_schedule("conv2").at(share) for share in shares] == pytest.approx([0.01, 1e-3, 1e-4])
    assert [recipe.rate_schedule("conv2", bias=True).at(share) for share in shares] == pytest.approx(
        [0.02] * 3
    )
