"""Which variants are timed, and beside which control."""

from collections.abc import Iterable
from dataclasses import dataclass

from alexnet_bench.network.ablation import differing
from alexnet_bench.network.controls import Compared
from alexnet_bench.network.layer_recipe import layer_recipes, without_deviations
from alexnet_bench.network.variant import Variant

# What changes how a network is trained or evaluated, and not what a timed step does.
TIMED_ALIKE = {
    "evaluation",
    *(
        f"recipe.{field}"
        for field in (
            "learning_rate",
            "drops",
            "epochs",
            "initialization",
            "bias",
            "pixels",
            "augmentation",
            "colour_noise_ends",
            "crops_shared_by",
        )
    ),
}


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What of some variants is timed.

    Args:
        pairs: each arm and the control that it is timed beside; one that is timed alone is its own.
        same_step: the variants that are not timed, since their step is their control's, and the control.
        twins: controls under another name, timed for the noise floor alone, and the control.
    """

    pairs: tuple[tuple[Variant, Variant], ...]
    same_step: dict[str, str]
    twins: dict[str, str]

    @property
    def variants(self) -> list[Variant]:
        """All that are timed."""
        return list({variant.name: variant for pair in self.pairs for variant in reversed(pair)}.values())


def timed(compared: Compared, known: Iterable[Variant] = ()) -> Timed:
    """What is timed; a twin for the noise floor may be among those known, if no arm is one."""
    controls = {control.name for variant, control in compared.pairs() if variant != control}
    same_step = {
        variant.name: control.name
        for variant, control in compared.pairs()
        if variant.name not in controls and have_the_same_step(variant, control)
    }
    pairs = _pairs(compared, [pair for pair in compared.pairs() if pair[0].name not in same_step])
    twin = _twin(pairs, [variant for variant in known if variant.name not in compared.controls])
    return Timed(
        pairs=tuple(_pairs(compared, [*pairs, *twin])),
        same_step=same_step,
        twins={variant.name: control.name for variant, control in twin},
    )


def have_the_same_step(variant: Variant, control: Variant) -> bool:
    """Whether a variant differs from its control, and in nothing that a timed step does."""
    different = differing(variant, control)
    one, other = (
        layer_recipes(without_deviations(item.recipe.get("layers") or {})) for item in (variant, control)
    )
    return bool(different) and one == other and different <= {*TIMED_ALIKE, "recipe.layers"}


def _pairs(compared: Compared, pairs: list[tuple[Variant, Variant]]) -> list[tuple[Variant, Variant]]:
    """Arms and controls; a control by itself only where it was named and no arm is timed beside it."""
    beside = {control.name for variant, control in pairs if variant != control}
    return [
        (variant, control)
        for variant, control in pairs
        if variant != control or variant.name not in {*beside, *compared.added}
    ]


def _twin(pairs: list[tuple[Variant, Variant]], known: list[Variant]) -> list[tuple[Variant, Variant]]:
    """The first control that has another name, and that name's variant."""
    if any(variant != control and variant.changes == control.changes for variant, control in pairs):
        return []
    controls = {control.name: control for _, control in pairs}.values()
    return [
        (variant, control) for control in controls for variant in known if variant.changes == control.changes
    ][:1]
