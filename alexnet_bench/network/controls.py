"""What a run compares: the variants that were named, and the control that each is held against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alexnet_bench.network.ablation import Ablation
from alexnet_bench.network.registry import Registry
from alexnet_bench.network.variant import ALEXNET, Variant


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Variants, and what each is held against.

    Args:
        variants: those that were named, after the controls that nobody named.
        controls: by name, the control of each; a variant that is held against nothing is its own.
        added: the names of the controls that nobody named.
    """

    variants: tuple[Variant, ...]
    controls: Mapping[str, str]
    added: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The variants' names, in order."""
        return [variant.name for variant in self.variants]

    def pairs(self) -> list[tuple[Variant, Variant]]:
        """Each variant and its control."""
        known = {variant.name: variant for variant in self.variants}
        return [(variant, known[self.controls[variant.name]]) for variant in self.variants]

    def arms(self, ablation: Ablation) -> list[Variant]:
        """An ablation's arms that are held against its control, under whatever name."""
        return [
            variant
            for variant, control in self.pairs()
            if variant in ablation.arms and control.changes == ablation.control.changes
        ]


def held_against_controls(registry: Registry, selection: str, control: str | None = None) -> Compared:
    """The variants of a selection, and the controls that they need.

    Args:
        registry: gives the variants and their controls.
        selection: as `Registry.select` takes it.
        control: of all, in place of those of their ablations.

    Raises:
        BenchError: a name that stands for nothing, or a control that is not one variant.
    """
    named = registry.select(selection)
    if control is not None:
        held = dict.fromkeys((variant.name for variant in named), registry.find(control))
    else:
        wanted = [(variant, registry.control(variant, selection)) for variant in named]
        controls = [variant for variant, its_control in wanted if variant == its_control]
        held = {variant.name: _as_named(its_control, controls) for variant, its_control in wanted}
    known = {variant.name for variant in named}
    added = {item.name: item for item in held.values() if item.name not in known}
    return Compared(
        variants=(*added.values(), *named),
        controls={name: name for name in added} | {name: item.name for name, item in held.items()},
        added=tuple(added),
    )


def by_themselves(variants: Iterable[Variant]) -> Compared:
    """Variants that are held against nothing."""
    chosen = tuple(variants)
    return Compared(variants=chosen, controls={variant.name: variant.name for variant in chosen})


def _as_named(control: Variant, named: Sequence[Variant]) -> Variant:
    """A control under the name that it has among those named, so that one network serves all its arms.

    `alexnet` where it is that network and is named, or where none of its names is.
    """
    same = [variant for variant in named if variant.changes == control.changes]
    default = control if control.changes else ALEXNET
    return min(same, key=lambda variant: (variant != ALEXNET, variant != control), default=default)
