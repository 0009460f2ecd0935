"""What a gate decides from draws of head and base that were timed together."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.decision import Decision, decided, of_quantity
from alexnet_bench.analysis.draws import log_rate, ratios_by_draw
from alexnet_bench.analysis.quantities import QUANTITIES, Quantity, Thresholds
from alexnet_bench.records.schema import BASE, HEAD
from alexnet_bench.stats import FEWEST_UNITS
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import FALSE_ALARMS, REGRESSED
from alexnet_bench.stats.verdict import INCONCLUSIVE

Record = Mapping[str, Any]
ONLY = {HEAD: "only this code has it", BASE: "only the base has it"}
UNTIMED = "it was not timed before the budget ended; give a larger one"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A network on which a decision was asked, whether or not it was timed.

    Args:
        variant: its name.
        precision: Keras dtype policy.
        batch_size: images a step.
        topology: scale of the network.
        modes: of `training` and `inference`, those to time.
        only: the one side that has the variant; nothing where both do.
    """

    variant: str
    precision: str
    batch_size: int
    topology: str
    modes: tuple[str, ...]
    only: str = ""

    @property
    def network(self) -> dict[str, Any]:
        """What a decision says of it."""
        return {name: getattr(self, name) for name in ("variant", "precision", "batch_size", "topology")}

    @property
    def key(self) -> tuple[Any, ...]:
        """What its records agree in."""
        return self.variant, self.precision, self.batch_size


@dataclass(kw_only=True)
class _Network:
    """What is known of a network.

    Args:
        asked: what was asked.
        head: its draws.
        base: likewise.
    """

    asked: Asked
    head: list[Record] = field(default_factory=list)
    base: list[Record] = field(default_factory=list)


def decisions(
    records: Iterable[Record],
    thresholds: Thresholds,
    false_alarms: float = FALSE_ALARMS,
    asked: Iterable[Asked] = (),
) -> list[Decision]:
    """The decision on every gated quantity of every variant, the level of false alarms shared by all.

    Args:
        records: draws of a base and a head, timed together.
        thresholds: of the losses.
        false_alarms: how often code that is as fast as before may be called regressed, in all.
        asked: the networks to decide on; those of the records, where it is left out.
    """
    networks = {item.key: _Network(asked=item) for item in asked}
    for record in records:
        of_record = asked_of(record)
        network = networks.setdefault(of_record.key, _Network(asked=of_record))
        (network.base if record["side"] == BASE else network.head).append(record)
    return decided([row for item in networks.values() for row in _gated(item, thresholds)], false_alarms)


def enough(head: Sequence[Record], base: Sequence[Record], thresholds: Thresholds) -> bool:
    """Whether nothing is left to find out: every loss above its tolerance is ruled out, or certain.

    What a side does not record, no further draw can tell.
    """
    network = _Network(asked=asked_of((*head, *base)[0]), head=list(head), base=list(base))
    return all(
        evidence.is_settled if evidence else bool(_lacking(head, base, QUANTITIES[row.quantity]))
        for row, evidence in _gated(network, thresholds)
    )


def asked_of(record: Record) -> Asked:
    """The network of a record, on whose modes alone a decision is asked."""
    values = {name: record[name] for name in ("variant", "precision", "batch_size", "topology")}
    return Asked(**values, modes=())


def typical(rows: Sequence[Record], quantity: Quantity) -> float:
    """The geometric mean over draws, as the ratio takes them; not a number where there is none."""
    if not rows:
        return math.nan
    logs = [log_rate(row) if quantity.mode else math.log(row[quantity.column]) for row in rows]
    return math.exp(float(np.mean(logs)))


def _gated(network: _Network, thresholds: Thresholds) -> Iterator[tuple[Decision, PairedDraws | None]]:
    """Every gated quantity of a network before it is judged, and what is known of it."""
    asked, head, base = network.asked, network.head, network.base
    modes = {*asked.modes, *(record["mode"] for record in (*head, *base))}
    for quantity in QUANTITIES.values():
        threshold = thresholds.of(asked.variant, quantity.name)
        if threshold is None or quantity.mode not in (None, *modes):
            continue
        row = of_quantity(quantity, threshold, **asked.network)
        of_head, of_base = _usable(head, base, quantity)
        draws = _draws(of_head, of_base, quantity)
        if draws:
            counted = {row["draw"] for row in of_base}
            speed = typical([row for row in of_head if row["draw"] in counted], quantity)
            evidence = PairedDraws(draws=draws, loss=quantity.loss(threshold))
            yield row.on(evidence, head=speed).noted(*_notes(head, base, quantity)), evidence
        else:
            row = replace(row, head=typical(of_head, quantity))
            yield _undecided(row, network, quantity), None


def _undecided(row: Decision, network: _Network, quantity: Quantity) -> Decision:
    """What is to be said where no draw has both sides."""
    head, base, only = network.head, network.base, network.asked.only
    if only:
        return row.noted(ONLY[only], *_failures(head, base, quantity))
    if not (head or base):
        return replace(row, decision=INCONCLUSIVE).noted(UNTIMED)
    broken = REGRESSED if _is_broken(head, base, quantity) else row.decision
    return replace(row, decision=broken).noted(*_notes(head, base, quantity))


def _is_broken(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> bool:
    """Whether head always fails where the base never does."""
    of_head, of_base = (
        [row["status"] == "ok" for row in side if quantity.mode in (None, row["mode"])]
        for side in (head, base)
    )
    return bool(of_head and of_base) and not any(of_head) and all(of_base)


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


def _lacking(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> str:
    """The side whose draws succeeded and do not say what is asked of them; nothing where there is none."""
    for name, side in ((HEAD, head), (BASE, base)):
        well = [row for row in side if row["status"] == "ok" and quantity.mode in (None, row["mode"])]
        if well and all(row[quantity.column] is None for row in well):
            return name
    return ""


def _failures(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> list[str]:
    found = [
        f"{side}: {row['status']}: {row['error']}"
        for side, rows in ((HEAD, head), (BASE, base))
        for row in rows
        if row["status"] != "ok" and quantity.mode in (None, row["mode"])
    ]
    return list(dict.fromkeys(found))


def _notes(head: Sequence[Record], base: Sequence[Record], quantity: Quantity) -> Iterator[str]:
    failures = _failures(head, base, quantity)
    yield from failures
    if side := _lacking(head, base, quantity):
        yield f"{side} does not record its {quantity.label}"
    moving = {
        row["draw"] for row in (*head, *base) if row["steady"] is False and row["mode"] == quantity.mode
    }
    if moving:
        yield f"{len(moving)} draws without a steady state do not count"
    if len({row["draw"] for row in head}) < FEWEST_UNITS and not failures:
        yield f"a decision takes {FEWEST_UNITS} draws; give a larger budget"
