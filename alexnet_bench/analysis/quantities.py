"""What is gated, and how much of it may be lost."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from alexnet_bench import words
from alexnet_bench.analysis.metrics import INFERENCE, MEMORY, START_UP, TRAINING, Metric
from alexnet_bench.errors import BenchError, UnknownNameError
from alexnet_bench.records.schema import Draw


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something that a gate guards.

    Args:
        name: in `pyproject.toml`.
        threshold: the tolerance: the loss, as a share of the base, from which on it must not pass.
        weight: by which it shares a gate's level of false alarms.
    """

    name: str
    metric: Metric
    threshold: float
    weight: float = 1.0

    @property
    def mode(self) -> str | None:
        """Of the draws that it is read from; None where both tell the same."""
        return self.metric.mode

    @property
    def higher_is_better(self) -> bool:
        """Of its values."""
        return self.metric.better == "higher"

    def concerns(self, draw: Draw) -> bool:
        """Whether it is read from draws of this one's mode."""
        return self.mode in (None, draw.mode)

    def is_told_by(self, draw: Draw) -> bool:
        """Whether a draw holds its value and counts: without a steady state, a speed does not."""
        steady = self.mode is None or draw.steady is not False
        return draw.succeeded and steady and self.metric.has(draw)

    def loss(self, share: float) -> float:
        """A loss, as a share of the base, as a logarithm."""
        return -math.log1p(-share) if self.higher_is_better else math.log1p(share)


# A build's speed shows in its slices; memory and start-up are one value a build, and noisier or coarser. They
# may lose many times their scatter, so that a small part of the level is enough for them.
QUANTITIES = {
    item.name: item
    for item in (
        Quantity(name="training", metric=TRAINING, threshold=0.02),
        Quantity(name="inference", metric=INFERENCE, threshold=0.02),
        Quantity(name="memory", metric=MEMORY, threshold=0.1, weight=0.05),
        Quantity(name="start-up", metric=START_UP, threshold=0.25, weight=0.05),
    )
}

# Of a user's benchmarks, which are timed apart.
TIME = Quantity(name="time", metric=replace(START_UP, name="time", label="time"), threshold=0.15)
GATED = QUANTITIES | {TIME.name: TIME}


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The tolerances.

    Args:
        general: by quantity; the defaults where a quantity is missing, None where it is not gated.
        own: of single variants, by variant and quantity.
    """

    general: Mapping[str, float | None] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    def of(self, variant: str, quantity: str) -> float | None:
        """The threshold of a variant's quantity; None where it is not gated."""
        default = self.general.get(quantity, GATED[quantity].threshold)
        return self.own.get(variant, {}).get(quantity, default)

    def named(self, quantities: Iterable[str]) -> list[str]:
        """Those that have a threshold of their own of one of these quantities."""
        return [name for name, shares in self.own.items() if shares.keys() & set(quantities)]

    @property
    def switched_off(self) -> list[str]:
        """The quantities that are not gated, and of which variant or benchmark where not of all."""
        shares = {"": self.general} | {f" of {name}": shares for name, shares in self.own.items()}
        return [f"{name}{of}" for of, table in shares.items() for name in table if table[name] is None]

    def by_default(self, **general: float | None) -> "Thresholds":
        """The same with other defaults; a quantity's name with `_` for `-`."""
        named = {name.replace("_", "-"): share for name, share in general.items()}
        return Thresholds(general=named | dict(self.general), own=self.own)


def read_thresholds(table: Mapping[str, Any]) -> Thresholds:
    """Thresholds as `[tool.alexnet-bench.gate.thresholds]` has them.

    Args:
        table: shares such as "2%" by quantity, `false` for one that is not gated; tables of such by variant.

    Raises:
        BenchError: what is no quantity, or no share.
    """
    own = {name: value for name, value in table.items() if isinstance(value, Mapping)}
    general = {name: value for name, value in table.items() if name not in own}
    for name, value in general.items():
        if name not in GATED and not get_close_matches(name, GATED):
            raise BenchError(
                f"thresholds: {name} is {value!r}; for a variant or benchmark it must be a table, such as "
                "{training = '2%'} or {time = '15%'}"
            )
    return Thresholds(
        general=_shares("thresholds", general, GATED),
        own={
            # So pytest calls a test; a benchmark has nothing but its time.
            name: _shares(f"thresholds: {name}", shares, [TIME.name] if "::" in name else GATED)
            for name, shares in own.items()
        },
    )


def _shares(where: str, table: Mapping[str, Any], known: Iterable[str]) -> dict[str, float | None]:
    try:
        if unknown := [name for name in table if name not in known]:
            raise UnknownNameError("gated quantity", unknown, known)
        return {
            name: None if value is False else as_share(name, value, ", or false")
            for name, value in table.items()
        }
    except BenchError as error:
        raise BenchError(f"{where}: {error}") from None


def as_table(name: str, value: Any) -> Mapping[str, Any]:
    """A table.

    Raises:
        BenchError: it is none.
    """
    if not isinstance(value, Mapping):
        raise BenchError(f"{name} is {value!r}; it must be a table")
    return value


def as_share(name: str, value: Any, otherwise: str = "") -> float:
    """A share from "2%" or 0.02; text without a percent sign could mean either, and is none.

    Raises:
        BenchError: it is none.
    """
    try:
        if isinstance(value, str) and "%" not in value:
            raise ValueError
        return words.as_share(str(value).strip())
    except ValueError:
        raise BenchError(
            f"{name} is {value!r}; it must be a share such as '2%', below 100%{otherwise}"
        ) from None
