"""What differs by layer in training, and a learning rate over training."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from alexnet_bench.errors import UnknownNameError, VariantError


@dataclass(frozen=True, kw_only=True)
class RateSchedule:
    """A learning rate over training.

    Args:
        start: the rate at the start.
        drops: the shares of training after which it is divided by 10.
        stops: the share after which it is 0; None: never.
    """

    start: float
    drops: tuple[float, ...] = ()
    stops: float | None = None

    def at(self, progress: float) -> float:
        """The rate after a share `progress` (0 to 1) of training."""
        if self.stops is not None and progress >= self.stops:
            return 0.0
        return self.start / 10 ** sum(progress >= drop for drop in self.drops)


@dataclass(frozen=True, kw_only=True)
class LayerRecipe:
    """In what one layer is trained otherwise than the recipe says.

    Args:
        deviation: of its initial weights, which are then normal; None: as the recipe says.
        weight_decay: of its weights; None: as the recipe says.
        rate: times the recipe's learning rate, for weights and bias alike.
        drops: the further shares of training after which its learning rate is divided by 10.
        stops: the share of training after which it learns no more, but for what momentum carries on.
    """

    deviation: float | None = None
    weight_decay: float | None = None
    rate: float = 1.0
    drops: tuple[float, ...] = ()
    stops: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "drops", tuple(self.drops))
        for name, value in self.settings.items():
            if name != "drops" and not value >= 0:
                raise VariantError(f"a layer's {name} is {value}; it must not be below 0")

    @property
    def settings(self) -> dict[str, Any]:
        """The fields in which it differs, as JSON holds them."""
        found = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, (value, default) in found.items()
            if value != default
        }

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.settings.items())


def layer_recipes(given: Mapping[str, Any]) -> dict[str, LayerRecipe]:
    """Layers' recipes by the layers' names, of what may be their settings; without those that say nothing.

    Raises:
        UnknownNameError: a setting that no layer has.
    """
    known = [field.name for field in fields(LayerRecipe)]
    found = {}
    for layer, value in given.items():
        settings = value.settings if isinstance(value, LayerRecipe) else value
        if unknown := [name for name in settings if name not in known]:
            raise UnknownNameError(f"{layer} setting", unknown, known)
        found[layer] = LayerRecipe(**settings)
    return {layer: recipe for layer, recipe in found.items() if recipe.settings}


def without_deviations(given: Mapping[str, Any]) -> dict[str, LayerRecipe]:
    """The same, but for the deviations of initial weights."""
    return {layer: replace(recipe, deviation=None) for layer, recipe in layer_recipes(given).items()}
