"""What a gate decides from draws of head and base that were timed together."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alexnet_bench.analysis.decision import Decision, decided, of_quantity
from alexnet_bench.analysis.effect import build_effect, geometric_mean, speed_effect, typical_speed
from alexnet_bench.analysis.quantities import QUANTITIES, Quantity, Thresholds
from alexnet_bench.records.schema import BASE, HEAD, Draw
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.evidence import PairedDraws
from alexnet_bench.stats.gate import FALSE_ALARMS, REGRESSED
from alexnet_bench.stats.verdict import INCONCLUSIVE

ONLY = {HEAD: "only this code has it", BASE: "only the base has it"}
NETWORK = ("variant", "precision", "batch_size", "topology")
UNTIMED = "it was not timed before the budget ended; give a larger one"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A network on which a decision was asked, whether or not it was timed.

    Args:
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
        return {name: getattr(self, name) for name in NETWORK}

    @property
    def key(self) -> tuple[Any, ...]:
        """What its records agree in."""
        return self.variant, self.precision, self.batch_size


def decisions(
    records: Iterable[Draw],
    thresholds: Thresholds,
    false_alarms: float = FALSE_ALARMS,
    asked: Iterable[Asked] = (),
) -> list[Decision]:
    """The decision on every gated quantity of every variant, the level of false alarms shared by all.

    Args:
        records: draws of a base and a head, timed together.
        false_alarms: how often code that is as fast as before may be called regressed, in all.
        asked: the networks to decide on; those of the records, where it is left out.
    """
    rows: list[tuple[Decision, PairedDraws | None]] = []
    for network, draws in by_network(records, asked):
        head = [draw for draw in draws if draw.side != BASE]
        base = [draw for draw in draws if draw.side == BASE]
        rows += _gated(network, head, base, thresholds)
    return decided(rows, false_alarms)


def enough(head: Sequence[Draw], base: Sequence[Draw], thresholds: Thresholds) -> bool:
    """Whether nothing is left to find out: every loss above its tolerance is ruled out, or certain.

    What a side does not record, no further draw can tell.
    """
    network = _asked_of((*head, *base)[0])
    return all(
        evidence.is_settled if evidence else bool(_lacking(head, base, QUANTITIES[row.quantity]))
        for row, evidence in _gated(network, head, base, thresholds)
    )


def by_network(records: Iterable[Draw], asked: Iterable[Asked]) -> list[tuple[Asked, list[Draw]]]:
    """Every network that is asked for or has records, with its records."""
    found: dict[tuple[Any, ...], tuple[Asked, list[Draw]]] = {item.key: (item, []) for item in asked}
    for record in records:
        network = _asked_of(record)
        found.setdefault(network.key, (network, []))[1].append(record)
    return list(found.values())


def undecided(
    asked: Asked, draws: Iterable[Draw], thresholds: Thresholds
) -> Iterator[tuple[Quantity, float, Decision]]:
    """Every gated quantity of a network with its threshold, and the decision before anything is known."""
    modes = {*asked.modes, *(draw.mode for draw in draws)}
    for quantity in QUANTITIES.values():
        threshold = thresholds.of(asked.variant, quantity.name)
        if threshold is not None and quantity.mode in (None, *modes):
            yield quantity, threshold, of_quantity(quantity, threshold, **asked.network)


def _asked_of(record: Draw) -> Asked:
    """The network of a record, on whose modes alone a decision is asked."""
    return Asked(**{name: getattr(record, name) for name in NETWORK}, modes=())


def typical(draws: Iterable[Draw], quantity: Quantity) -> float:
    """The geometric mean over the draws that count; not a number where there is none."""
    told = [draw for draw in draws if quantity.is_told_by(draw)]
    if quantity.mode:
        return typical_speed(told)
    return geometric_mean([math.log(quantity.metric.of(draw)) for draw in told])


def _gated(
    asked: Asked, head: Sequence[Draw], base: Sequence[Draw], thresholds: Thresholds
) -> Iterator[tuple[Decision, PairedDraws | None]]:
    """Every gated quantity of a network before it is judged, and what is known of it."""
    for quantity, threshold, row in undecided(asked, (*head, *base), thresholds):
        find = speed_effect if quantity.mode else build_effect
        effect = find(head, base, quantity.metric)
        if effect.pairs:
            sign = 1 if quantity.higher_is_better else -1
            draws = effect.rounds or [np.array([value]) for value in effect.values]
            evidence = PairedDraws(draws=[sign * draw for draw in draws], tolerance=quantity.loss(threshold))
            yield row.on(evidence, head=effect.arm).noted(*_notes(head, base, quantity)), evidence
            continue
        row = replace(row, head=typical(head, quantity))
        if asked.only:
            yield row.noted(ONLY[asked.only], *_failures(head, base, quantity)), None
        elif not (head or base):
            yield replace(row, decision=INCONCLUSIVE).noted(UNTIMED), None
        else:
            broken = REGRESSED if _is_broken(head, base, quantity) else row.decision
            yield replace(row, decision=broken).noted(*_notes(head, base, quantity)), None


def _is_broken(head: Sequence[Draw], base: Sequence[Draw], quantity: Quantity) -> bool:
    """Whether head always fails where the base never does."""
    of_head, of_base = ([draw.succeeded for draw in side if quantity.concerns(draw)] for side in (head, base))
    return bool(of_head and of_base) and not any(of_head) and all(of_base)


def _lacking(head: Sequence[Draw], base: Sequence[Draw], quantity: Quantity) -> str:
    """The side whose draws succeeded and do not say what is asked of them; nothing where there is none."""
    for name, side in ((HEAD, head), (BASE, base)):
        well = [draw for draw in side if draw.succeeded and quantity.concerns(draw)]
        if well and not any(quantity.metric.has(draw) for draw in well):
            return name
    return ""


def _failures(head: Sequence[Draw], base: Sequence[Draw], quantity: Quantity) -> list[str]:
    found = [
        f"{side}: {draw.status}: {draw.error}"
        for side, draws in ((HEAD, head), (BASE, base))
        for draw in draws
        if not draw.succeeded and quantity.concerns(draw)
    ]
    return list(dict.fromkeys(found))


def _notes(head: Sequence[Draw], base: Sequence[Draw], quantity: Quantity) -> Iterator[str]:
    failures = _failures(head, base, quantity)
    yield from failures
    if side := _lacking(head, base, quantity):
        yield f"{side} does not record its {quantity.metric.label}"
    moving = {draw.draw for draw in (*head, *base) if draw.steady is False and draw.mode == quantity.mode}
    if moving:
        yield f"{len(moving)} draws without a steady state do not count"
    if len({draw.draw for draw in head}) < FEWEST_UNITS and not failures:
        yield f"a decision takes {FEWEST_UNITS} draws; give a larger budget"
