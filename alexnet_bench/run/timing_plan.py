"""What to time next: decided from what has been recorded, so that a run can be resumed at any point."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from alexnet_bench.analysis.effect import Effect, speed_effect
from alexnet_bench.analysis.metrics import THROUGHPUTS
from alexnet_bench.network.trainable import Network
from alexnet_bench.records.schema import HEAD, Draw
from alexnet_bench.run.effort import Effort
from alexnet_bench.stats.estimate import FEWEST_UNITS
from alexnet_bench.stats.rounds import best_rounds, variance_components

FEWEST_ROUNDS = 3
# Variances are known badly from a few draws: what follows from them stays near what was planned.
LEAST_FACTOR, LARGEST_FACTOR = 0.5, 3.0
# Few units make a wide interval however long each of them is, so a budget holds eight draws or more; where
# building takes long it may hold five, so that no more goes into building than into rounds.
FEWEST_DRAWS_IN_BUDGET = 5
MOST_DRAWS = 200
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
    """One draw of each of some contenders, the control first, to be timed in the same rounds.

    There are so many rounds at most, and after so many seconds none is begun; a slice lasts about
    `slice_seconds`.
    """

    draw: int
    contenders: tuple[Contender, ...]
    modes: tuple[str, ...]
    rounds: int
    slice_seconds: float
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
        self.is_known = is_known or self._is_narrow

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
        """What is due; None where enough is known, or the budget is used up."""
        done = _Done(self, records)
        wanting = [pair for pair in self.pairs if done.wants_more(pair)]
        if not wanting:
            return None
        contenders = self._group(wanting, done)
        rounds = done.rounds(contenders)
        if rounds is None:
            return None
        return DrawTask(
            draw=max(done.by_draw, default=-1) + 1,
            contenders=contenders,
            modes=self.effort.modes,
            rounds=rounds,
            slice_seconds=self.effort.slice_seconds,
            seconds=done.most_seconds(contenders),
        )

    def tasks_left(self, records: Iterable[Draw]) -> int:
        """How many draws are still to come, at least."""
        done = _Done(self, records)
        lacking = [
            max(self.effort.draws - done.count(pair), int(done.wants_more(pair))) for pair in self.pairs
        ]
        return max(lacking, default=0) * len(self.groups)

    @property
    def groups(self) -> list[Contender]:
        """The control of each task, of those in which every arm is drawn once."""
        controls = {pair.control.key: pair.control for pair in self.pairs}
        arms, others = Counter(pair.control.key for pair in self.pairs), self._at_once() - 1
        return [controls[key] for key, count in arms.items() for _ in range(math.ceil(count / others))]

    def _group(self, wanting: list[Pair], done: "_Done") -> tuple[Contender, ...]:
        """As many as memory holds, of one control, the least often drawn first."""
        fewest = min(done.count(pair) for pair in wanting)
        behind = [pair for pair in wanting if done.count(pair) == fewest]
        control = behind[0].control
        arms = [pair.arm for pair in behind if pair.control == control and pair.arm != control]
        # Groups of nearly equal size share the control.
        groups = math.ceil(len(arms) / (self._at_once() - 1))
        return (control, *arms[: math.ceil(len(arms) / max(1, groups))])

    def _is_narrow(self, arm: list[Draw], control: list[Draw]) -> bool:
        interval = self.effort.interval
        return interval is None or all(
            speed_effect(arm, control, _METRICS[mode]).half_width <= interval for mode in self.effort.modes
        )


class _Done:
    """What a plan's records say."""

    def __init__(self, plan: TimingPlan, records: Iterable[Draw]) -> None:
        self.plan, self.effort = plan, plan.effort
        self.by_draw: dict[int, list[Draw]] = defaultdict(list)
        for record in records:
            self.by_draw[record.draw].append(record)
        self._effects: dict[tuple[Key, Key, str], Effect] = {}
        self._budget = math.inf if plan.effort.budget_seconds is None else plan.effort.budget_seconds
        self._left = self._budget - sum(rows[-1].duration_seconds for rows in self.by_draw.values())
        self._of = {
            contender.key: [row for rows in self.by_draw.values() for row in rows if contender.made(row)]
            for contender in plan.contenders
        }

    def count(self, pair: Pair) -> int:
        """The draws of the mode with the fewest that the effect rests on, or that failed and would again."""
        return min(self._effect(pair, mode).pairs + self._failed(pair, mode) for mode in self.effort.modes)

    def wants_more(self, pair: Pair) -> bool:
        """Whether a pair has too few draws, or too wide an interval."""
        made, (arm, control) = len(self._complete(pair)), self._sides(pair)
        if self.count(pair) < self.effort.draws and made < self.effort.tries * self.effort.draws:
            return True
        if pair.arm == pair.control or made >= MOST_DRAWS:
            return False
        if not all(record.succeeded for record in (*arm, *control)):
            return False
        return not self.plan.is_known(arm, control)

    def most_seconds(self, contenders: Sequence[Contender]) -> float:
        """How long the next task may go on; one whose cost nobody knows must not use up the budget."""
        known = self._costs(contenders) is not None
        return min(self._left, math.inf if known else self._share / FEWEST_DRAWS_IN_BUDGET)

    def rounds(self, contenders: Sequence[Contender]) -> int | None:
        """Rounds of the next task; None where the budget leaves no time for a draw worth having."""
        cost = self._costs(contenders)
        if cost is None:
            return self.effort.rounds if self._left > 0 else None
        draw_seconds, round_seconds = cost
        rounds = self._optimum(contenders, draw_seconds, round_seconds) or self.effort.rounds
        least, largest = (factor * self.effort.rounds for factor in (LEAST_FACTOR, LARGEST_FACTOR))
        rounds = min(largest, max(least, rounds))
        most = self._share / FEWEST_DRAWS_IN_BUDGET
        seconds = max(self._share / self.effort.draws_in_budget, min(2 * draw_seconds, most))
        rounds = max(FEWEST_ROUNDS, min(rounds, (seconds - draw_seconds) / round_seconds))
        # A draw of far fewer rounds than the others would widen the interval.
        affordable = (self._left - draw_seconds) / round_seconds
        if affordable < max(FEWEST_ROUNDS, LEAST_FACTOR * rounds):
            return None
        return int(min(rounds, affordable))

    def _sides(self, pair: Pair) -> tuple[list[Draw], list[Draw]]:
        return self._of[pair.arm.key], self._of[pair.control.key]

    def _effect(self, pair: Pair, mode: str) -> Effect:
        key = pair.arm.key, pair.control.key, mode
        if key not in self._effects:
            self._effects[key] = speed_effect(*self._sides(pair), _METRICS[mode])
        return self._effects[key]

    def _failed(self, pair: Pair, mode: str) -> int:
        rows = (row for side in self._sides(pair) for row in side if row.mode == mode)
        return len({row.draw for row in rows if not row.succeeded})

    def _complete(self, pair: Pair) -> set[int]:
        """The draws in which both sides were timed in every mode."""
        timed = [{(row.draw, row.mode) for row in side} for side in self._sides(pair)]
        both = Counter(draw for draw, mode in timed[0] & timed[1] if mode in self.effort.modes)
        return {draw for draw, modes in both.items() if modes == len(self.effort.modes)}

    @property
    def _share(self) -> float:
        """Of the budget, for each group of contenders."""
        return self._budget / len(self.plan.groups)

    def _costs(self, contenders: Sequence[Contender]) -> tuple[float, float] | None:
        """Seconds of a draw before its first round and of a round, as those like this one say.

        Those of the same precision and batch; where there is none, of any, in proportion to the work.
        """
        before, each = [], []
        network = contenders[0].network
        timed = [rows for rows in self.by_draw.values() if any(row.round_ids for row in rows)]
        alike = [rows for rows in timed if (rows[0].precision, rows[0].batch_size) == contenders[0].key[2:]]
        # What the slices of a round last at least, but for rounding to whole steps.
        least = len(self.effort.modes) * self.effort.slice_seconds / 2
        for rows in alike or timed:
            sides = len({(row.side, row.variant) for row in rows})
            rounds = max(len(row.round_ids) for row in rows)
            sliced = sum(sum(row.slice_seconds) for row in rows)
            work = network.plan.macs * network.recipe.batch_size / (rows[0].macs * rows[0].batch_size)
            each.append(max((1.0 if alike else work) * sliced / rounds / sides, least))
            before.append((rows[0].duration_seconds - sliced) / sides)
        if not each:
            return None
        return len(contenders) * float(np.median(before)), len(contenders) * float(np.median(each))

    def _optimum(
        self, contenders: Sequence[Contender], draw_seconds: float, round_seconds: float
    ) -> float | None:
        """The median over the pairs and modes that are timed, once the variances are known at all."""
        found = []
        for pair in self.plan.pairs:
            if pair.arm in contenders and pair.arm != pair.control:
                for mode in self.effort.modes:
                    draws = self._effect(pair, mode).rounds
                    components = variance_components(draws) if len(draws) >= FEWEST_UNITS else None
                    if components is not None:
                        found.append(best_rounds(components, draw_seconds, round_seconds))
        return float(np.median(found)) if found else None
