"""The recipes that `--recipe` names: the paper's, the notebook's, that of Figure 1, and cuda-convnet's."""

from collections.abc import Mapping, Sequence
from typing import Any

from alexnet_bench.network.layer_recipe import LayerRecipe
from alexnet_bench.network.recipe import FIGURE_1, NOTEBOOK, PAPER, Recipe


def _cuda_convnet(
    name: str, layers: Mapping[str, tuple[float, float]], epochs: int, drops: Sequence[int], **own: Any
) -> Recipe:
    """How cuda-convnet trains one of its networks for CIFAR-10.

    Args:
        name: the network's.
        layers: of each, the deviation of its initial weights and its weight decay.
        epochs: passes over the training images.
        drops: the epochs after which the learning rate is divided by 10.
        own: further fields of the recipe.
    """
    return Recipe(
        name=name,
        learning_rate=0.001,
        bias_rate=2.0,
        momentum=0.9,
        batch_size=128,
        drops=tuple(epoch / epochs for epoch in drops),
        epochs=epochs,
        bias=0.0,
        pixels="mean-image",
        layers={
            layer: LayerRecipe(deviation=deviation, weight_decay=decay)
            for layer, (deviation, decay) in layers.items()
        },
        **{"augmentation": "none"} | own,
    )


# Repository dnouri/cuda-convnet, example-layers/: deviations from layers-*.cfg, the rest from
# layer-params-*.cfg; the epochs of 13pct from that program's page on methodology. Where the files leave open
# when training ends, 80sec and 18pct go on after the last drop for as long as in Caffe's examples of them
# (examples/cifar10), and 19pct takes as long as 18pct.
THREE = {"conv1": (1e-4, 0.004), "conv2": (0.01, 0.004), "conv3": (0.01, 0.004)}
FOUR = {
    "conv1": (1e-4, 0.0),
    "conv2": (0.01, 0.0),
    "local3": (0.04, 0.004),
    "local4": (0.04, 0.004),
    "fc5": (0.01, 0.004),
}
# "Lower learning rates (epsW)", that is those of weights; those of biases stay.
CROPPED: dict[str, Any] = {"augmentation": "crops-and-flips", "bias_drops": ()}
CUDA_CONVNET = (
    _cuda_convnet("80sec", THREE | {"fc4": (0.1, 0.03), "fc5": (0.1, 0.03)}, 10, [8]),
    _cuda_convnet("19pct", THREE | {"fc4": (0.01, 3.0)}, 140, [120, 130]),
    _cuda_convnet("18pct", THREE | {"fc4": (0.01, 1.0)}, 140, [120, 130]),
    _cuda_convnet("13pct", FOUR, 160, [140, 150], **CROPPED),
    _cuda_convnet("11pct", FOUR, 470, [450, 460], **CROPPED),
)

RECIPES = {recipe.name: recipe for recipe in (PAPER, NOTEBOOK, FIGURE_1, *CUDA_CONVNET)}
