"""The networks are the paper's and the seed notebook's, layer by layer, at 227 pixels and 1000 classes."""

import pytest

from alexnet_bench.errors import VariantError
from alexnet_bench.network.plan import make_plan
from alexnet_bench.network.registry import load_registry
from alexnet_bench.network.topology import ALEXNET_227, FOUR_LAYER_32

VARIANTS = load_registry().variants

PARAMETERS = {
    "alexnet": 60_965_224,
    "lrn": 60_965_224,
    "no-lrn": 60_965_224,
    "no-dropout": 60_965_224,
    "tanh": 60_965_224,
    "non-overlapping-pooling": 60_965_224,
    "two-gpu": 60_965_224,
    "data-parallel": 60_965_224,
    "pad-224": 60_965_224,
    "single-tower": 62_378_344,
    "notebook": 62_378_344,
    "one-gpu": 59_798_312,
    "averaged-lrn": 60_965_224,
    "within-map-lrn": 60_965_224,
    "lrn-before-relu": 60_965_224,
    "constant-lrn": 60_965_224,
    "batch-norm": 60_966_632,
    "scaled-tanh": 60_965_224,
    "sigmoid": 60_965_224,
    "gelu": 60_965_224,
    "dropout-0.2": 60_965_224,
    # conv3's 885,120 less, and conv4 sees 128 maps of its own tower: 442,752 in place of 663,936.
    "no-conv3": 59_858_920,
    "no-conv4": 60_301_288,
    "no-augmentation": 60_965_224,
    "no-colour-noise": 60_965_224,
    "paper-weights": 60_965_224,
    "he-weights": 60_965_224,
    "glorot-weights": 60_965_224,
    "bias-1": 60_965_224,
    "bias-0.1": 60_965_224,
    "bias-0": 60_965_224,
    "no-weight-decay": 60_965_224,
    "ten-crops": 60_965_224,
    **dict.fromkeys(
        [
            "code-order",
            "code-alpha",
            "code-second-norm",
            "code-deviations",
            "code-bias-rate",
            "code-conv1-stops",
            "code-colour-noise",
            "code-shared-crops",
            "alexnet-2012",
        ],
        60_965_224,
    ),
    **dict.fromkeys(
        [
            f"{unit}-{weights}{pixels}"
            for unit in ("relu", "tanh")
            for weights in ("normal", "theirs", "glorot", "he")
            for pixels in ("", "-raw")
        ],
        62_378_344,
    ),
}

# Of one tower, of two: parameters. The shapes are the same.
LAYERS = {
    "conv1": ((55, 55, 96), 34_944, 34_944),
    "pooling1": ((27, 27, 96), 0, 0),
    "conv2": ((27, 27, 256), 614_656, 307_456),
    "pooling2": ((13, 13, 256), 0, 0),
    "conv3": ((13, 13, 384), 885_120, 885_120),
    "conv4": ((13, 13, 384), 1_327_488, 663_936),
    "conv5": ((13, 13, 256), 884_992, 442_624),
    "pooling5": ((6, 6, 256), 0, 0),
    "flatten": ((9216,), 0, 0),
    "fc6": ((4096,), 37_752_832, 37_752_832),
    "fc7": ((4096,), 16_781_312, 16_781_312),
    "fc8": ((1000,), 4_097_000, 4_097_000),
}

# Of one tower, of two: millions of multiply-accumulates forward.
MACS = {
    "conv1": (105.4, 105.4),
    "conv2": (447.9, 223.9),
    "conv3": (149.5, 149.5),
    "conv4": (224.3, 112.1),
    "conv5": (149.5, 74.8),
}

# model.summary() in the seed notebook, as far as the file shows it.
NOTEBOOK_SUMMARY = [
    ((55, 55, 96), 34_944),
    ((27, 27, 96), 0),
    ((27, 27, 256), 614_656),
    ((13, 13, 256), 0),
    ((13, 13, 384), 885_120),
    ((13, 13, 384), 1_327_488),
]


