"""Variants: the paper's AlexNet, and what differs from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from alexnet_bench.errors import UnknownNameError, VariantError
from alexnet_bench.network.checked import check_fields
from alexnet_bench.network.layer_recipe import changed_layers, layer_recipes, without_deviations
from alexnet_bench.network.part import find_part
from alexnet_bench.network.parts import BLOCKS, Block, paper
from alexnet_bench.network.recipe import PAPER, Recipe
from alexnet_bench.words import in_short

THE_PAPERS = "the paper's"
CHOICES = {
    "towers": (1, 2),
    "kernels": ("full", "half"),
    "input": ("valid", "padded"),
    "order": ("activation-first", "normalization-first", "code-of-2012"),
    "removed": ("none", "conv3", "conv4"),
    "placement": ("one-device", "split", "data-parallel"),
    "evaluation": ("centre", "ten-crops", "nine-views"),
}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A network, how it is trained, where it runs, how it is evaluated. The defaults are the paper's.

    Args:
        name: what `--variants` calls it.
        towers: 2 as in the paper, which meet in conv3 and the fully connected layers; 1 is dense.
        kernels: `half` is the paper's one-GPU network: half the kernels in every convolution but the last.
        normalization: block after the activation of conv1 and conv2, or "none".
        second_normalization: block after the normalization of conv2, where it has one, or "none".
        activation: block after every layer but the last.
        pooling: block after conv1, conv2 and conv5; every pooling halves the map.
        order: of what follows a convolution. The paper's is `activation-first`: activation, normalization,
            pooling. `normalization-first` puts normalizations just before the activation (and so before
            the pooling, where a topology normalizes what is pooled). In the `code-of-2012` the activation
            comes last after the first and the last convolution: (normalization,) pooling, activation; only
            topologies with the paper's order and pooling by maxima have it.
        dropout: the share dropped after fc6 and fc7.
        removed: a convolution that is left out, with its activation: `conv3` or `conv4`.
        input: `valid` reads 227 pixels without padding, `padded` 224 with a margin of 2 zeros
            (and the like at other topologies); conv1's map is of the same size.
        recipe: the fields in which training differs from the run's recipe.
        placement: `split` puts tower k on device k; `data-parallel` puts the whole network on each of two,
            with half of every batch.
        evaluation: `centre` crop, or the mean over the paper's `ten-crops` or cuda-convnet's `nine-views`.
    """

    name: str
    towers: int = 2
    kernels: str = "full"
    normalization: Block | str | None = "lrn"
    second_normalization: Block | str | None = "none"
    activation: Block | str | None = "relu"
    pooling: Block | str | None = "overlapping"
    order: str = "activation-first"
    dropout: float = 0.5
    removed: str = "none"
    input: str = "valid"
    recipe: Mapping[str, Any] = field(default_factory=dict, hash=False)
    placement: str = "one-device"
    evaluation: str = "centre"

    def __post_init__(self) -> None:
        check_fields(f"variant {in_short(self.name)}", self, VariantError, "name", "dropout", "recipe")
        for name, shipped in BLOCKS.items():
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, find_part(Block, f"{name} block", value, shipped))
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise VariantError(
                    f"variant '{self.name}': {name} is {getattr(self, name)!r}; choose from {allowed}"
                )
        for name in ("activation", "pooling"):
            if getattr(self, name) is None:
                raise VariantError(f"variant '{self.name}': {name} cannot be left out; name a block")
        if not 0 <= self.dropout < 1:
            raise VariantError(f"variant '{self.name}': dropout is {self.dropout}; it must be in [0, 1)")
        if self.placement == "split" and self.towers == 1:
            raise VariantError(f"variant '{self.name}': only towers can be split; it has one")
        self.train_with(PAPER)  # refuses what no recipe has
        object.__setattr__(self, "recipe", MappingProxyType(dict(self.recipe)))

    def but(self, name: str, **changes: Any) -> "Variant":
        """This variant under another name with some fields changed; recipe changes add to those it has.

        Raises:
            UnknownNameError: a field that no variant has.
        """
        known = {item.name for item in fields(self)} - {"name"}
        if unknown := [field_name for field_name in changes if field_name not in known]:
            raise UnknownNameError("variant field", unknown, known)
        if "recipe" in changes:
            changes["recipe"] = {**self.recipe, **changes["recipe"]}
        return replace(self, name=name, **changes)

    @property
    def changes(self) -> dict[str, Any]:
        """The fields in which it differs from the paper's AlexNet; those of the recipe as `recipe.*`."""
        differing = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ("name", "recipe") and getattr(self, item.name) != getattr(ALEXNET, item.name)
        }
        return differing | {f"recipe.{name}": value for name, value in self.recipe.items()}

    @property
    def difference(self) -> str:
        """`changes` as one line of text."""
        return ", ".join(f"{name} {_shown(value)}" for name, value in self.changes.items()) or THE_PAPERS

    def plus(self, other: "Variant") -> "Variant":
        """Both variants' changes at once, named `a+b`.

        Raises:
            VariantError: both set the same field.
        """
        if twice := self.changes.keys() & other.changes.keys():
            raise VariantError(
                f"'{self.name}+{other.name}' sets {', '.join(sorted(twice))} twice; add variants that "
                "differ from alexnet in different fields"
            )
        own = {name: value for name, value in other.changes.items() if not name.startswith("recipe.")}
        return self.but(f"{self.name}+{other.name}", **own, recipe=dict(other.recipe))

    def train_with(self, base: Recipe) -> Recipe:
        """The run's recipe with this variant's own changes, and nothing of the layer that it leaves out.

        What it says of layers adds to what the run's recipe says of them. The deviations that it gives to
        layers stand beside the paper's 0.01. Where the run's weights start by another rule, they are left
        out, unless the variant names the rule itself.
        """
        changes = dict(self.recipe)
        own = changes.pop("layers") if changes.get("layers") is not None else {}
        if "initialization" not in changes and base.initialization != paper:
            own = without_deviations(own)
        recipe = base.but(**changes)
        layers = changed_layers(recipe.layers or {}, own)
        # The third or fourth, whether its kernels are shared or not.
        left_out = {self.removed, self.removed.replace("conv", "local")}
        return recipe.but(layers={name: item for name, item in layers.items() if name not in left_out})


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{layer}: {recipe}" for layer, recipe in layer_recipes(value).items())
    return "none" if value is None else str(value)


ALEXNET = Variant(name="alexnet")
