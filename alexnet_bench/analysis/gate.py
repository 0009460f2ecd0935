"""What a gate decides from draws of head and base that were timed together."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.decision import Decision, decided, of_quantity
from alexnet_bench.analysis.draws import ratios_by_draw
from alexnet_bench.analysis.quantities import QUANTITIES, Quantity, Thresholds
from alexnet_bench.records.schema import BASE, HEAD
from alexnet_bench.stats import FEWEST_UNITS
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import FALSE_ALARMS

Record = Mapping[str, Any]


def decisions(
    records: Iterable[Record], thresholds: Thresholds, false_alarms: float = FALSE_ALARMS
) -> list[Decision]:
    """The decision on every gated quantity of every variant, the level of false alarms shared by all.

    Args:
        records: draws of a base and a head, timed together.
        thresholds: of the losses.
        false_alarms: how often code that is as fast as before may be called regressed, in all.
    """
    return decided([row for sides in _sides(records) for row in _gated(*sides, thresholds)], false_alarms)


def enough(head: Sequence[Record], base: Sequence[Record], thresholds: Thresholds) -> bool:
    """Whether nothing is left to find out: every loss that must not pass is ruled out, or certain.

    What a side does not record, no further draw can tell.
    """
    return all(
        evidence.is_settled if evidence else bool(_lacking(head, base, QUANTITIES[row.quantity]))
        for row, evidence in _gated(head, base, thresholds)
    )


def _sides(records: Iterable[Record]) -> Iterator[tuple[list[Record], list[Record]]]:
    """The draws of head and base of each variant, precision and batch size."""
    found: dict[tuple[Any, ...], tuple[list[Record], list[Record]]] = {}
    for record in records:
        key = record["variant"], record["precision"], record["batch_size"]
        found.setdefault(key, ([], []))[record["side"] == BASE].append(record)
    return iter(found.values())


def _gated(
    head: Sequence[Record], base: Sequence[Record], thresholds: Thresholds
) -> Iterator[tuple[Decision, PairedDraws | None]]:
    """Every gated quantity of a variant before it is judged, and what is known of it."""
    some = (*head, *base)[0]
    modes = {record["mode"] for record in (*head, *base)}
    for quantity in QUANTITIES.values():
        threshold = thresholds.of(some["variant"], quantity.name)
        if threshold is not None and (quantity.mode is None or quantity.mode in modes):
            network = {name: some[name] for name in ("variant", "precision", "batch_size", "topology")}
            row = of_quantity(quantity, threshold, **network).noted(*_notes(head, base, quantity))
            sides = _usable(head, base, quantity)
            if draws := _draws(*sides, quantity):
                evidence = PairedDraws(draws=draws, loss=quantity.loss(threshold))
                means = {HEAD: _mean(sides[0], quantity), BASE: _mean(sides[1], quantity)}
                yield row.on(evidence, **means), evidence
            else:
                yield replace(row, head=_mean(sides[0], quantity)), None


def _usable(
    head: Sequence[Record], base: Sequence[Record], quantity: Quantity
) -> tuple[list[Record], list[Record]]:
    """The draws that tell of a quantity and count; without a steady state, a throughput does not."""
    sides = [[row for row in side if quantity.is_told_by(row)] for side in (head, base)]
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


def _mean(rows: Sequence[Record], quantity: Quantity) -> float:
    return float(np.mean([row[quantity.column] for row in rows])) if rows else math.nan


def _lacking(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> str:
    """The side whose draws went well and do not say what is asked of them; nothing where there is none."""
    for name, side in ((HEAD, head), (BASE, base)):
        well = [row for row in side if row["status"] == "ok" and quantity.mode in (None, row["mode"])]
        if well and all(row[quantity.column] is None for row in well):
            return name
    return ""


def _notes(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> Iterator[str]:
    failures = [
        f"{side}: {row['status']}: {row['error']}"
        for side, rows in ((HEAD, head), (BASE, base))
        for row in rows
        if row["status"] != "ok" and quantity.mode in (None, row["mode"])
    ]
    yield from dict.fromkeys(failures)
    if side := _lacking(head, base, quantity):
        yield f"{side} does not record its {quantity.label}"
    moving = {
        row["draw"] for row in (*head, *base) if row["steady"] is False and row["mode"] == quantity.mode
    }
    if moving:
        yield f"{len(moving)} draws without a steady state do not count"
    if len({row["draw"] for row in head}) < FEWEST_UNITS and not failures:
        yield f"a decision takes {FEWEST_UNITS} draws; give a larger budget"
