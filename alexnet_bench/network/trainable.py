"""What a worker is told to build, and what a record says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alexnet_bench.errors import UnknownNameError
from alexnet_bench.network.plan import LayerPlan
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.network.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Network:
    """A variant at a topology with its recipe and precision.

    Raises:
        UnknownNameError: the recipe says how layers are trained that are not there.
    """

    variant: Variant
    plan: LayerPlan
    recipe: Recipe
    precision: str = "float32"

    def __post_init__(self) -> None:
        trained = [layer.name for layer in self.plan.layers if layer.parameters]
        if unknown := [name for name in self.recipe.layers or () if name not in trained]:
            raise UnknownNameError(f"{self.plan.topology.name} layer", unknown, trained)

    @property
    def fingerprint(self) -> str:
        """Equal for equal networks, training and placement."""
        return self.plan.fingerprint(self.recipe)

    @property
    def fingerprint_at_any_rate(self) -> str:
        """Likewise, whatever the learning rate."""
        return self.at_rate(1.0).fingerprint

    @property
    def device_count(self) -> int:
        """The devices it needs: one a tower where they are split, two where a batch is."""
        return {"split": self.variant.towers, "data-parallel": 2}.get(self.variant.placement, 1)

    def at_rate(self, rate: float) -> "Network":
        """The same with another learning rate."""
        return replace(self, recipe=self.recipe.but(learning_rate=rate))

    def request(self, ablations: Sequence[str]) -> dict[str, Any]:
        """The part of a request that says which network is meant; it is found in these folders."""
        return {
            "variant": self.variant.name,
            "ablations": [str(Path(folder).resolve()) for folder in ablations],
            "topology": self.plan.topology.name,
            "recipe": self.recipe.settings,
            "precision": self.precision,
        }

    def columns(self) -> dict[str, Any]:
        """The columns of a record that are known before anything is run."""
        return {
            "variant": self.variant.name,
            "fingerprint": self.fingerprint,
            "topology": self.plan.topology.name,
            "classes": self.plan.classes,
            "recipe": self.recipe.name,
            "recipe_settings": self.recipe.settings,
            "precision": self.precision,
            "placement": self.variant.placement,
            "parameters": self.plan.parameters,
            "macs": self.plan.macs,
        }
