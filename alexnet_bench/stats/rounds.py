"""Ratios of two speeds that were measured in the same rounds, and how many rounds a draw is worth."""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.stats.estimate import Estimate, estimate


@dataclass(frozen=True, kw_only=True)
class Slices:
    """Timed slices of one side: equally long sequences, an entry a slice.

    Args:
        rounds: the round in which it was timed.
        draws: the building it was taken from.
        rates: work over seconds.
    """

    rounds: Sequence[Hashable]
    draws: Sequence[Hashable]
    rates: Sequence[float]


# Of a draw's two sides, from their log rates round by round: an entry a round.
Entries = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
# Middle halves are taken where their error is below this share of the faster halves': seldom by luck, always
# beside a process that computes. Fewer rounds a draw than this cannot tell.
CLEARLY_STEADIER, FEWEST_TELLING_ROUNDS = 0.6, 6


def paired_rounds(arm: Slices, control: Slices) -> list[NDArray[np.float64]]:
    """The log ratio of arm to control: an array a draw, an entry a round.

    A draw's mean is the log ratio of the two sides' faster halves (see `faster_half`). Where another process
    computes all the time, some slices are faster than the rest by a lot, because they had the machine to
    themselves; then it is the mean of the rounds' log ratios but for the quarter at either end (see
    `middle_half`). Which of the two is told by the scatter of rounds, not by what they say.

    A built model keeps its own bias for as long as it lives, so draws are the independent units: those of the
    arm, or of the control where it was built less often. Rounds that one side lacks are left out.
    """
    halves = _by_draw(arm, control, lambda arms, controls: faster_half(arms) - faster_half(controls))
    if any(rounds.size < FEWEST_TELLING_ROUNDS for rounds in halves):
        return halves
    middles = _by_draw(arm, control, lambda arms, controls: middle_half(arms - controls))
    steadier = round_deviation(middles) < CLEARLY_STEADIER * round_deviation(halves)
    return middles if steadier else halves


def _by_draw(arm: Slices, control: Slices, entries: Entries) -> list[NDArray[np.float64]]:
    partners = defaultdict(list)
    for key, draw, rate in zip(control.rounds, control.draws, control.rates, strict=True):
        partners[key].append((draw, rate))
    pairs = [
        (arm_draw, control_draw, rate, control_rate)
        for key, arm_draw, rate in zip(arm.rounds, arm.draws, arm.rates, strict=True)
        for control_draw, control_rate in partners.get(key, ())
    ]
    arm_draws, control_draws = ({pair[side] for pair in pairs} for side in (0, 1))
    unit = 0 if len(arm_draws) <= len(control_draws) else 1
    together = defaultdict(list)
    for arm_draw, control_draw, *rates in pairs:
        together[arm_draw, control_draw].append(rates)
    by_unit = defaultdict(list)
    for draws, both in together.items():
        arms, controls = np.log(np.array(both, dtype=float).T)
        by_unit[draws[unit]].append(entries(arms, controls))
    return [np.concatenate(rounds) for rounds in by_unit.values()]


def faster_half(log_rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """An entry a slice, whose mean is that of the faster half of the slices.

    Disturbances from outside make slices slower, some by a little and some by a lot, so the faster half tells
    two programs apart with less noise than all slices, as long as both are disturbed alike. The slower half
    counts as the median; of an odd number, the median itself counts half. Unlike the half itself, an entry a
    slice keeps the pairing by round: the entries' spread over the root of their number is the error of the
    mean (they are the trimmed mean's influence values).
    """
    middle = np.median(log_rates)
    values: NDArray[np.float64] = middle + 2 * np.maximum(log_rates - middle, 0)
    return values


def middle_half(log_ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """An entry a round, whose mean is that of the log ratios without the quarter at either end.

    As with `faster_half`, the entries' spread over the root of their number is the error of that mean.
    """
    ordered, cut = np.sort(log_ratios), log_ratios.size // 4
    kept = ordered[cut : log_ratios.size - cut]
    within = np.clip(log_ratios, kept[0], kept[-1])
    values: NDArray[np.float64] = kept.mean() + (within - within.mean()) * log_ratios.size / kept.size
    return values


def over_draws(draws: Sequence[NDArray[np.float64]]) -> Estimate:
    """The mean over draws with its interval.

    The spread of draws is taken to be no less than their rounds alone make it. Few draws may agree by luck,
    and where timing ends as soon as the interval is narrow, it ends at such moments.

    Args:
        draws: an array a draw, an entry a round, as `paired_rounds` gives them.
    """
    return estimate(_means(draws), round_deviation(draws))


def round_deviation(draws: Sequence[NDArray[np.float64]]) -> float:
    """The standard deviation that the rounds within draws bring to a draw's mean."""
    variances = [rounds.var(ddof=1) / rounds.size for rounds in draws if rounds.size > 1]
    return math.sqrt(np.mean(variances)) if variances else 0.0


def slower_half_gap(arm: Slices, control: Slices) -> NDArray[np.float64]:
    """By how much each draw's log ratio over all slices differs from that of the faster halves.

    It is not zero where one side scatters more, or has a slowdown that not every step shows.
    """

    def gaps(arms: NDArray[np.float64], controls: NDArray[np.float64]) -> NDArray[np.float64]:
        return (arms - faster_half(arms)) - (controls - faster_half(controls))

    return _means(_by_draw(arm, control, gaps))


def _means(draws: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array([rounds.mean() for rounds in draws], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Components:
    """Variance components of a log ratio.

    Args:
        draw: variance between draws.
        round: variance between the rounds of one draw.
    """

    draw: float
    round: float


def variance_components(draws: Sequence[NDArray[np.float64]]) -> Components | None:
    """Components of a one-way random-effects layout, by the method of moments (unequal sizes allowed).

    Args:
        draws: the log ratios of each draw's rounds.

    Returns:
        None where there are not two draws with two rounds.
    """
    groups = [np.asarray(values, dtype=float) for values in draws if len(values)]
    total = sum(values.size for values in groups)
    if len(groups) < 2 or total <= len(groups):
        return None
    within = sum(((values - values.mean()) ** 2).sum() for values in groups) / (total - len(groups))
    mean = sum(values.sum() for values in groups) / total
    between = sum(values.size * (values.mean() - mean) ** 2 for values in groups) / (len(groups) - 1)
    size = (total - sum(values.size**2 for values in groups) / total) / (len(groups) - 1)
    return Components(draw=max(0.0, float((between - within) / size)), round=float(within))


def best_rounds(components: Components, draw_seconds: float, round_seconds: float) -> float:
    """The rounds a draw that make the variance of the mean least for the time they take.

    Args:
        components: of the log ratio.
        draw_seconds: what a draw costs before its first round.
        round_seconds: what a round costs.

    Returns:
        Infinity where draws do not differ.
    """
    if not components.draw:
        return math.inf
    return math.sqrt(components.round / components.draw * draw_seconds / round_seconds)
