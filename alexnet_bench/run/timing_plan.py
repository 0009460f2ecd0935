"""What to time next: decided from what has been recorded, so that a run can be resumed at any point."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from alexnet_bench.analysis.effect import speed_effect
from alexnet_bench.analysis.metrics import THROUGHPUTS
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.schema import HEAD, Draw
from alexnet_bench.run.effort import Effort
from alexnet_bench.stats import FEWEST_UNITS, best_rounds, variance_components

FEWEST_ROUNDS = 3
# Variances are known badly from a few draws: what follows from them stays near what was planned.
LEAST_FACTOR, LARGEST_FACTOR = 0.5, 3.0
# Few units make a wide interval however long each of them is, so a budget holds eight draws or more; where
# building takes long it may hold five, so that no more goes into building than into rounds.
FEWEST_DRAWS_IN_BUDGET = 5
MOST_DRAWS = 200
# What never gets steady is not drawn for ever: so many times as often as is planned.
MOST_TRIES = 2
_METRICS = {metric.mode: metric for metric in THROUGHPUTS}

Key = tuple[str, str, str, int]
IsKnown = Callable[[list[Draw], list[Draw]], bool]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What is timed: a network, in the code of one side."""

    network: Network
    side: str = HEAD

    @property
    def key(self) -> Key:
        """Side, variant, precision and batch size."""
        network = self.network
        return self.side, network.variant.name, network.precision, network.recipe.batch_size

    def is_elsewhere(self, fingerprint: str | None) -> bool:
        """Whether what a worker built is another network; the base's is known to its own code alone."""
        return self.side == HEAD and fingerprint not in (None, self.network.fingerprint)

    def made(self, record: Draw) -> bool:
        """Whether a record is a draw of it."""
        key = (record.side, record.variant, record.precision, record.batch_size)
        return key == self.key and not self.is_elsewhere(record.fingerprint)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An arm and what it is held against; itself, where there is nothing else."""

    arm: Contender
    control: Contender


@dataclass(frozen=True, kw_only=True)
class DrawTask:
    """One draw of each of some contenders, to be timed slice by slice in one session.

    Args:
        draw: its number.
        contenders: the control first.
        rounds: at most.
        seconds: after which no further round is begun.
    """

    draw: int
    contenders: tuple[Contender, ...]
    rounds: int
    seconds: float = math.inf


class TimingPlan:
    """Which contenders are timed together, for how long, and when it is enough.

    Args:
        pairs: what is compared; every contender is in one.
        effort: how much.
        at_once: contenders that memory holds.
        is_known: whether the draws of an arm and its control say enough; by default, whether the intervals
            of their ratios are as narrow as the effort asks.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        effort: Effort,
        at_once: Callable[[], int],
        is_known: IsKnown | None = None,
    ) -> None:
        self.pairs, self.effort, self._at_once = tuple(pairs), effort, at_once
        self.is_known = is_known or partial(_is_narrow, effort)

    @property
    def contenders(self) -> list[Contender]:
        """Every one, controls first."""
        return list(
            {
                item.key: item
                for pair in sorted(self.pairs, key=lambda pair: pair.arm != pair.control)
                for item in (pair.control, pair.arm)
            }.values()
        )

    def next_task(self, records: Iterable[Draw]) -> DrawTask | None:
        """The session that is due; None where enough is known, or the budget is used up."""
        done = _Done(self, list(records))
        wanting = [pair for pair in self.pairs if done.wants_more(pair)]
        if not wanting:
            return None
        contenders = self._group(wanting, done)
        rounds = done.rounds(contenders)
        if rounds is None:
            return None
        return DrawTask(
            draw=done.sessions, contenders=contenders, rounds=rounds, seconds=done.most_seconds(contenders)
        )

    def sessions_left(self, records: Iterable[Draw]) -> int:
        """At least so many sessions are to come."""
        done = _Done(self, list(records))
        lacking = [
            max(self.effort.draws - done.count(pair), int(done.wants_more(pair))) for pair in self.pairs
        ]
        return max(lacking, default=0) * len(self.groups)

    @property
    def groups(self) -> list[Contender]:
        """The control of each session, of those in which every arm is drawn once."""
        others = max(1, self._at_once() - 1)
        controls = {pair.control.key: pair.control for pair in self.pairs}
        arms = Counter(pair.control.key for pair in self.pairs)
        return [controls[key] for key, count in arms.items() for _ in range(math.ceil(count / others))]

    def _group(self, wanting: list[Pair], done: "_Done") -> tuple[Contender, ...]:
        """As many as memory holds, of one control, the least often drawn first."""
        fewest = min(done.count(pair) for pair in wanting)
        behind = [pair for pair in wanting if done.count(pair) == fewest]
        control = behind[0].control
        arms = [pair.arm for pair in behind if pair.control == control and pair.arm != control]
        others = max(1, self._at_once() - 1)
        # Groups of nearly equal size share the control.
        size = math.ceil(len(arms) / max(1, math.ceil(len(arms) / others)))
        return (control, *arms[:size])


