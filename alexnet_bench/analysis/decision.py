"""What a gate decides of one quantity of one variant."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from alexnet_bench.analysis.quantities import GATED, Quantity
from alexnet_bench.stats.evidence import Evidence
from alexnet_bench.stats.gate import NOT_COMPARABLE, decide
from alexnet_bench.stats.verdict import INCONCLUSIVE


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One variant and quantity. The fields are the columns of `gate --json`.

    Args:
        variant: its name; of a user's benchmark, its full name, without the three columns that follow.
        quantity: `training`, `inference`, `memory`, `start-up`, or `time` of a user's benchmark.
        label: what tables call it.
        unit: of base and head.
        higher_is_better: of these.
        base: head over the ratio: the base, as it would have been when head was timed.
        head: geometric mean over draws, or processes; not a number where it could not be measured.
        ratio: head over base; against a stored baseline, of what was set against the yardstick.
        low, high: ends of its 95% interval; null where there is too little for one.
        draws: that it rests on; sessions, where head and base were measured apart.
        threshold: the tolerance, as a share.
        decision: `pass`, `regressed`, `improved`, `inconclusive` or `not comparable`.
        note: why there is none, or what must be known.
    """

    variant: str
    precision: str | None = None
    batch_size: int | None = None
    topology: str | None = None
    quantity: str
    label: str
    unit: str
    higher_is_better: bool
    base: float = math.nan
    head: float = math.nan
    ratio: float = math.nan
    low: float = math.nan
    high: float = math.nan
    draws: int = 0
    threshold: float
    decision: str = NOT_COMPARABLE
    note: str = ""

    @property
    def measured(self) -> bool:
        """Whether head has a value."""
        return not math.isnan(self.head)

    @property
    def compared(self) -> bool:
        """Whether there is a ratio at all."""
        return self.draws > 0

    @property
    def network(self) -> str:
        """The variant and its conditions, in words."""
        if self.topology is None:
            return self.variant
        return f"{self.variant} ({self.topology}, batch {self.batch_size}, {self.precision})"

    def on(self, evidence: Evidence, *, head: float) -> "Decision":
        """The same with its ratio, still undecided; `head` by the same estimator, in the quantity's unit."""
        gain, sign = evidence.gain, 1 if self.higher_is_better else -1
        low, high = sorted((sign * gain.low, sign * gain.high))
        ratio = math.exp(sign * gain.mean)
        return replace(
            self,
            base=head / ratio,
            head=head,
            ratio=ratio,
            low=math.exp(low),
            high=math.exp(high),
            draws=gain.count,
            decision=INCONCLUSIVE,
        )

    def noted(self, *notes: str) -> "Decision":
        """The same with further notes; empty ones do not count."""
        return replace(self, note="; ".join(filter(None, (self.note, *notes))))


def of_quantity(quantity: Quantity, threshold: float, **network: object) -> Decision:
    """A decision before anything is known."""
    return Decision(
        quantity=quantity.name,
        label=quantity.metric.label,
        unit=quantity.metric.unit,
        higher_is_better=quantity.higher_is_better,
        threshold=threshold,
        **network,  # type: ignore[arg-type]
    )


def decided(rows: Iterable[tuple[Decision, Evidence | None]], false_alarms: float) -> list[Decision]:
    """The decisions, the level of false alarms shared by all that there is evidence on."""
    rows = list(rows)
    known = [(evidence, GATED[row.quantity].weight) for row, evidence in rows if evidence]
    judged = iter(decide([evidence for evidence, _ in known], false_alarms, [weight for _, weight in known]))
    return [replace(row, decision=next(judged)) if evidence else row for row, evidence in rows]
