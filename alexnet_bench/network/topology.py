"""Topologies: the scales at which a variant is applied. Data only; `plan` makes networks of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.parts import Block, average, cross_map_11pct, lrn, overlapping, within_map_18pct


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """One convolution and what follows it.

    A variant that has another normalization or pooling than the paper's puts it in the place of these.

    Args:
        filters: kernels of all towers together, at full width.
        kernel: side in pixels.
        stride: in pixels.
        padding: as Keras means it.
        shared: whether all positions have the same kernels; where not, the layer is locally connected.
        joins: whether each tower sees the maps of all towers.
        normalization: what normalizes its maps, if anything does.
        pooling: what pools them, if anything does.
        then: in which order activation, normalizations and pooling follow.
        biased: whether the paper starts its bias at 1 (section 5).
    """

    filters: int
    kernel: int
    stride: int = 1
    padding: str = "same"
    shared: bool = True
    joins: bool = False
    normalization: Block | None = None
    pooling: Block | None = None
    then: tuple[str, ...] = ("activation", "normalization", "second_normalization", "pooling")
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
        canvas: side in pixels of the image that crops are taken from, to which data sets are scaled; None:
            256 to 227 as in the paper, with a border made by reflection.
        towers: at most; a topology of one tower has one whatever the variant says.
        dropout: after the hidden layers of a variant that has the paper's.
        evaluation: of a variant that is evaluated as the paper's.
        recipe: what it is trained by, unless another is asked for.
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
    canvas: int | None = None
    towers: int = 2
    dropout: float = 0.5
    evaluation: str = "centre"
    recipe: str = "paper"


def _alexnet(filters: Sequence[int], kernels: tuple[int, int], stride: int = 1) -> tuple[Convolution, ...]:
    """The paper's five convolutions (section 3.5) with other widths, and other kernels in the first two."""
    first, second, third, fourth, fifth = filters
    return (
        Convolution(
            filters=first,
            kernel=kernels[0],
            stride=stride,
            padding="valid",
            normalization=lrn,
            pooling=overlapping,
        ),
        Convolution(filters=second, kernel=kernels[1], normalization=lrn, pooling=overlapping, biased=True),
        Convolution(filters=third, kernel=3, joins=True),
        Convolution(filters=fourth, kernel=3, biased=True),
        Convolution(filters=fifth, kernel=3, pooling=overlapping, biased=True),
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

ALEXNET_96 = Topology(
    name="alexnet-96",
    about="a quarter of the paper's kernels and units, for photographs of 96 pixels",
    size=96,
    margin=1,
    padded_size=94,
    convolutions=_alexnet((24, 64, 96, 96, 64), kernels=(6, 5), stride=2),
    pooling_padding="same",
    dense=(1024, 1024),
    small=True,
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
        Convolution(filters=32, kernel=5, normalization=lrn, pooling=overlapping),
        Convolution(filters=32, kernel=5, normalization=lrn, pooling=overlapping),
        Convolution(filters=64, kernel=5, pooling=overlapping),
    ),
    pooling_padding="same",
    dense=(),
    small=True,
    towers=1,
)


def _three_convolutions(normalization: Block | None = None) -> tuple[Convolution, ...]:
    """Those of cuda-convnet's smaller networks, which normalize what is pooled."""
    first, second = (
        Convolution(
            filters=32,
            kernel=5,
            pooling=pooling,
            normalization=normalization,
            then=("activation", "pooling", "normalization", "second_normalization"),
        )
        for pooling in (overlapping, average)
    )
    return first, second, Convolution(filters=64, kernel=5, pooling=average)


def _two_convolutions_two_local(normalization: Block | None = None) -> tuple[Convolution, ...]:
    """Those of its larger ones, which pool what is normalized."""
    convolution = Convolution(filters=64, kernel=5, normalization=normalization, pooling=overlapping)
    local = Convolution(filters=32, kernel=3, shared=False)
    return convolution, convolution, local, local


def _cuda_convnet(
    name: str,
    about: str,
    convolutions: tuple[Convolution, ...],
    dense: tuple[int, ...] = (),
    *,
    cropped: bool = False,
) -> Topology:
    """One of cuda-convnet's networks for CIFAR-10, with the name and the recipe that it has there.

    What is cropped sees 24 of the images' 32 pixels, and is tested on nine views of them.
    """
    size = 24 if cropped else 32
    return Topology(
        name=name,
        about=f"cuda-convnet's: {about}",
        size=size,
        margin=2,
        padded_size=size - 4,
        convolutions=convolutions,
        pooling_padding="same",
        dense=dense,
        small=True,
        canvas=32 if cropped else None,
        towers=1,
        dropout=0.0,
        evaluation="nine-views" if cropped else "centre",
        recipe=name,
    )


# Repository dnouri/cuda-convnet, example-layers/layers-*.cfg. There ReLU stands after the first pooling of
# the smaller networks, which is the same, since that takes maxima.
CUDA_CONVNET = (
    _cuda_convnet("80sec", "three convolutions, 64 units", _three_convolutions(), dense=(64,)),
    _cuda_convnet("19pct", "three convolutions", _three_convolutions()),
    _cuda_convnet("18pct", "19pct with normalization within maps", _three_convolutions(within_map_18pct)),
    _cuda_convnet(
        "13pct", "two convolutions, two locally connected layers", _two_convolutions_two_local(), cropped=True
    ),
    _cuda_convnet(
        "11pct",
        "13pct with normalization across maps",
        _two_convolutions_two_local(cross_map_11pct),
        cropped=True,
    ),
)

TOPOLOGIES = {
    topology.name: topology
    for topology in (ALEXNET_227, ALEXNET_96, ALEXNET_32, ALEXNET_8, FOUR_LAYER_32, *CUDA_CONVNET)
}


def find_topology(name: str) -> Topology:
    """The topology of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in TOPOLOGIES:
        raise UnknownNameError("topology", [name], TOPOLOGIES)
    return TOPOLOGIES[name]
