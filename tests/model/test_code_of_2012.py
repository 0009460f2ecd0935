"""The paper's network and that of its code, forward, against a pass of plain NumPy."""

import numpy as np
import pytest

from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import find_topology

VARIANTS = load_registry().variants


def relu(x):
    return np.maximum(x, 0)


def lrn(x, alpha):
    """Section 3.3: each tower by itself, over a map and two to each side; k=2, beta=0.75."""
    towers = []
    for tower in np.split(x, 2, -1):
        maps = tower.shape[-1]
        sums = [(tower[..., max(0, i - 2) : i + 3] ** 2).sum(-1) for i in range(maps)]
        towers.append(tower / (2 + alpha * np.stack(sums, -1)) ** 0.75)
    return np.concatenate(towers, -1)


def papers_lrn(x):
    return lrn(x, 1e-4)


def codes_lrn(x):
    return lrn(x, 1e-4 / 5)


def within_maps(x):
    """Over 5x5 pixels of one map; k=1, 0.001 over the 25 pixels, 0.75."""
    squares = np.pad(x**2, [(0, 0), (2, 2), (2, 2), (0, 0)])
    height, width = x.shape[1:3]
    sums = sum(squares[:, i : i + height, j : j + width] for i in range(5) for j in range(5))
    return x / (1 + 0.001 / 25 * sums) ** 0.75


def pool(x, padding):
    """Maxima over 3x3 pixels, 2 apart."""
    if padding == "same":
        before, after = divmod(max(0, (-(-x.shape[1] // 2) - 1) * 2 + 3 - x.shape[1]), 2)
        edge = (before, before + after)
        x = np.pad(x, [(0, 0), edge, edge, (0, 0)], constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2].max((-2, -1))


def convolve(x, kernel, bias, *, stride=1, padding="same"):
    """Where the kernel sees half of the maps, each tower sees its own."""
    groups = x.shape[-1] // kernel.shape[2]
    if padding == "same":
        edge = kernel.shape[0] // 2
        x = np.pad(x, [(0, 0), (edge, edge), (edge, edge), (0, 0)])
    parts = zip(np.split(x, groups, -1), np.split(kernel, groups, -1), strict=True)
    windows = [
        np.tensordot(
            np.lib.stride_tricks.sliding_window_view(part, kernel.shape[:2], (1, 2))[:, ::stride, ::stride],
            own,
            axes=([3, 4, 5], [2, 0, 1]),
        )
        for part, own in parts
    ]
    return np.concatenate(windows, -1) + bias


def flattened(x):
    """One tower's units after the other's."""
    return np.concatenate([tower.reshape(len(x), -1) for tower in np.split(x, 2, -1)], -1)


# What follows conv1, conv2 and conv5.
ORDERS = {
    "alexnet": ([relu, papers_lrn, pool], [relu, papers_lrn, pool], [relu, pool]),
    "alexnet-2012": ([codes_lrn, pool, relu], [relu, codes_lrn, within_maps, pool], [pool, relu]),
    "code-order": ([papers_lrn, pool, relu], [relu, papers_lrn, pool], [pool, relu]),
    "lrn-before-relu": ([papers_lrn, relu, pool], [papers_lrn, relu, pool], [relu, pool]),
}


def forward(model, x, order, *, stride, padding):
    """The logits, float64, of a network with a model's weights."""
    weights = {
        weight.path: np.asarray(weight.value, "float64")
        for layer in model.layers
        for weight in layer.trainable_variables
    }

    def of(layer):
        return weights[f"{layer}/kernel"], weights[f"{layer}/bias"]

    def followed(x, by):
        for function in by:
            x = function(x, padding) if function is pool else function(x)
        return x

    x = followed(convolve(x.astype("float64"), *of("conv1"), stride=stride, padding="valid"), order[0])
    x = followed(convolve(x, *of("conv2")), order[1])
    x = relu(convolve(x, *of("conv3")))
    x = relu(convolve(x, *of("conv4")))
    x = flattened(followed(convolve(x, *of("conv5")), order[2]))
    for layer in ("fc6", "fc7"):
        kernel, bias = of(layer)
        x = relu(x @ kernel + bias)
    kernel, bias = of("fc8")
    return x @ kernel + bias


def agrees(model, image, name, **shape):
    expected = forward(model, image, ORDERS[name], **shape)
    found = np.asarray(model(image, training=False))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


# So large that normalizations do much.
IMAGES = 300 * np.random.default_rng(0).standard_normal((2, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize("name", ORDERS)
def test_forward_is_what_numpy_gives(build, name):
    agrees(build(VARIANTS[name]), IMAGES, name, stride=1, padding="same")


def test_the_orders_are_told_apart_by_it(build):
    """On equal weights: what the comparisons above would miss, they could not see."""
    outputs = [np.asarray(build(VARIANTS[name])(IMAGES)) for name in ORDERS]
    assert all(np.abs(one - outputs[0]).max() > 1e-3 * np.abs(outputs[0]).max() for one in outputs[1:])


@pytest.mark.parametrize("name", ["alexnet", "alexnet-2012"])
def test_forward_with_227_pixels_is_what_numpy_gives(build, name):
    image = 100 * np.random.default_rng(1).standard_normal((1, 227, 227, 3)).astype("float32")
    model = build(VARIANTS[name], "alexnet-227", classes=1000, channels=3)
    agrees(model, image, name, stride=4, padding="valid")


def test_pooling_before_relu_is_relu_before_pooling(build):
    """As the ablation says of conv5: with LRN out of the way the two orders are one network."""
    papers, codes = (
        build(VARIANTS[name].but("mine", normalization="none"))(IMAGES) for name in ("alexnet", "code-order")
    )
    np.testing.assert_array_equal(papers, codes)


def test_the_second_normalization_stands_after_the_first_of_conv2():
    plan = make_plan(VARIANTS["alexnet-2012"], find_topology("alexnet-227"), classes=1000)
    names = [layer.name for layer in plan.layers]
    assert names[1:10] == [
        *("conv1", "normalization1", "pooling1", "activation1"),
        *("conv2", "activation2", "normalization2", "second_normalization2", "pooling2"),
    ]
    assert names[names.index("conv5") :][:3] == ["conv5", "pooling5", "activation5"]