class _Done:
    """What a plan's records say."""

    def __init__(self, plan: TimingPlan, records: list[Draw]) -> None:
        self.plan, self.effort = plan, plan.effort
        self.records = records
        self.sessions = 1 + max((record.draw for record in records), default=-1)
        self._draws = {
            contender.key: [record for record in records if contender.made(record)]
            for contender in plan.contenders
        }

    def count(self, pair: Pair) -> int:
        """The draws that count: both sides were timed in every mode, in a steady state."""
        both = (*self._of(pair.arm), *self._of(pair.control))
        moving = {row.draw for row in both if row.steady is False}
        return len(self._complete(pair) - moving)

    def wants_more(self, pair: Pair) -> bool:
        """Whether a pair has too few draws, or too wide an interval."""
        count, made = self.count(pair), len(self._complete(pair))
        if count < self.effort.draws and made < MOST_TRIES * self.effort.draws:
            return True
        if pair.arm == pair.control or made >= MOST_DRAWS:
            return False
        if any(not record.succeeded for side in (pair.arm, pair.control) for record in self._of(side)):
            return False
        return not self.plan.is_known(self._of(pair.arm), self._of(pair.control))

    def seconds_left(self) -> float:
        """Of the budget."""
        if self.effort.budget_seconds is None:
            return math.inf
        used = {record.draw: record.duration_seconds for record in self.records}
        return self.effort.budget_seconds - sum(used.values())

    def most_seconds(self, contenders: Sequence[Contender]) -> float:
        """How long the next session may go on; one whose cost nobody knows must not use up the budget."""
        known = self._costs(contenders) is not None
        return min(self.seconds_left(), math.inf if known else self._share() / FEWEST_DRAWS_IN_BUDGET)

    def rounds(self, contenders: Sequence[Contender]) -> int | None:
        """Rounds of the next session; None where the budget leaves no time for a draw worth having."""
        left = self.seconds_left()
        cost = self._costs(contenders)
        if cost is None:
            return self.effort.rounds if left > 0 else None
        draw_seconds, round_seconds = cost
        rounds = self._optimum(contenders, draw_seconds, round_seconds) or self.effort.rounds
        least, largest = (factor * self.effort.rounds for factor in (LEAST_FACTOR, LARGEST_FACTOR))
        rounds = max(FEWEST_ROUNDS, min(largest, max(least, rounds)))
        if self.effort.budget_seconds is not None:
            least = self._share() / self.effort.draws_in_budget
            most = self._share() / FEWEST_DRAWS_IN_BUDGET
            seconds = max(least, min(2 * draw_seconds, most))
            rounds = max(FEWEST_ROUNDS, min(rounds, (seconds - draw_seconds) / round_seconds))
        # A draw of far fewer rounds than the others would widen the interval.
        affordable = (left - draw_seconds) / round_seconds
        if affordable < max(FEWEST_ROUNDS, LEAST_FACTOR * rounds):
            return None
        return int(min(rounds, affordable))

    def _share(self) -> float:
        """Of the budget, for each group of contenders."""
        budget = self.effort.budget_seconds
        return math.inf if budget is None else budget / len(self.plan.groups)

    def _of(self, contender: Contender) -> list[Draw]:
        return self._draws[contender.key]

    def _complete(self, pair: Pair) -> set[int]:
        """The draws in which both sides were timed in every mode."""
        return set.intersection(*(self._whole(side) for side in (pair.arm, pair.control)))

    def _whole(self, contender: Contender) -> set[int]:
        modes: dict[int, set[str]] = {}
        for record in self._of(contender):
            modes.setdefault(record.draw, set()).add(record.mode)
        return {draw for draw, found in modes.items() if found >= set(self.effort.modes)}

    def _costs(self, contenders: Sequence[Contender]) -> tuple[float, float] | None:
        """Seconds of a draw before its first round and of a round, as sessions like this one say.

        Those of the same precision and batch; where there is none, of any, in proportion to the work.
        """
        before, each = [], []
        work = _work(contenders[0].network.plan.macs, contenders[0].network.recipe.batch_size)
        sessions = [
            [record for record in self.records if record.draw == draw]
            for draw in {record.draw for record in self.records}
        ]
        timed = [rows for rows in sessions if any(row.round_ids for row in rows)]
        alike = [rows for rows in timed if _conditions(rows[0]) == contenders[0].key[2:]]
        for rows in alike or timed:
            sides = len({(row.side, row.variant) for row in rows})
            rounds = max(len(row.round_ids) for row in rows)
            sliced = sum(sum(row.slice_seconds) for row in rows)
            scale = 1.0 if alike else work / _work(rows[0].macs, rows[0].batch_size)
            each.append(max(scale * sliced / rounds / sides, sum(self._least_slices())))
            before.append((rows[0].duration_seconds - sliced) / sides)
        if not each:
            return None
        return len(contenders) * float(np.median(before)), len(contenders) * float(np.median(each))

    def _least_slices(self) -> list[float]:
        """What the slices of a round last at least, but for rounding to whole steps."""
        return [self.effort.slice_seconds / 2 for _ in self.effort.modes]

    def _optimum(
        self, contenders: Sequence[Contender], draw_seconds: float, round_seconds: float
    ) -> float | None:
        """The median over the pairs and modes that are timed, once the variances are known at all."""
        found = []
        for pair in self.plan.pairs:
            if pair.arm in contenders and pair.arm != pair.control:
                for mode in self.effort.modes:
                    draws = speed_effect(self._of(pair.arm), self._of(pair.control), _METRICS[mode]).rounds
                    components = variance_components(draws) if len(draws) >= FEWEST_UNITS else None
                    if components is not None:
                        found.append(best_rounds(components, draw_seconds, round_seconds))
        return float(np.median(found)) if found else None


def _is_narrow(effort: Effort, arm: list[Draw], control: list[Draw]) -> bool:
    return effort.interval is None or all(
        speed_effect(arm, control, _METRICS[mode]).half_width <= effort.interval for mode in effort.modes
    )


def _conditions(record: Draw) -> tuple[Any, ...]:
    return record.precision, record.batch_size


def _work(macs: int, batch_size: int) -> float:
    return float(macs) * batch_size
