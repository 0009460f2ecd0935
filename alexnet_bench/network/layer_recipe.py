"""What differs by layer in training, and a learning rate over training."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from alexnet_bench.errors import UnknownNameError, VariantError


@dataclass(frozen=True, kw_only=True)
class RateSchedule:
    """A learning rate over training. Those of one recipe that are equal are so whatever the recipe's rate.

    Args:
        start: the recipe's rate at the start.
        factor: times that is this one.
        drops: the shares of training after which it is divided by 10.
        stops: the share after which it is 0; None: never.
    """

    start: float
    factor: float = 1.0
    drops: tuple[float, ...] = ()
    stops: float | None = None

    def at(self, progress: float) -> float:
        """The rate after a share `progress` (0 to 1) of training."""
        if self.stops is not None and progress >= self.stops:
            return 0.0
        return self.start * self.factor / 10 ** sum(progress >= drop for drop in self.drops)


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
        object.__setattr__(self, "drops", as_shares("a layer's drops", self.drops))
        for name in ("deviation", "weight_decay", "rate"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and value >= 0):
                raise VariantError(f"a layer's {name} is {value!r}; it must be a number not below 0")
        if self.stops is not None:
            check_share("a layer's stops", self.stops)

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


def as_shares(name: str, given: Any) -> tuple[float, ...]:
    """Several shares of training as a tuple.

    Raises:
        VariantError: no list of them.
    """
    if not isinstance(given, Iterable):
        raise VariantError(f"{name} is {given!r}; give a list of shares of training")
    shares = tuple(given)
    for share in shares:
        check_share(name, share)
    return shares


def check_share(name: str, given: Any) -> None:
    """Refuse what is no share of training.

    Raises:
        VariantError: not from 0 to 1.
    """
    if not (isinstance(given, int | float) and 0 <= given <= 1):
        raise VariantError(f"{name} has {given!r}; a share of training is from 0 to 1")


def layer_recipes(given: Mapping[str, Any]) -> dict[str, LayerRecipe]:
    """Layers' recipes by the layers' names, of what may be their settings; without those that say nothing.

    Raises:
        UnknownNameError: a setting that no layer has.
        VariantError: no settings by names.
    """
    return changed_layers({}, given)


def changed_layers(base: Mapping[str, LayerRecipe], changes: Mapping[str, Any]) -> dict[str, LayerRecipe]:
    """Layers' recipes with some settings of some layers changed; it raises what `layer_recipes` does."""
    if not isinstance(changes, Mapping):
        raise VariantError(f"recipe layers are {changes!r}; give a layer's settings by its name")
    changed = {
        layer: replace(base.get(layer, LayerRecipe()), **_settings(layer, given))
        for layer, given in changes.items()
    }
    return {layer: recipe for layer, recipe in {**base, **changed}.items() if recipe.settings}


def _settings(layer: str, given: Any) -> dict[str, Any]:
    known = [field.name for field in fields(LayerRecipe)]
    settings = given.settings if isinstance(given, LayerRecipe) else given
    if not isinstance(settings, Mapping):
        raise VariantError(
            f"recipe layer {layer} is {given!r}; give its settings by their names: {', '.join(known)}"
        )
    if unknown := [name for name in settings if name not in known]:
        raise UnknownNameError(f"{layer} setting", unknown, known)
    return dict(settings)


def without_deviations(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of layers but for the deviations of initial weights."""
    return {
        layer: {name: value for name, value in _settings(layer, own).items() if name != "deviation"}
        for layer, own in given.items()
    }
