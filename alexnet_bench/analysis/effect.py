"""The effect: what an arm changes against its control in one quantity, over the pairs that count.

Whoever wants to know asks here: report, comparison, gate, history, doctor, claims, and the plan that decides
whether more is to be measured. A record counts if it succeeded and, where its speed is asked for, kept a
steady state; a pair counts if both of its sides do. So the same records give the same effect everywhere.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.metrics import HEADLINES, POINTS, RATIO, Metric
from alexnet_bench.records.schema import BASE, AnyRecord, Draw, Trial
from alexnet_bench.stats.error_rates import beats_chance
from alexnet_bench.stats.estimate import CONFIDENCE, FEWEST_UNITS, Estimate, estimate, unpaired
from alexnet_bench.stats.fresh_seed import probability_above_zero
from alexnet_bench.stats.paired import centre, interval
from alexnet_bench.stats.rounds import (
    Slices,
    faster_half,
    over_draws,
    paired_rounds,
    round_deviation,
    slower_half_gap,
)
from alexnet_bench.words import counted, listed

# What the effect rests on: an interval from four pairs on; fewer describe; of seeds or draws some of which
# failed, the interval of the others gives no verdict.
DESCRIPTIVE, INTERVAL, INCOMPLETE = "descriptive", "interval", "incomplete"
NOT_COMPARABLE, NOT_MEASURED, NOT_STEADY = "not comparable", "not measured", "not steady"
LEAST_GAP = 0.01
QUANTILES = (0.5, 0.05, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """An effect.

    Args:
        metric: what is compared.
        found: the mean over pairs and its 95% interval; of a ratio, their logarithms.
        values: (pairs,): arm minus control, or the logarithm of arm over control.
        controls: (pairs,): the control's, where each pair has a value of its own; of a ratio its logarithm.
        rounds: of speeds, what each round of each draw says, as logarithms.
        control: mean of the control; of a ratio the geometric mean.
        arm: what the effect makes of it.
        least_deviation: what the spread of the values is taken to be at least: whole test images, or the
            rounds of draws, alone make it that.
        failed, unsteady: what did not succeed, and the draws without a steady state, in words.
        at_chance: of errors, the seeds that did not learn, in words.
        alone: what only one side has, in words.
        reason: why there is no effect.
        notes: what else must be known.
    """

    metric: Metric
    found: Estimate = field(default_factory=lambda: Estimate(mean=math.nan, count=0))
    values: NDArray[np.float64] = field(default_factory=lambda: np.array([]))
    controls: NDArray[np.float64] = field(default_factory=lambda: np.array([]))
    rounds: Sequence[NDArray[np.float64]] = ()
    control: float = math.nan
    arm: float = math.nan
    least_deviation: float = 0.0
    failed: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()
    at_chance: str = ""
    alone: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def pairs(self) -> int:
        """Seeds or draws that it rests on."""
        return self.found.count

    @property
    def kind(self) -> str:
        """What may be made of it."""
        if not self.pairs:
            return NOT_STEADY if self.unsteady else NOT_MEASURED
        if self.found.descriptive:
            return DESCRIPTIVE
        return INCOMPLETE if self.failed else INTERVAL

    @property
    def size(self) -> tuple[float, float, float]:
        """The effect and the ends of its interval, in its unit: a ratio as such."""
        return self.in_unit(self.found.mean), self.in_unit(self.found.low), self.in_unit(self.found.high)

    @property
    def better_again(self) -> tuple[float, float, float]:
        """Of an error: how likely the arm is better with a fresh seed, and the ends of its 95% interval.

        Not numbers where the effect has no interval, or seeds failed or did not learn: what one of them costs
        is no normal scatter, which this takes for granted.
        """
        if self.metric.effect_unit != POINTS or self.kind != INTERVAL or self.at_chance:
            return math.nan, math.nan, math.nan
        gains = self.values if self.metric.better == "higher" else -self.values
        return probability_above_zero(gains, self.least_deviation)

    def of_first(self, pairs: int) -> "Effect":
        """The effect as it was when there were so many pairs."""
        return self if pairs >= self.pairs else self.over(self.values[:pairs], self.controls[:pairs])

    def over(self, values: NDArray[np.float64], controls: NDArray[np.float64]) -> "Effect":
        """The same over these pairs; where one is infinite, the median is what can be told."""
        finite = np.isfinite(values) & np.isfinite(controls)
        if np.isfinite(values).all():
            found = estimate(values, self.least_deviation)
        else:
            known = len(values) >= FEWEST_UNITS
            low, high = interval(values, 1 - CONFIDENCE) if known else (math.nan, math.nan)
            found = Estimate(mean=centre(values), low=low, high=high, count=len(values))
        control = float(controls[finite].mean()) if finite.any() else math.inf
        return replace(
            self,
            found=found,
            values=values,
            controls=controls,
            control=self.in_unit(control),
            arm=self.in_unit(control + found.mean),
        )

    def in_unit(self, value: float) -> float:
        """A value as it is averaged, in the effect's unit."""
        return float(np.exp(value)) if self.metric.effect_unit == RATIO else value

    @property
    def half_width(self) -> float:
        """Of the interval, as a share of a ratio; infinite without one."""
        width = (self.found.high - self.found.low) / 2
        return math.inf if math.isnan(width) else math.expm1(width)

    @property
    def note(self) -> str:
        """All that must be known of it."""
        unsteady = (
            f"without a steady state, and left out: {', '.join(self.unsteady)}" if self.unsteady else ""
        )
        return "; ".join(
            filter(None, (self.reason, *self.failed, self.at_chance, unsteady, self.alone, *self.notes))
        )


