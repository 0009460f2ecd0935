"""Topologies: the scales at which a variant is applied. Data only; `plan` makes networks of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from alexnet_bench.errors import UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """One convolution and what follows it.

    Args:
        filters: kernels of all towers together, at full width.
        kernel: side in pixels.
        stride: in pixels.
        padding: as Keras means it.
        joins: whether each tower sees the maps of all towers.
        normalized: whether a normalization follows the activation.
        pooled: whether a pooling follows.
        biased: whether the paper starts its bias at 1 (section 5).
    """

    filters: int
    kernel: int
    stride: int = 1
    padding: str = "same"
    joins: bool = False
    normalized: bool = False
    pooled: bool = False
    biased: bool = False


@dataclass(frozen=True, kw_only=True)
class Topology:
    """A scale of the network.

    Args:
        name: what `--topology` calls it.
        about: one line for `bench list`.
        size: side in pixels of the input that conv1 reads without padding.
        margin: pixels of zeros that the `padded` input has on every side instead.
        padded_size: side in pixels of the `padded` input without its margin.
        convolutions: conv1 first.
        pooling_padding: as Keras means it; chosen so that 3x3/2 and 2x2/2 pooling give equal maps.
        dense: units of the hidden fully connected layers.
        small: whether recipes are scaled to small images.
        towers: at most; a topology of one tower has one whatever the variant says.
    """

    name: str
    about: str
    size: int
    margin: int
    padded_size: int
    convolutions: tuple[Convolution, ...]
    pooling_padding: str
    dense: tuple[int, ...]
    small: bool
    towers: int = 2


def _alexnet(filters: Sequence[int], kernels: tuple[int, int], stride: int = 1) -> tuple[Convolution, ...]:
    """The paper's five convolutions (section 3.5) with other widths, and other kernels in the first two."""
    first, second, third, fourth, fifth = filters
    return (
        Convolution(
            filters=first, kernel=kernels[0], stride=stride, padding="valid", normalized=True, pooled=True
        ),
        Convolution(filters=second, kernel=kernels[1], normalized=True, pooled=True, biased=True),
        Convolution(filters=third, kernel=3, joins=True),
        Convolution(filters=fourth, kernel=3, biased=True),
        Convolution(filters=fifth, kernel=3, pooled=True, biased=True),
    )


ALEXNET_227 = Topology(
    name="alexnet-227",
    about="the paper's network: 227x227 pixels, 96-256-384-384-256 kernels, 4096 units",
    size=227,
    margin=2,
    padded_size=224,
    convolutions=_alexnet((96, 256, 384, 384, 256), kernels=(11, 5), stride=4),
    pooling_padding="valid",
    dense=(4096, 4096),
    small=False,
)

ALEXNET_32 = Topology(
    name="alexnet-32",
    about="a third of the paper's kernels, for images of 32 pixels",
    size=32,
    margin=2,
    padded_size=28,
    convolutions=_alexnet((32, 96, 128, 128, 96), kernels=(5, 5)),
    pooling_padding="same",
    dense=(512, 512),
    small=True,
)

ALEXNET_8 = Topology(
    name="alexnet-8",
    about="a sixth of the paper's kernels, for digits of 8 pixels",
    size=8,
    margin=1,
    padded_size=6,
    convolutions=_alexnet((16, 48, 64, 64, 48), kernels=(3, 3)),
    pooling_padding="same",
    dense=(128, 128),
    small=True,
)

# Figure 1 and section 3.3 speak of four-layer networks and give no sizes; these are those of cuda-convnet's
# CIFAR-10 examples. Normalization stands before pooling, as in the paper.
FOUR_LAYER_32 = Topology(
    name="four-layer-32",
    about="three convolutions of 32, 32 and 64 kernels and one dense layer, as in the paper's Figure 1",
    size=32,
    margin=2,
    padded_size=28,
    convolutions=(
        Convolution(filters=32, kernel=5, normalized=True, pooled=True),
        Convolution(filters=32, kernel=5, normalized=True, pooled=True),
        Convolution(filters=64, kernel=5, pooled=True),
    ),
    pooling_padding="same",
    dense=(),
    small=True,
    towers=1,
)

TOPOLOGIES = {topology.name: topology for topology in (ALEXNET_227, ALEXNET_32, ALEXNET_8, FOUR_LAYER_32)}


def find_topology(name: str) -> Topology:
    """The topology of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in TOPOLOGIES:
        raise UnknownNameError("topology", [name], TOPOLOGIES)
    return TOPOLOGIES[name]
