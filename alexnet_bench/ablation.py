"""Ablations: one question about one idea of the paper, and what the paper claims of it."""

from dataclasses import dataclass
from typing import Any

from alexnet_bench.errors import AblationError, UnknownNameError
from alexnet_bench.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a source says an idea does.

    Args:
        says: in one sentence, with the figures.
        source: paper and section.
        setup: data set and network it was found on.
    """

    says: str
    source: str
    setup: str


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """One question.

    Args:
        name: what `--variants @name` selects.
        factor: the field of a variant in which control and arms differ, or "several".
        control: the variant that the arms are held against.
        arms: the others.
        claims: what the arms test.
    """

    name: str
    factor: str
    control: Variant
    arms: tuple[Variant, ...]
    claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "arms", tuple(self.arms))
        object.__setattr__(self, "claims", tuple(self.claims))
        if not self.arms:
            raise AblationError(f"ablation '{self.name}' has no arms; give at least one variant")
        known = {*(field for field in vars(self.control) if field != "name"), "several"}
        if self.factor.split(".")[0] not in known:
            raise UnknownNameError("factor", [self.factor], known)
        for arm in self.arms:
            self._check_factor(arm)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Control first."""
        return (self.control, *self.arms)

    def _check_factor(self, arm: Variant) -> None:
        if self.factor == "several":
            return
        differing = {
            field.split(".")[0]
            for field in {*self.control.changes, *arm.changes}
            if _value(self.control, field) != _value(arm, field)
        }
        if surplus := differing - {self.factor.split(".")[0]}:
            raise AblationError(
                f"ablation '{self.name}': {arm.name} differs from {self.control.name} in "
                f"{', '.join(sorted(surplus))} too; the factor is {self.factor} (or say 'several')"
            )


def _value(variant: Variant, field: str) -> Any:
    head, _, tail = field.partition(".")
    value = getattr(variant, head)
    return value.get(tail) if tail else value