def steady_draws(draws: Iterable[Draw]) -> list[Draw]:
    """The draws whose speed counts."""
    return [draw for draw in draws if draw.succeeded and draw.steady is not False and draw.slice_seconds]


def log_speed(draw: Draw) -> float:
    """The logarithm of a draw's images a second, over the faster half of its slices."""
    return float(faster_half(np.log(slices([draw]).rates)).mean())


def relative_speed(draw: Draw) -> float | None:
    """The logarithm of a draw's speed against the yardstick of its rounds; None where that was not timed."""
    peak = yardstick_peak(draw)
    return None if peak is None else log_speed(draw) - math.log(peak)


def yardstick_peak(draw: Draw) -> float | None:
    """The yardstick's operations a second beside a draw (median over rounds); None where it was not timed."""
    peaks = draw.yardstick.flops_per_second if draw.yardstick else ()
    return float(np.median(peaks)) if peaks else None


def typical_speed(draws: Iterable[Draw]) -> float:
    """Images a second: the geometric mean of the draws that count; not a number without one."""
    return geometric_mean([log_speed(draw) for draw in steady_draws(draws)])


def geometric_mean(logs: Sequence[float]) -> float:
    """Of the values with these logarithms; not a number where there is none."""
    return math.exp(float(np.mean(logs))) if logs else math.nan


def step_quantiles(draws: Iterable[Draw]) -> tuple[float, ...]:
    """The median of a step's duration over the slices, and its 5% and 95% quantiles, in milliseconds."""
    durations = step_milliseconds(draws)
    return tuple(float(value) for value in np.quantile(durations, QUANTILES)) if durations else ()


def step_milliseconds(draws: Iterable[Draw]) -> list[float]:
    """Milliseconds a step in each slice of the draws that succeeded."""
    return [
        1000 * seconds / steps
        for draw in draws
        if draw.succeeded
        for seconds, steps in zip(draw.slice_seconds, draw.slice_steps, strict=True)
    ]


