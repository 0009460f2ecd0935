"""Better, worse, equivalent or inconclusive: what paired differences of several arms let one say.

The error rate is shared by the arms of a question, and by the looks at each (Bonferroni): with k arms and m
looks an arm is judged at a level of 0.05 / (k m). Its interval at that level decides, and is the one to show:

- equivalent: the interval at twice the level lies within the margin (two one-sided tests). If the interval
  excludes 0 as well, the difference is real and too small to matter;
- better or worse: not equivalent, and the interval excludes 0;
- inconclusive: neither.

With looks, an arm is judged as it was at the first look that was conclusive, or at the last one reached.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alexnet_bench.stats.estimate import FEWEST_UNITS, Mean, Values
from alexnet_bench.stats.paired import POWER, Judged, at_looks, centre, interval, p_above, pairs_to_decide

BETTER, WORSE, EQUIVALENT, INCONCLUSIVE = "better", "worse", "equivalent", "inconclusive"
LEVEL = 0.05


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

    differences: Values
    better: Literal["lower", "higher"]
    margin: float
    least_deviation: float = 0.0
    looks: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict(Judged):
    """What may be said of one arm: `better`, `worse`, `equivalent` or `inconclusive`.

    Args:
        p_difference: of no difference, adjusted for the arms and looks that share the level.
        p_equivalence: of a difference as large as the margin, likewise.
        family: how many arms shared the level.
    """

    p_difference: float = math.nan
    p_equivalence: float = math.nan
    family: int = 0


def verdicts(arms: Sequence[Arm], level: float = LEVEL) -> list[Verdict]:
    """The verdicts of a family of arms, which share the level of each kind of false verdict.

    Arms that cannot be judged yet take no share.
    """
    judged = [len(arm.differences) >= max([FEWEST_UNITS, *arm.looks[:1]]) for arm in arms]
    return [
        _verdict(arm, sum(judged), level) if is_judged else Verdict()
        for arm, is_judged in zip(arms, judged, strict=True)
    ]


def _verdict(arm: Arm, family: int, level: float) -> Verdict:
    shares, least = family * max(1, len(arm.looks)), arm.least_deviation
    for values in at_looks(arm.differences, arm.looks):
        low, high = interval(values, level / shares, least)
        inner = interval(values, 2 * level / shares, least)
        verdict = _word(arm.better, arm.margin, (low, high), inner)
        if verdict != INCONCLUSIVE:
            break
    different = 2 * min(p_above(values, 0.0, least), p_above(-values, 0.0, least))
    alike = max(p_above(values, -arm.margin, least), p_above(-values, -arm.margin, least))
    return Verdict(
        verdict=verdict,
        effect=centre(values),
        low=low,
        high=high,
        pairs=values.size,
        p_difference=min(shares * different, 1.0),
        p_equivalence=min(shares * alike, 1.0),
        family=family,
    )


def verdict_on(mean: Mean, better: Literal["lower", "higher"], margin: float, level: float) -> str:
    """The verdict on a difference that is known with an error, at a level of its own."""
    return _word(better, margin, mean.interval(level), mean.interval(2 * level))


def _word(better: str, margin: float, outer: tuple[float, float], inner: tuple[float, float]) -> str:
    """The verdict that an interval gives, and the inner one at twice its level."""
    if -margin < inner[0] and inner[1] < margin:
        return EQUIVALENT
    if outer[0] > 0 or outer[1] < 0:
        return BETTER if (outer[0] > 0) == (better == "higher") else WORSE
    return INCONCLUSIVE


def pairs_wanted(arm: Arm, family: int = 1, level: float = LEVEL) -> int | None:
    """Pairs that would bring a verdict four times in five, if the arm is as it looks.

    Args:
        arm: one that is inconclusive.
        family: how many arms share the level.
        level: family-wise.

    Returns:
        At least one more than there are; None where it takes more than a thousand, or cannot be said.
    """
    values = np.asarray(arm.differences, dtype=float)
    away, share = abs(centre(values)), level / (family * max(1, len(arm.looks)))
    # Both one-sided tests of equivalence must succeed; with the mean well off zero one of them decides.
    tests = [(away, share / 2, POWER), (arm.margin - away, share, 1 - (1 - POWER) / 2)]
    return pairs_to_decide(values, arm.least_deviation, tests)