@pytest.fixture
def layers():
    """The layers by name of a variant."""

    def resolve(name):
        plan = make_plan(VARIANTS[name], ALEXNET_227, classes=1000)
        return {layer.name: layer for layer in plan.layers}

    return resolve


def test_table_is_complete():
    assert PARAMETERS.keys() == VARIANTS.keys()


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name):
    assert make_plan(VARIANTS[name], ALEXNET_227, classes=1000).parameters == PARAMETERS[name]


@pytest.mark.parametrize(("name", "column"), [("notebook", 1), ("single-tower", 1), ("alexnet", 2)])
def test_layers(layers, name, column):
    found = layers(name)
    expected = {name: (row[0], row[column]) for name, row in LAYERS.items()}
    assert {name: (found[name].shape, found[name].parameters) for name in LAYERS} == expected
    assert sum(layer.parameters for layer in found.values()) == sum(row[column] for row in LAYERS.values())


@pytest.mark.parametrize(("name", "column", "every"), [("notebook", 0, 1135), ("alexnet", 1, 724)])
def test_multiply_accumulates(layers, name, column, every):
    millions = {name: layer.macs / 1e6 for name, layer in layers(name).items()}
    assert {name: round(millions[name], 1) for name in MACS} == {
        name: row[column] for name, row in MACS.items()
    }
    assert round(sum(millions[name] for name in ("fc6", "fc7", "fc8")), 1) == 58.6
    assert round(sum(millions.values())) == every


def test_the_four_layer_network_has_one_tower_three_convolutions_and_one_dense_layer():
    """5x5 kernels of 3, 32 and 32 channels, and 4x4x64 maps into 10 classes."""
    plan = make_plan(VARIANTS["alexnet"], FOUR_LAYER_32, classes=10)

    shapes = {layer.name: layer.shape for layer in plan.layers if layer.parameters}
    assert shapes == {"conv1": (32, 32, 32), "conv2": (16, 16, 32), "conv3": (8, 8, 64), "fc4": (10,)}
    assert plan.parameters == 2_432 + 25_632 + 51_264 + 10_250
    assert [layer.name for layer in plan.layers if layer.kind == "normalization"] == [
        "normalization1",
        "normalization2",
    ]


def test_the_one_tower_of_a_topology_cannot_be_split():
    with pytest.raises(VariantError, match="four-layer-32 has one"):
        make_plan(VARIANTS["two-gpu"], FOUR_LAYER_32, classes=10)


def test_notebook_is_the_seed_notebooks(layers):
    seen = ("convolution", "pooling")
    rows = [(layer.shape, layer.parameters) for layer in layers("notebook").values() if layer.kind in seen]
    assert rows[: len(NOTEBOOK_SUMMARY)] == NOTEBOOK_SUMMARY


def stage(number, *kinds):
    return [f"{kind}{number}" for kind in kinds]


def test_order_of_the_papers_layers(layers):
    """Section 3.5: normalization after the activation of conv1 and conv2, before pooling."""
    normalized = ("conv", "activation", "normalization", "pooling")
    expected = [
        "input",
        *stage(1, *normalized),
        *stage(2, *normalized),
        *stage(3, "conv", "activation"),
        *stage(4, "conv", "activation"),
        *stage(5, "conv", "activation", "pooling"),
        "flatten",
        *stage(6, "fc", "activation", "dropout"),
        *stage(7, "fc", "activation", "dropout"),
        "fc8",
    ]

    assert list(layers("alexnet")) == expected
    assert list(layers("notebook")) == [name for name in expected if not name.startswith("normalization")]
    assert [layer.kind for layer in layers("alexnet").values()][1:5] == [
        "convolution",
        "activation",
        "normalization",
        "pooling",
    ]


def test_the_padded_input_is_the_papers_224_pixels(layers):
    assert layers("pad-224")["input"].shape == (224, 224, 3)