def speed_effect(
    arm: Sequence[Draw], control: Sequence[Draw], metric: Metric, typical: float | None = None
) -> Effect:
    """Arm over control, from slices of the same rounds: a ratio a draw.

    Args:
        arm: draws, of the metric's mode among others; so for the control.
        typical: the control's speed, where it is known from more than these; in images a second.
    """
    blank, sides = _timed(arm, control, metric)
    steady = [steady_draws(side) for side in sides]
    rounds = paired_rounds(slices(steady[0]), slices(steady[1]))
    if not rounds:
        return replace(blank, reason="no round timed both sides" if all(sides) else "")
    found = over_draws(rounds)
    speed = typical_speed(steady[1]) if typical is None else typical
    return replace(
        blank,
        found=found,
        values=np.array([some.mean() for some in rounds]),
        rounds=rounds,
        control=speed,
        arm=speed * math.exp(found.mean),
        least_deviation=round_deviation(rounds),
        notes=tuple(filter(None, [_slower_half(*steady)])),
    )


def build_effect(arm: Sequence[Draw], control: Sequence[Draw], metric: Metric) -> Effect:
    """Arm over control of what a draw has one value of, such as its peak memory."""
    sides = [
        {(draw.run_id, draw.draw): metric.of(draw) for draw in side if draw.succeeded and metric.has(draw)}
        for side in (arm, control)
    ]
    shared = sorted(sides[0].keys() & sides[1].keys())
    blank = Effect(metric=metric, failed=_failures(arm, control))
    if not shared:
        return blank
    treated, untreated = (np.log([side[key] for key in shared]) for side in sides)
    return _ratio(blank, treated, untreated)


def speed_effect_apart(arm: Sequence[Draw], control: Sequence[Draw], metric: Metric) -> Effect:
    """Arm over control of draws that share no round: the means of independent draws (Welch)."""
    blank, sides = _timed(arm, control, metric)
    logs = [[log_speed(draw) for draw in steady_draws(side)] for side in sides]
    if not all(logs):
        return blank
    found, speed = unpaired(logs[0], logs[1]), geometric_mean(logs[1])
    return replace(blank, found=found, control=speed, arm=speed * math.exp(found.mean))


def _timed(arm: Sequence[Draw], control: Sequence[Draw], metric: Metric) -> tuple[Effect, list[list[Draw]]]:
    """An effect that says which draws do not count, and all of the metric's mode, by side."""
    sides = [[draw for draw in side if draw.mode == metric.mode] for side in (arm, control)]
    moving = (draw for side in sides for draw in side if draw.succeeded and draw.steady is False)
    unsteady = dict.fromkeys(f"draw {draw.draw} of {_whose(draw)}" for draw in moving)
    return Effect(metric=metric, failed=_failures(*sides), unsteady=tuple(unsteady)), sides


def seed_effect(
    arm: Sequence[Trial], control: Sequence[Trial], metric: Metric, least_deviation: float = 0.0
) -> Effect:
    """Arm minus control, or over it, paired by seed; `least_deviation` as in `Effect`."""
    sides = [_by_seed(side, metric) for side in (arm, control)]
    shared = sorted(sides[0].keys() & sides[1].keys())
    failed, alone = _failures(arm, control), _alone(sides[0], sides[1], [*arm, *control])
    blank = Effect(metric=metric, least_deviation=least_deviation, failed=failed, alone=alone)
    blank = replace(blank, at_chance=_at_chance([*control, *arm], metric))
    if not shared:
        return replace(blank, reason="no seed of both sides has a value")
    treated, untreated = (np.array([side[seed] for seed in shared]) for side in sides)
    if metric.effect_unit != RATIO:
        return blank.over(treated - untreated, untreated)
    blank = replace(blank, notes=_never(treated, untreated, arm, control))
    return _ratio(blank, np.log(treated), np.log(untreated))


def _ratio(blank: Effect, arm: NDArray[np.float64], control: NDArray[np.float64]) -> Effect:
    """The effect of logarithms of paired values."""
    neither = np.isinf(arm) & np.isinf(control)
    with np.errstate(invalid="ignore"):
        values = np.where(neither, 0.0, arm - control)
    if neither.any():
        note = f"neither side got there in {counted(int(neither.sum()), 'pair')}"
        blank = replace(blank, failed=(*blank.failed, note))
    return blank.over(values, control)


