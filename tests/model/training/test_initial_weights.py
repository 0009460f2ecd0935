"""Removing a layer changes no other layer's random draws."""

import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.model.build import build_model
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.topology import ALEXNET_8


@pytest.fixture(scope="module")
def build(recipe):
    def build(variant, seed=0, **changes):
        plan = make_plan(variant, ALEXNET_8, classes=10, channels=1)
        return build_model(plan, recipe.but(**changes), seed=seed)

    return build


@pytest.fixture(scope="module")
def alexnet(build):
    return build(ALEXNET)


def weights(model):
    return {weight.path: weight.value.numpy() for weight in model.trainable_weights}


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "changes",
    [{"normalization": "none"}, {"dropout": 0.0}, {"activation": "tanh"}, {"pooling": "non-overlapping"}],
)
def test_other_layers_start_with_equal_weights(build, alexnet, changes):
    assert equal(weights(build(ALEXNET.but("other", **changes))), weights(alexnet))


def test_same_seed_same_weights(build, alexnet):
    assert equal(weights(build(ALEXNET)), weights(alexnet))


def test_other_seed_other_weights(build, alexnet):
    other = weights(build(ALEXNET, seed=1))
    kernels = [path for path in other if path.endswith("kernel")]
    assert not [path for path in kernels if np.array_equal(other[path], weights(alexnet)[path])]


def test_no_two_layers_share_their_draws(alexnet):
    """Nor do the towers of one."""
    kernels = {path: value for path, value in weights(alexnet).items() if "kernel" in path}
    draws = [
        part for path, value in kernels.items() for part in np.split(value, 1 if "fc8" in path else 2, -1)
    ]
    firsts = [draw.ravel()[0] / draw.std() for draw in draws]
    assert len(set(firsts)) == len(firsts) == 15


def test_dropout_masks_are_drawn_by_layer(build, alexnet):
    """Without normalization they are the same; no two layers or steps have the same."""
    masks = [_masks(model) for model in (build(ALEXNET), build(ALEXNET.but("other", normalization="none")))]
    assert masks[0] == masks[1]
    assert len(set(masks[0])) == 4


def _masks(model):
    """Of two layers in two steps."""
    ones = np.ones((1, 128), "float32")
    layers = [model.get_layer(f"dropout{number}") for number in (6, 7)]
    return [tuple(np.array(layer(ones, training=True)).ravel()) for _ in range(2) for layer in layers]


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(build, rate):
    dropout = build(ALEXNET.but("other", dropout=rate)).get_layer("dropout6")
    dropped = np.array(dropout(np.ones((200, 128), "float32"), training=True))
    assert np.mean(dropped == 0) == pytest.approx(rate, abs=0.02)
    assert set(np.unique(dropped)) == {0, np.float32(1 / (1 - rate))}
    np.testing.assert_array_equal(dropout(np.ones((2, 128), "float32")), np.ones((2, 128)))


def test_the_papers_initialisation(build):
    """Section 5: deviation 0.01; bias 1 in conv2, conv4, conv5 and the hidden dense layers, else 0."""
    drawn = weights(build(ALEXNET, initialization="paper", bias=1.0))
    kernels = {path: value for path, value in drawn.items() if path.endswith("kernel") and value.size > 4000}
    assert kernels
    assert [value.std() for value in kernels.values()] == pytest.approx([0.01] * len(kernels), rel=0.05)
    ones = {
        path.split("/")[0] for path, value in drawn.items() if path.endswith("bias") and (value == 1).all()
    }
    zeros = {path.split("/")[0] for path, value in drawn.items() if not value.any()}
    assert (ones, zeros) == ({"conv2", "conv4", "conv5", "fc6", "fc7"}, {"conv1", "conv3", "fc8"})


def test_hes_initialisation_goes_by_the_fan_in(build):
    drawn = weights(build(ALEXNET, initialization="he"))
    for path, value in drawn.items():
        if path.endswith("kernel") and value.size > 4000:
            fan_in = value.size / value.shape[-1]
            assert value.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.05), path
