"""Ablations: one question about one idea of the paper, and what the paper claims of it."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from alexnet_bench.errors import AblationError, UnknownNameError
from alexnet_bench.network.checked import check_fields
from alexnet_bench.network.variant import Variant
from alexnet_bench.words import in_short, signed

_UNSET = object()


@dataclass(frozen=True, kw_only=True)
class LoggedRuns:
    """The runs behind a claim, as its authors' own log has them: one on each side.

    Args:
        source: repository, revision and files.
        compared: which runs; or, without figures, what the log says of the claim.
        images: what they were tested on.
        arm, control: their errors, in percent; None where the log has no such runs.
        siblings: errors of the control's network in other runs, on the same images.
        differed: what else differed between the two.
    """

    source: str
    compared: str
    images: str = ""
    arm: float | None = None
    control: float | None = None
    siblings: tuple[float, ...] = ()
    differed: str = ""

    def __post_init__(self) -> None:
        check_fields("the runs of a log", self, AblationError)

    @property
    def effect(self) -> float:
        """Arm minus control, in points; not a number where there are no such runs."""
        if self.arm is None or self.control is None:
            return math.nan
        return self.arm - self.control

    @property
    def scatter(self) -> float:
        """The standard deviation of the control's network from run to run, in points."""
        if self.control is None or not self.siblings:
            return math.nan
        return statistics.stdev([self.control, *self.siblings])

    @property
    def says(self) -> str:
        """What the log shows, and how far runs of one network lie apart in it."""
        if math.isnan(self.effect):
            return self.compared
        said = f"{signed(self.effect)} points: {self.compared}"
        if self.siblings:
            said += f"; {len(self.siblings) + 1} runs of one network scatter by {self.scatter:.2f}"
        return said


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a source says an idea does, and what `bench claims` holds it against.

    Args:
        says: in one sentence, with the figures.
        source: paper and section.
        setup: data set and network it was found on.
        arm: the ablation's arm that it is about; None where it cannot be measured.
        measure: `top1_error`, `top5_error`, or another measure's name in `effects.csv`.
        predicts: whether the arm's is `higher` or `lower` than the control's.
        size: by how much, in points of error (above 0), or the ratio of arm to control.
        dataset: the only one that it can be tested on; any by default.
        topology: likewise, or several.
        untested: why it cannot be measured, where no arm is given.
        logged: the runs behind it, where they are public.
    """

    says: str
    source: str
    setup: str
    arm: str | None = None
    measure: str | None = None
    predicts: str | None = None
    size: float | None = None
    dataset: str | None = None
    topology: str | tuple[str, ...] | None = None
    untested: str = ""
    logged: LoggedRuns | None = None

    @property
    def topologies(self) -> tuple[str, ...]:
        """Those that it can be tested on; none where any will do."""
        return (self.topology,) if isinstance(self.topology, str) else self.topology or ()

    @property
    def log_says(self) -> str:
        """What the runs behind it show; empty where they are not public."""
        return self.logged.says if self.logged else ""

    def __post_init__(self) -> None:
        if not isinstance(self.topology, str | NoneType):
            object.__setattr__(self, "topology", tuple(self.topology))
        check_fields(f"the claim {in_short(self.says)}", self, AblationError)
        parts = (self.arm, self.measure, self.predicts)
        if any(part is not None for part in parts) and None in parts:
            raise AblationError(f"the claim '{self.says}' needs arm, measure and predicts, or none of them")
        if self.predicts not in (None, "higher", "lower"):
            raise AblationError(
                f"the claim '{self.says}' predicts {self.predicts!r}; choose from: higher, lower"
            )
        if self.size is not None and not (math.isfinite(self.size) and self.size > 0):
            raise AblationError(f"the claim '{self.says}' has size {self.size}; it must be above 0")


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """One question.

    Args:
        name: what `--variants @name` selects.
        factor: the field of a variant in which control and arms differ, or "several".
        control: the variant that the arms are held against.
        arms: the others.
        claims: what the arms test.
        apart: whether `all` leaves its variants out, for they make sense at another topology alone.
        notes: what else a run of its arms should say, by topology.
    """

    name: str
    factor: str
    control: Variant
    arms: tuple[Variant, ...]
    claims: tuple[Claim, ...] = ()
    apart: bool = False
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arms", tuple(self.arms))
        object.__setattr__(self, "claims", tuple(self.claims))
        check_fields(f"ablation {in_short(self.name)}", self, AblationError)
        if not self.arms:
            raise AblationError(f"ablation '{self.name}' has no arms; give at least one variant")
        whole = self.factor.partition(".")[0]
        known = {*(field for field in vars(self.control) if field != "name"), "several"}
        if whole not in known:
            raise UnknownNameError("factor", [self.factor], known)
        for arm in self.arms if whole != "several" else ():
            found = {field.partition(".")[0] for field in differing(self.control, arm)}
            if surplus := found - {whole}:
                raise AblationError(
                    f"ablation '{self.name}': {arm.name} differs from {self.control.name} in "
                    f"{', '.join(sorted(surplus))} too; the factor is {self.factor} (or say 'several')"
                )
        names = [arm.name for arm in self.arms]
        if unknown := [claim.arm for claim in self.claims if claim.arm not in (None, *names)]:
            raise UnknownNameError(f"arm in a claim of ablation '{self.name}':", map(str, unknown), names)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Control first."""
        return (self.control, *self.arms)


def differing(one: Variant, other: Variant) -> set[str]:
    """The fields in which two variants differ; those of the recipe as `recipe.*`."""
    return {field for field in {*one.changes, *other.changes} if _value(one, field) != _value(other, field)}


def _value(variant: Variant, field: str) -> Any:
    head, _, tail = field.partition(".")
    value = getattr(variant, head)
    # A recipe may set a field to None, which is not to leave it alone.
    return value.get(tail, _UNSET) if tail else value
