"""Better, worse, equivalent or inconclusive: what paired differences of several arms let one say.

An arm is better or worse where Holm's step-down over all arms rejects "no difference" (paired t test, 5%
family-wise), and equivalent where it rejects "a difference as large as the margin" (two one-sided t tests,
another 5% likewise). Where both are rejected the difference is real and too small to matter: equivalent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from alexnet_bench.stats.estimate import FEWEST_UNITS, deviation

BETTER, WORSE, EQUIVALENT, INCONCLUSIVE = "better", "worse", "equivalent", "inconclusive"
LEVEL = 0.05
POWER = 0.8
MOST_PAIRS_FORETOLD = 1000


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What is known of one arm.

    Args:
        differences: from the control, one a pair; infinite where one side never got there.
        better: the direction that is better.
        margin: the largest difference that does not matter.
        least_deviation: what their standard deviation is at least (see `estimate`).
        looks: planned numbers of pairs, ascending, after which verdicts were asked for; none where all pairs
            were made anyway. Pairs after the last look that was reached change nothing.
    """

    differences: Sequence[float] | NDArray[np.float64]
    better: Literal["lower", "higher"]
    margin: float
    least_deviation: float = 0.0
    looks: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What may be said of one arm.

    Args:
        verdict: `better`, `worse`, `equivalent` or `inconclusive`; empty under four pairs.
        p_difference: of no difference, adjusted for the number of arms.
        p_equivalence: of a difference as large as the margin, likewise.
        family: how many arms shared the level.
    """

    verdict: str = ""
    p_difference: float = math.nan
    p_equivalence: float = math.nan
    family: int = 0


def verdicts(arms: Sequence[Arm], level: float = LEVEL) -> list[Verdict]:
    """The verdicts of a family of arms: the level is shared by all that have four pairs, and by their looks.

    With looks, each has an equal share of the level (Bonferroni); as pairs are added, a verdict stays.
    """
    judged = [arm for arm in arms if len(arm.differences) >= max([FEWEST_UNITS, *arm.looks[:1]])]
    if not judged:
        return [Verdict() for _ in arms]
    different, alike = (
        holm([test(arm) for arm in judged]) for test in (difference_p_value, equivalence_p_value)
    )
    found = {
        id(arm): _verdict(arm, *p_values, len(judged), level)
        for arm, p_values in zip(judged, zip(different, alike, strict=True), strict=True)
    }
    return [found.get(id(arm), Verdict()) for arm in arms]


def difference_p_value(arm: Arm) -> float:
    """Of "no difference": a paired t test; a sign test where a difference is infinite."""
    return _over_looks(arm, _difference)


def equivalence_p_value(arm: Arm) -> float:
    """Of "a difference as large as the margin": the larger of two one-sided t tests."""
    return _over_looks(arm, _equivalence)


def _over_looks(arm: Arm, test: Callable[[Arm], float]) -> float:
    """The least p-value of the looks that an arm has reached, times the number of planned looks."""
    if not arm.looks:
        return test(arm)
    return min(1.0, len(arm.looks) * min((test(seen) for seen in _seen(arm)), default=1.0))


def _seen(arm: Arm) -> list[Arm]:
    """An arm as it was at each look that it has reached."""
    reached = [look for look in arm.looks if look <= len(arm.differences)]
    return [replace(arm, differences=arm.differences[:look], looks=()) for look in reached]


def _difference(arm: Arm) -> float:
    values = np.asarray(arm.differences, dtype=float)
    if not np.isfinite(values).all():
        signs = values[values != 0]
        return float(stats.binomtest(int((signs > 0).sum()), len(signs)).pvalue) if len(signs) else 1.0
    error = deviation(values, arm.least_deviation) / math.sqrt(values.size)
    if error == 0:
        return 1.0 if values[0] == 0 else 0.0
    return float(2 * stats.t.sf(abs(values.mean()) / error, values.size - 1))


def _equivalence(arm: Arm) -> float:
    values = np.asarray(arm.differences, dtype=float)
    if not np.isfinite(values).all():
        return 1.0
    room = arm.margin - abs(values.mean())
    error = deviation(values, arm.least_deviation) / math.sqrt(values.size)
    if error == 0:
        return 0.0 if room > 0 else 1.0
    return float(stats.t.sf(room / error, values.size - 1))


def pairs_wanted(arm: Arm, family: int = 1, level: float = LEVEL) -> int | None:
    """Pairs that would bring a verdict four times in five, if the arm is as it looks.

    Args:
        arm: one that is inconclusive.
        family: how many arms share the level, at the worst.
        level: family-wise.

    Returns:
        At least one more than there are; None where it takes more than a thousand, or cannot be said.
    """
    values = np.asarray(arm.differences, dtype=float)
    if not np.isfinite(values).all():
        return None
    spread = deviation(values, arm.least_deviation)
    if spread == 0:
        return None
    away, room = abs(values.mean()) / spread, (arm.margin - abs(values.mean())) / spread
    # Both one-sided tests must succeed; with the mean well off zero one of them decides.
    level /= max(1, len(arm.looks))
    needed = [
        _pairs(away, level / family, "two-sided", POWER),
        _pairs(room, level / family, "larger", 1 - (1 - POWER) / 2),
    ]
    found = min((pairs for pairs in needed if pairs is not None), default=None)
    return None if found is None else max(found, values.size + 1)


def _pairs(size: float, level: float, alternative: str, power: float) -> int | None:
    """The least pairs by which a t test finds an effect of a size in deviations with this power."""
    if size <= 0:
        return None
    test = TTestPower()

    def enough(pairs: int) -> bool:
        return bool(test.power(size, pairs, level, alternative=alternative) >= power)

    # Upwards, for the noncentral t distribution is not to be had far out.
    low, high = FEWEST_UNITS - 1, FEWEST_UNITS
    while not enough(high):
        if high >= MOST_PAIRS_FORETOLD:
            return None
        low, high = high, min(2 * high, MOST_PAIRS_FORETOLD)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _verdict(arm: Arm, different: float, alike: float, family: int, level: float) -> Verdict:
    verdict = INCONCLUSIVE
    if alike < level:
        verdict = EQUIVALENT
    elif different < level:
        verdict = BETTER if _is_higher(arm) == (arm.better == "higher") else WORSE
    return Verdict(verdict=verdict, p_difference=different, p_equivalence=alike, family=family)


def _is_higher(arm: Arm) -> bool:
    """Which way an arm differs, as the test that found it out saw it."""
    seen = min(_seen(arm), key=_difference) if arm.looks else arm
    values = np.asarray(seen.differences, dtype=float)
    return bool((values if np.isfinite(values).all() else np.sign(values)).mean() > 0)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number by Holm's step-down."""
    return [float(value) for value in multipletests(p_values, method="holm")[1]]
