"""Pass, regressed, improved or inconclusive: what draws of head and base let a gate say.

Two errors matter, and each has its own level. A *false alarm* calls code that is as fast as before regressed:
Holm's step-down over all that a gate decides keeps them at `FALSE_ALARMS` together. A *miss* passes code that
is slower by what must not pass: one-sided t tests at `MISSES` for each look. Draws are added until a miss is
ruled out, after which nothing more can fail, or until time is up; only then may anything be called regressed.
So looking early cannot raise a false alarm, and what looks slow is drawn again before it fails a build. One
exception: a loss so sure that no family of decisions would doubt it (`CERTAIN`) ends a gate early.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from alexnet_bench.stats.estimate import FEWEST_UNITS, deviation
from alexnet_bench.stats.rounds import round_deviation
from alexnet_bench.stats.verdict import INCONCLUSIVE, holm

PASS, REGRESSED, IMPROVED, NOT_COMPARABLE = "pass", "regressed", "improved", "not comparable"
FALSE_ALARMS, MISSES = 0.005, 0.01
# Adds nothing to speak of to the false alarms.
CERTAIN = 1e-5


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one quantity of one variant.

    Args:
        draws: logarithms of how much better head is than base: an array a draw, an entry a round, in time
            order.
        loss: how much worse must not pass, likewise as a logarithm.
    """

    draws: Sequence[NDArray[np.float64]]
    loss: float


def is_cleared(evidence: Evidence) -> bool:
    """Whether such a loss was ruled out at a look: after 4, 8, 16, … draws, or after all."""
    count = len(evidence.draws)
    return any(_rules_out(evidence, look) for look in {*_looks(count), count})


def is_settled(evidence: Evidence) -> bool:
    """Whether no more draws are wanted: at a planned look, a loss was ruled out, or was certain.

    For the latter it takes as many draws again as the first look has.
    """
    looks = _looks(len(evidence.draws))
    return any(_rules_out(evidence, look) for look in looks) or any(
        _p_value(evidence, -1, look) < CERTAIN for look in looks[1:]
    )


def decide(family: Sequence[Evidence], false_alarms: float = FALSE_ALARMS) -> list[str]:
    """The decision on each of all that a gate decides at once, when no more draws are to come.

    Regressed takes that the loss is real (at the level of false alarms, for the whole family), that it is not
    cleared, and that the draws after the first look by themselves say half of what must not pass at least.
    (All draws together then do: a real loss of less is cleared.) Improved takes as much the other way.
    """
    judged = [item for item in family if len(item.draws) >= FEWEST_UNITS]
    if not judged:
        return [INCONCLUSIVE for _ in family]
    worse, better = (holm([_p_value(item, sign) for item in judged]) for sign in (-1, 1))
    found = {
        id(item): _decision(item, *p_values, false_alarms)
        for item, p_values in zip(judged, zip(worse, better, strict=True), strict=True)
    }
    return [found.get(id(item), INCONCLUSIVE) for item in family]


def _decision(evidence: Evidence, worse: float, better: float, level: float) -> str:
    half = evidence.loss / 2
    means = np.array([draw.mean() for draw in evidence.draws])
    later = means[FEWEST_UNITS:] if len(means) > FEWEST_UNITS else means
    if is_cleared(evidence):
        return IMPROVED if better < level and min(means.mean(), later.mean()) >= half else PASS
    if worse < level and later.mean() <= -half:
        return REGRESSED
    return INCONCLUSIVE


def _looks(count: int) -> list[int]:
    """The numbers of draws, up to one, after which is looked."""
    if count < FEWEST_UNITS:
        return []
    return [FEWEST_UNITS * 2**power for power in range(int(math.log2(count / FEWEST_UNITS)) + 1)]


def _rules_out(evidence: Evidence, count: int) -> bool:
    """Whether the first draws rule out such a loss."""
    if count < FEWEST_UNITS:
        return False
    draws = evidence.draws[:count]
    mean, error = _mean_and_error(draws)
    room = mean + evidence.loss
    return room > 0 and (error == 0 or float(stats.t.sf(room / error, count - 1)) < MISSES)


def _p_value(evidence: Evidence, sign: int, count: int | None = None) -> float:
    """One-sided, of "head is no better" (sign 1) or "no worse" (-1), from the first draws or all."""
    draws = evidence.draws[:count]
    mean, error = _mean_and_error(draws)
    if error == 0:
        return 0.0 if sign * mean > 0 else 1.0
    return float(stats.t.sf(sign * mean / error, len(draws) - 1))


def _mean_and_error(draws: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    means = np.array([draw.mean() for draw in draws])
    return float(means.mean()), deviation(means, round_deviation(draws)) / math.sqrt(means.size)
