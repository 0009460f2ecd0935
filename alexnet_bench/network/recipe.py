"""How a variant is trained, and how the paper's numbers are scaled to small images and few of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from alexnet_bench.errors import UnknownNameError, VariantError
from alexnet_bench.network.checked import check_fields
from alexnet_bench.network.layer_recipe import (
    LayerRecipe,
    RateSchedule,
    as_shares,
    check_share,
    layer_recipes,
)
from alexnet_bench.network.part import Part, find_part
from alexnet_bench.network.parts import (
    INITIALIZERS,
    OPTIMIZERS,
    Initializer,
    Optimizer,
    adam,
    glorot,
    he,
    paper,
    sgd,
)
from alexnet_bench.words import in_short

PIXELS = ("centred", "standardized", "mean-image")
WITH_COLOUR_NOISE = "crops-flips-colour"
AUGMENTATIONS = ("none", "crops-and-flips", WITH_COLOUR_NOISE)
# The fields that name a part, and what is shipped of it.
PARTS = (("optimizer", Optimizer, OPTIMIZERS), ("initialization", Initializer, INITIALIZERS))
NUMBERS = (
    "learning_rate",
    "momentum",
    "weight_decay",
    "batch_size",
    "epochs",
    "bias",
    "stop_at_train_error",
    "bias_rate",
)
# What a layer may have of its own in place of a field of the recipe.
OF_LAYERS = {"initialization": "deviation", "weight_decay": "weight_decay"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way of training.

    Args:
        name: what `--recipe` calls it.
        optimizer: one of your own, or by name `sgd` (with momentum, as in section 5) or `adam`.
        learning_rate: at the start.
        momentum: of SGD.
        weight_decay: times the weight (not the bias) is added to its gradient, whatever the optimizer.
        drops: the shares of training after which the learning rate is divided by 10.
        batch_size: images a step.
        epochs: passes over the training images.
        initialization: an initializer of your own, or by name `paper` (normal, deviation 0.01), `he` or
            `glorot`.
        bias: the initial bias of the layers that the paper gives 1; the others start at 0.
        pixels: `centred` takes the training images' mean colour off values of 0 to 255 (section 2);
            `standardized` also divides by their deviation; `mean-image` takes off their mean image, pixel
            by pixel, as cuda-convnet and the code of 2012 do.
        augmentation: `none`, `crops-and-flips`, or these with the paper's PCA colour noise.
        stop_at_train_error: training ends with the epoch whose running error is down to this share; None:
            after all epochs.
        bias_rate: times the learning rate is that of biases; None: it is the weights'.
        bias_drops: the shares of training after which the biases' rate is divided by 10; None: `drops`.
        layers: what differs from all this in some layers, by their names.
        colour_noise_ends: the share of training after which there is no more colour noise; while there is,
            images are divided by 1.1, as in the code of 2012. None: noise to the end, images as they are.
        crops_shared_by: so many images of a batch in a row share a crop and a mirror image; None: none do.
    """

    name: str
    optimizer: Optimizer = sgd
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    drops: tuple[float, ...] = (0.5, 0.75, 0.9)
    batch_size: int = 128
    epochs: int = 90
    initialization: Initializer = paper
    bias: float = 1.0
    pixels: str = "centred"
    augmentation: str = WITH_COLOUR_NOISE
    stop_at_train_error: float | None = None
    bias_rate: float | None = None
    bias_drops: tuple[float, ...] | None = None
    layers: Mapping[str, LayerRecipe] | None = field(default=None, hash=False)
    colour_noise_ends: float | None = None
    crops_shared_by: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "drops", as_shares("recipe drops", self.drops))
        if self.bias_drops is not None:
            object.__setattr__(self, "bias_drops", as_shares("recipe bias_drops", self.bias_drops))
        if self.colour_noise_ends is not None:
            check_share("recipe colour_noise_ends", self.colour_noise_ends)
        for name, kind, shipped in PARTS:
            object.__setattr__(self, name, find_part(kind, name, getattr(self, name), shipped))
        for name, allowed in (("pixels", PIXELS), ("augmentation", AUGMENTATIONS)):
            if getattr(self, name) not in allowed:
                raise UnknownNameError(name, [getattr(self, name)], allowed)
        for name in ("learning_rate", "batch_size", "epochs", "bias_rate"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise VariantError(f"recipe {name} is {value}; it must be above 0")
        object.__setattr__(self, "learning_rate", float(self.learning_rate))
        check_fields(f"recipe {in_short(self.name)}", self, VariantError, *NUMBERS)
        shared = self.crops_shared_by
        if shared is not None and not (isinstance(shared, int) and shared > 0):
            raise VariantError(f"recipe crops_shared_by is {shared!r}; it must be a whole number above 0")
        if self.layers is not None:
            layers = layer_recipes(self.layers)
            object.__setattr__(self, "layers", MappingProxyType(layers) if layers else None)

    def but(self, **changes: Any) -> "Recipe":
        """This recipe with some fields changed, for all layers alike unless `layers` is changed, too.

        Raises:
            UnknownNameError: a field that no recipe has; the name cannot be changed either.
        """
        known = {item.name for item in fields(self)} - {"name"}
        if unknown := [name for name in changes if name not in known]:
            raise UnknownNameError("recipe field", unknown, known)
        if self.layers is not None and "layers" not in changes:
            replaced: dict[str, Any] = {own: None for name, own in OF_LAYERS.items() if name in changes}
            changes["layers"] = {name: replace(own, **replaced) for name, own in self.layers.items()}
        return replace(self, **changes)

    @property
    def settings(self) -> dict[str, Any]:
        """Every field as JSON holds it: parts by their names."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @property
    def identity(self) -> dict[str, Any]:
        """What makes it another training: not its name; of a part that is not shipped, its source too."""
        known = {name: value for name, value in self.settings.items() if name != "name" and value is not None}
        if self.augmentation != WITH_COLOUR_NOISE:
            known.pop("colour_noise_ends", None)
        if self.augmentation == "none":
            known.pop("crops_shared_by", None)
        return known | {
            name: (part.name, part.source)
            for name, _, shipped in PARTS
            if (part := getattr(self, name)) not in shipped.values()
        }

    def layer(self, name: str) -> LayerRecipe:
        """What differs in a layer."""
        return (self.layers or {}).get(name, LayerRecipe())

    def rate_schedule(self, layer: str = "", *, bias: bool = False) -> RateSchedule:
        """The learning rate of a layer's weights, or of its bias; of no layer: what holds for most."""
        own, factor, drops = self.layer(layer), 1.0, self.drops
        if bias and self.bias_rate is not None:
            factor = self.bias_rate
        if bias and self.bias_drops is not None:
            drops = self.bias_drops
        return RateSchedule(
            start=self.learning_rate, factor=factor * own.rate, drops=(*drops, *own.drops), stops=own.stops
        )

    def decay_of(self, layer: str) -> float:
        """The weight decay of a layer's weights."""
        own = self.layer(layer).weight_decay
        return self.weight_decay if own is None else own


# Section 5 of the paper. It divides the rate by 10 three times, "when the validation error stopped
# improving"; fixed shares of the run make that repeatable.
PAPER = Recipe(name="paper")

# The seed notebook's compile() call; everything it leaves out is Keras' default.
NOTEBOOK = Recipe(
    name="notebook",
    optimizer=adam,
    learning_rate=1e-4,
    weight_decay=0.0,
    drops=(),
    batch_size=32,
    initialization=glorot,
    bias=0.0,
    pixels="standardized",
    augmentation="crops-and-flips",
)

# Section 3.1 trains a four-layer network "without any kind of regularization", at rates chosen for each; the
# rest it leaves open. Training ends where the claim does, at 25% training error.
FIGURE_1 = Recipe(
    name="figure-1",
    learning_rate=0.02,
    weight_decay=0.0,
    drops=(),
    epochs=30,
    initialization=he,
    bias=0.0,
    pixels="standardized",
    augmentation="none",
    stop_at_train_error=0.25,
)

FEWEST_STEPS = 32


def scale_to_small_images(recipe: Recipe, images: int) -> Recipe:
    """The recipe for a small topology, trained on `images` images.

    Four rules, since the published values do not train small networks. The paper's initialisation becomes
    He's with bias 0 and standardized pixels (a deviation of 0.01 leaves a small network at chance). Adam's
    rate is 10 times higher. The batch is halved until an epoch has 32 steps. Colour noise, whose size was
    chosen for the paper's photographs, is left out. A recipe that says how single layers are trained is
    made for a network of one size, and stays as it is.
    """
    if recipe.layers is not None:
        return recipe
    changes = _started_soon(recipe) | {"batch_size": _batch_for(images, recipe)}
    if recipe.optimizer == adam:
        changes["learning_rate"] = recipe.learning_rate * 10
    if recipe.augmentation == WITH_COLOUR_NOISE:
        changes["augmentation"] = "crops-and-flips"
    return recipe.but(**changes)


def scale_to_few_photographs(recipe: Recipe, images: int) -> Recipe:
    """The recipe for a larger topology, trained on `images` images: as it is where an epoch has 32 steps.

    Of fewer images the batch is halved until it has, and the rate of SGD with it. A run of so few steps would
    end before the paper's initialisation leaves chance: it becomes He's, as for small images.
    """
    batch = _batch_for(images, recipe)
    if recipe.layers is not None or batch == recipe.batch_size:
        return recipe
    changes = _started_soon(recipe) | {"batch_size": batch}
    if recipe.optimizer == sgd:
        changes["learning_rate"] = recipe.learning_rate * batch / recipe.batch_size
    return recipe.but(**changes)


def _batch_for(images: int, recipe: Recipe) -> int:
    batch = recipe.batch_size
    while batch > 8 and images < batch * FEWEST_STEPS:
        batch //= 2
    return batch


def _started_soon(recipe: Recipe) -> dict[str, Any]:
    """He's initialisation and what goes with it, in place of the paper's."""
    if recipe.initialization != paper:
        return {}
    return {"initialization": he, "bias": 0.0, "pixels": "standardized"}


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.name
    if isinstance(value, Mapping):
        return {name: item.settings for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