def shared_seeds(arm: Sequence[Trial], control: Sequence[Trial], metric: Metric) -> list[int]:
    """The seeds that an effect rests on, ascending."""
    return sorted(_by_seed(arm, metric).keys() & _by_seed(control, metric).keys())


def slices(draws: Iterable[Draw]) -> Slices:
    """The slices of some draws, as images a second."""
    rounds, builds, rates = [], [], []
    for draw in draws:
        images = np.asarray(draw.slice_steps) * draw.batch_size
        rounds += [(draw.run_id, key) for key in draw.round_ids]
        rates += list(images / np.asarray(draw.slice_seconds))
        builds += [(draw.run_id, draw.draw)] * len(draw.round_ids)
    return Slices(rounds=rounds, draws=builds, rates=rates)


def _slower_half(arm: Sequence[Draw], control: Sequence[Draw]) -> str:
    """A warning where the slower half of slices tells of another ratio; nothing where it does not.

    The draws must agree on it (a 95% t interval without zero), and it must be a percent at least.
    """
    gaps = slower_half_gap(slices(arm), slices(control))
    found = estimate(gaps) if gaps.size else None
    if found is None or found.descriptive or found.low <= 0 <= found.high or abs(found.mean) < LEAST_GAP:
        return ""
    return f"over all slices the ratio is {math.expm1(found.mean):+.1%} from that of the faster halves"


def _by_seed(trials: Iterable[Trial], metric: Metric) -> dict[int, float]:
    """The metric by seed; a seed that several runs trained counts once, with its mean."""
    found: dict[int, list[float]] = defaultdict(list)
    for trial in trials:
        if trial.succeeded and not math.isnan(value := metric.of(trial)):
            found[trial.seed].append(value)
    return {seed: values[0] if len(values) == 1 else float(np.mean(values)) for seed, values in found.items()}


def _alone(arm: dict[int, float], control: dict[int, float], trials: Iterable[Trial]) -> str:
    """The seeds that one side lacks without having failed."""
    failed = {trial.seed for trial in trials if not trial.succeeded}
    seeds = (arm.keys() ^ control.keys()) - failed
    return f"only one side has seed {listed(seeds)}" if seeds else ""


def _at_chance(trials: Iterable[Trial], metric: Metric) -> str:
    """The seeds whose error is no better than a guess's, which may be all of an effect."""
    measured = (trial for trial in trials if metric in HEADLINES and trial.succeeded and metric.has(trial))
    seeds: dict[str, list[int]] = defaultdict(list)
    for trial in measured:
        if not beats_chance(metric.of(trial) / metric.scale, trial.classes):
            seeds[trial.variant].append(trial.seed)
    named = [f"{name} (seed {listed(some)})" for name, some in seeds.items()]
    return f"did not learn: {', '.join(named)}" if named else ""


def _never(
    arm: NDArray[np.float64], control: NDArray[np.float64], arms: Sequence[Trial], controls: Sequence[Trial]
) -> tuple[str, ...]:
    """How many seeds of each side never got to where epochs are counted to."""
    counts = {
        trials[0].variant: int(np.isinf(values).sum())
        for values, trials in ((control, controls), (arm, arms))
        if trials
    }
    never = [f"{counted(count, 'seed')} of {name}" for name, count in counts.items() if count]
    return (f"never reached by {' and '.join(never)}; the effect is the median",) if never else ()


def failure(record: AnyRecord, whose: str = "") -> str:
    """A trial or draw that did not succeed, in words: `seed 1 of tanh: diverged`."""
    what = f"seed {record.seed}" if isinstance(record, Trial) else f"{record.mode} draw {record.draw}"
    return f"{what}{f' of {whose}' if whose else ''}: {record.status}"


def _failures(*sides: Iterable[AnyRecord]) -> tuple[str, ...]:
    failed = (record for side in sides for record in side if not record.succeeded)
    return tuple(dict.fromkeys(failure(record, _whose(record)) for record in failed))


def _whose(record: AnyRecord) -> str:
    base = isinstance(record, Draw) and record.side == BASE
    return f"{record.variant} ({BASE})" if base else record.variant
