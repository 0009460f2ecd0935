"""What a trial does where layers, biases and epochs are trained otherwise than the rest."""

import keras
import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.data import open_dataset
from alexnet_bench.model.build import build_model
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.recipe import PAPER, scale_to_small_images
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_8

# Built and compiled in half the time, where the network doesn't matter.
PLAIN = ALEXNET.but("plain", towers=1, normalization="none")


@pytest.fixture
def weights_after(train, recipe, tmp_path):
    """The weights, by their paths, that a trial ends with."""

    def weights_after(most_epochs=None, **changes):
        file = tmp_path / "model.keras"
        changed = recipe.but(optimizer="sgd", **changes)
        train(PLAIN, recipe=changed, evaluate_test=False, most_epochs=most_epochs, model=file)
        return {item.path: item.value.numpy() for item in keras.saving.load_model(file).trainable_variables}

    return weights_after


def changed(one, other):
    """The layers whose weights differ."""
    return {path.split("/")[0] for path in one if not np.array_equal(one[path], other[path])}


LAYERS = {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"}


def test_a_layer_that_stops_half_way_is_what_it_was_then(weights_after):
    """And the others learn on."""
    stopping = {"momentum": 0.0, "layers": {"conv1": {"stops": 0.5}}}

    assert changed(weights_after(most_epochs=1, **stopping), weights_after(**stopping)) == LAYERS - {"conv1"}


def test_what_momentum_carries_on_dies_down(weights_after):
    """As in the code of 2012, a rate of zero stops no velocity."""
    stopping = {"epochs": 6, "layers": {"conv1": {"stops": 1 / 6}}}
    after = [weights_after(most_epochs=epochs, **stopping)["conv1/kernel"] for epochs in (1, 2, 6)]

    assert np.abs(after[1] - after[0]).max() > 1e-4
    np.testing.assert_allclose(after[2], after[1], atol=0.1 * np.abs(after[1] - after[0]).max())


def test_in_the_first_step_a_bias_moves_twice_as_far_at_twice_the_rate(weights_after, recipe, digits):
    one_step = {"epochs": 1, "batch_size": len(digits.carve(0)[0]), "drops": ()}
    start = build_model(make_plan(PLAIN, ALEXNET_8, classes=10, channels=1), recipe)
    before = {item.path: item.value.numpy() for item in start.trainable_variables}
    once, twice = (weights_after(bias_rate=rate, **one_step) for rate in (None, 2.0))

    for path, value in before.items():
        times = 2 if path.endswith("bias") else 1
        moved = once[path] - value
        np.testing.assert_allclose(twice[path] - value, times * moved, atol=1e-6 + 1e-3 * np.abs(moved).max())
    assert all(np.abs(once[path] - value).max() > 1e-6 for path, value in before.items())


def test_biases_may_learn_on_where_the_rate_is_cut(weights_after):
    """Cut twelve times over at the start, it is next to nothing; the biases' is not."""
    start = weights_after(drops=(0.0,) * 12, weight_decay=0.0)
    found = weights_after(drops=(0.0,) * 12, bias_drops=(), weight_decay=0.0)

    moved = {path for path in found if np.abs(found[path] - start[path]).max() > 1e-5}
    assert moved == {f"{layer}/bias" for layer in LAYERS}


def test_the_curve_has_the_rate_of_most_layers(train, recipe):
    trained = recipe.but(layers={"conv1": {"stops": 0.0}}, learning_rate=2e-3, drops=(0.5,))

    rows = train(PLAIN, recipe=trained)["curve"]
    assert [row["learning_rate"] for row in rows] == pytest.approx([2e-3, 2e-4])


def test_a_layers_weights_start_with_its_deviation(recipe):
    plan = make_plan(ALEXNET, ALEXNET_8, classes=10, channels=1)
    found, plain = (
        build_model(plan, recipe.but(layers=layers)) for layers in ({"conv4": {"deviation": 0.03}}, None)
    )

    assert found.get_layer("conv4").kernel.value.numpy().std() == pytest.approx(0.03, rel=0.05)
    pairs = zip(found.trainable_variables, plain.trainable_variables, strict=True)
    different = {one.path for one, other in pairs if not np.array_equal(one.value, other.value)}
    assert different == {"conv4/kernel"}


def test_colour_noise_ends_with_its_share_of_the_epochs(train, recipe):
    """Half way: the first epoch is that of noise to the end, the second is another."""
    noisy = recipe.but(augmentation="crops-flips-colour")
    whole, half, none = (
        train(PLAIN, recipe=noisy.but(colour_noise_ends=ends))["curve"] for ends in (1.0, 0.5, 0.0)
    )

    assert half[0] == whole[0]
    assert half[1] != whole[1]
    assert none == train(PLAIN, recipe=recipe)["curve"]


def test_the_network_of_2012_trains(train, recipe):
    """Eight epochs of all digits; by chance, nine in ten are wrong."""
    variant, base = load_registry().variants["alexnet-2012"], scale_to_small_images(PAPER, 1293)

    outcome = train(variant, recipe=variant.train_with(base.but(epochs=8)), dataset=open_dataset("digits"))
    assert outcome["test_top1_error"] < 0.7
