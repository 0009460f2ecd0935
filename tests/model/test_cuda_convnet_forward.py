"""cuda-convnet's networks compute what a pass written in plain numpy does."""

import numpy as np
import pytest

from alexnet_bench import ALEXNET
from alexnet_bench.network.topology import CUDA_CONVNET

POOL, STRIDE = 3, 2


def convolution(maps, kernel, bias):
    """What surrounds the maps is zero."""
    border = len(kernel) // 2
    height, width = maps.shape[1:3]
    wide = np.pad(maps, [(0, 0), (border, border), (border, border), (0, 0)])
    shifts = np.ndindex(kernel.shape[:2])
    return bias + sum(wide[:, y : y + height, x : x + width] @ kernel[y, x] for y, x in shifts)


def local(maps, kernel, bias):
    """A kernel at each position: what a convolution with it has there."""
    rows, columns = kernel.shape[:2]
    found = np.empty((len(maps), rows, columns, kernel.shape[-1]))
    for row, column in np.ndindex(rows, columns):
        found[:, row, column] = convolution(maps, kernel[row, column], 0)[:, row, column]
    return found + bias.reshape(rows, columns, -1)


def pooled(maps, how):
    """Windows begin at the first pixel; what the last ones lack they do without."""
    starts = range(0, maps.shape[1] - 1, STRIDE)
    rows = [[how(maps[:, y : y + POOL, x : x + POOL], axis=(1, 2)) for x in starts] for y in starts]
    return np.stack([np.stack(row, 1) for row in rows], 1)


def normalized_within(maps):
    wide = np.pad(maps**2, [(0, 0), (1, 1), (1, 1), (0, 0)])
    height, width = maps.shape[1:3]
    sums = sum(wide[:, y : y + height, x : x + width] for y, x in np.ndindex(3, 3))
    return maps / (1 + 5e-5 / 9 * sums) ** 0.75


def normalized_across(maps):
    wide = np.pad(maps**2, [(0, 0), (0, 0), (0, 0), (2, 2)])
    sums = sum(wide[..., first : first + maps.shape[-1]] for first in range(5))
    return maps / (1 + 0.001 / 5 * sums) ** 0.75


def expected(name, images, weights):
    """The logits of a network."""

    def active(function, layer, maps):
        return np.maximum(function(maps, *weights[layer]), 0)

    maps = images.astype("float64")
    if name in ("13pct", "11pct"):
        for layer in ("conv1", "conv2"):
            maps = active(convolution, layer, maps)
            maps = pooled(normalized_across(maps) if name == "11pct" else maps, np.max)
        for layer in ("local3", "local4"):
            maps = active(local, layer, maps)
    else:
        for layer, how in (("conv1", np.max), ("conv2", np.mean), ("conv3", np.mean)):
            maps = pooled(active(convolution, layer, maps), how)
            if name == "18pct" and layer != "conv3":
                maps = normalized_within(maps)
    *hidden, last = (layer for layer in weights if layer.startswith("fc"))
    units = maps.reshape(len(maps), -1)
    for layer in hidden:
        units = active(lambda values, kernel, bias: values @ kernel + bias, layer, units)
    kernel, bias = weights[last]
    return units @ kernel + bias


@pytest.mark.parametrize("topology", [topology.name for topology in CUDA_CONVNET])
def test_forward_pass(build, topology):
    """With weights so large that normalization has something to do, and biases that are seen."""
    model, rng = build(ALEXNET, topology, channels=3), np.random.default_rng(0)
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(weight + rng.normal(0, 0.05, weight.shape))
    images = rng.normal(0, 60, (2, *model.input_shape[1:])).astype("float32")
    weights = {
        layer.name: [weight.numpy().astype("float64") for weight in layer.weights]
        for layer in model.layers
        if layer.weights
    }

    wanted = expected(topology, images, weights)
    np.testing.assert_allclose(model(images), wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
