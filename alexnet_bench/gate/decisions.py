"""What a gate decides from the records of head and base."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.draws import ratios_by_draw
from alexnet_bench.gate.quantities import QUANTITIES, Quantity, Thresholds
from alexnet_bench.records import BASE, HEAD
from alexnet_bench.stats import FEWEST_UNITS, over_draws
from alexnet_bench.stats.gate import FALSE_ALARMS, NOT_COMPARABLE, Evidence, decide, is_settled
from alexnet_bench.stats.verdict import INCONCLUSIVE

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One variant and quantity. The fields are the columns of `gate --json`.

    Args:
        variant: its name.
        precision: Keras dtype policy.
        batch_size: images a step.
        topology: scale of the network.
        quantity: `training`, `inference`, `memory` or `start-up`.
        label: what tables call it.
        unit: of base and head.
        higher_is_better: of these.
        base: mean of the base.
        head: mean of the head.
        ratio: head over base.
        low: end of its 95% interval; null under four draws.
        high: likewise.
        draws: that it rests on.
        threshold: the loss that must not pass, as a share.
        decision: `pass`, `regressed`, `improved`, `inconclusive` or `not comparable`.
        note: why there is none, or what must be known.
    """

    variant: str
    precision: str
    batch_size: int
    topology: str
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
        """Whether there is a ratio at all."""
        return self.draws > 0


def decisions(
    records: Iterable[Record], thresholds: Thresholds, false_alarms: float = FALSE_ALARMS
) -> list[Decision]:
    """The decision on every gated quantity of every variant, the level of false alarms shared by all.

    Args:
        records: draws of a base and a head, timed together.
        thresholds: of the losses.
        false_alarms: how often code that is as fast as before may be called regressed, in all.
    """
    pairs = [pair for sides in _sides(records) for pair in _gated(*sides, thresholds)]
    judged = iter(decide([evidence for _, evidence in pairs if evidence.draws], false_alarms))
    return [replace(row, decision=next(judged)) if evidence.draws else row for row, evidence in pairs]


def enough(head: Sequence[Record], base: Sequence[Record], thresholds: Thresholds) -> bool:
    """Whether nothing is left to find out: every loss that must not pass is ruled out, or certain."""
    return all(is_settled(evidence) for _, evidence in _gated(head, base, thresholds))


def _sides(records: Iterable[Record]) -> Iterator[tuple[list[Record], list[Record]]]:
    """The draws of head and base of each variant, precision and batch size."""
    found: dict[tuple[Any, ...], tuple[list[Record], list[Record]]] = {}
    for record in records:
        key = record["variant"], record["precision"], record["batch_size"]
        found.setdefault(key, ([], []))[record["side"] == BASE].append(record)
    return iter(found.values())


def _gated(
    head: Sequence[Record], base: Sequence[Record], thresholds: Thresholds
) -> Iterator[tuple[Decision, Evidence]]:
    """Every gated quantity of a variant before it is judged, and what is known of it."""
    some = (*head, *base)[0]
    modes = {record["mode"] for record in (*head, *base)}
    for quantity in QUANTITIES.values():
        threshold = thresholds.of(some["variant"], quantity.name)
        if threshold is not None and (quantity.mode is None or quantity.mode in modes):
            sides = _usable(head, base, quantity)
            evidence = Evidence(draws=_draws(*sides, quantity), loss=quantity.loss(threshold))
            blank = _blank(some, quantity, threshold, _note(head, base, quantity))
            yield _measured(blank, *sides, quantity, evidence), evidence


def _blank(some: Record, quantity: Quantity, threshold: float, note: str) -> Decision:
    return Decision(
        variant=some["variant"],
        precision=some["precision"],
        batch_size=some["batch_size"],
        topology=some["topology"],
        quantity=quantity.name,
        label=quantity.label,
        unit=quantity.unit,
        higher_is_better=quantity.higher_is_better,
        threshold=threshold,
        note=note,
    )


def _measured(
    blank: Decision, head: Sequence[Record], base: Sequence[Record], quantity: Quantity, evidence: Evidence
) -> Decision:
    if not evidence.draws:
        return blank
    found = over_draws(evidence.draws)
    sign = 1 if quantity.higher_is_better else -1
    ends = sorted((sign * found.low, sign * found.high))
    return replace(
        blank,
        base=_mean(base, quantity),
        head=_mean(head, quantity),
        ratio=math.exp(sign * found.mean),
        low=math.exp(ends[0]),
        high=math.exp(ends[1]),
        draws=found.count,
        decision=INCONCLUSIVE,
    )


def _usable(
    head: Sequence[Record], base: Sequence[Record], quantity: Quantity
) -> tuple[list[Record], list[Record]]:
    """The draws that tell of a quantity and count; without a steady state, a throughput does not."""
    sides = [
        [
            row
            for row in side
            if row["status"] == "ok"
            and row[quantity.column] is not None
            and (quantity.mode is None or row["mode"] == quantity.mode)
        ]
        for side in (head, base)
    ]
    moving = {row["draw"] for side in sides for row in side if quantity.mode and row["steady"] is False}
    of_head, of_base = ([row for row in side if row["draw"] not in moving] for side in sides)
    return of_head, of_base


def _draws(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> list[NDArray[np.float64]]:
    """Logarithms of how much better head is, an array a draw."""
    if quantity.mode is not None:
        return ratios_by_draw(head, base)
    of_head, of_base = ({row["draw"]: row[quantity.column] for row in side} for side in (head, base))
    return [
        np.array([math.log(of_base[draw] / of_head[draw])])
        for draw in sorted(of_head.keys() & of_base.keys())
    ]


def _note(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> str:
    failures = [
        f"{side}: {row['status']}: {row['error']}"
        for side, rows in ((HEAD, head), (BASE, base))
        for row in rows
        if row["status"] != "ok" and quantity.mode in (None, row["mode"])
    ]
    moving = [
        row["draw"] for row in (*head, *base) if row["steady"] is False and row["mode"] == quantity.mode
    ]
    unsteady = [f"{len(set(moving))} draws without a steady state do not count"] if moving else []
    few = len({row["draw"] for row in head}) < FEWEST_UNITS and not failures
    return "; ".join(
        [
            *dict.fromkeys(failures),
            *unsteady,
            *([f"a decision takes {FEWEST_UNITS} draws; give a larger budget"] if few else []),
        ]
    )


def _mean(rows: Sequence[Record], quantity: Quantity) -> float:
    return float(np.mean([row[quantity.column] for row in rows]))
