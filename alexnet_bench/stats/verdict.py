"""Better, worse, equivalent or inconclusive: what paired differences of several arms let one say.

An arm is better or worse where Holm's step-down over all arms rejects "no difference" (paired t test, 5%
family-wise), and equivalent where it rejects "a difference as large as the margin" (two one-sided t tests,
likewise). Where both are rejected the difference is real and too small to matter: equivalent.
"""

import math
from collections.abc import Sequence
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
    """

    differences: Sequence[float] | NDArray[np.float64]
    better: Literal["lower", "higher"]
    margin: float
    least_deviation: float = 0.0


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
    """The verdicts of a family of arms: the level is shared by all that have four pairs."""
    judged = [arm for arm in arms if len(arm.differences) >= FEWEST_UNITS]
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


def verdicts_by_looks(arms: Sequence[Arm], looks: Sequence[int], level: float = LEVEL) -> list[Verdict]:
    """Verdicts where pairs were added until there is one: looked at after planned numbers of pairs.

    Each look has an equal share of the level (Bonferroni), and the first verdict of an arm stays. Pairs after
    the last look that an arm has reached change nothing.

    Args:
        arms: differences in the order in which they were made.
        looks: numbers of pairs, ascending, as planned beforehand.
        level: for all looks and arms together.
    """
    found, judged = [Verdict() for _ in arms], list(arms)
    for look in looks:
        for place, arm in enumerate(arms):
            if found[place].verdict in ("", INCONCLUSIVE) and len(arm.differences) >= look:
                judged[place] = replace(arm, differences=arm.differences[:look])
        now = verdicts([_reached(arm, looks) for arm in judged], level / len(looks))
        for place, verdict in enumerate(now):
            if found[place].verdict in ("", INCONCLUSIVE) and len(judged[place].differences) == look:
                found[place] = replace(
                    verdict,
                    p_difference=min(1.0, verdict.p_difference * len(looks)),
                    p_equivalence=min(1.0, verdict.p_equivalence * len(looks)),
                )
    return found


def _reached(arm: Arm, looks: Sequence[int]) -> Arm:
    """An arm without pairs where it has not reached the first look."""
    return arm if len(arm.differences) >= looks[0] else replace(arm, differences=())


def difference_p_value(arm: Arm) -> float:
    """Of "no difference": a paired t test; a sign test where a difference is infinite."""
    values = np.asarray(arm.differences, dtype=float)
    if not np.isfinite(values).all():
        signs = values[values != 0]
        return float(stats.binomtest(int((signs > 0).sum()), len(signs)).pvalue) if len(signs) else 1.0
    error = deviation(values, arm.least_deviation) / math.sqrt(values.size)
    if error == 0:
        return 1.0 if values[0] == 0 else 0.0
    return float(2 * stats.t.sf(abs(values.mean()) / error, values.size - 1))


def equivalence_p_value(arm: Arm) -> float:
    """Of "a difference as large as the margin": the larger of two one-sided t tests."""
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
        higher = np.median(np.asarray(arm.differences, dtype=float)) > 0
        verdict = BETTER if higher == (arm.better == "higher") else WORSE
    return Verdict(verdict=verdict, p_difference=different, p_equivalence=alike, family=family)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number by Holm's step-down."""
    return [float(value) for value in multipletests(p_values, method="holm")[1]]
