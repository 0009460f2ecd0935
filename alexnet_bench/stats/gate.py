"""Pass, regressed, improved or inconclusive: what the evidence on head and base lets a gate say.

Two errors matter, and each has its own level. A *false alarm* calls code that is as fast as before regressed:
Holm's step-down over all decisions of a gate keeps them at `FALSE_ALARMS` together. A *miss* passes code that
is slower by the tolerance: one-sided t tests at `MISSES` for each look. Draws are added until a miss is ruled
out, after which nothing more can fail, or until time is up; only then may anything be called regressed. So
looking early cannot raise a false alarm, and what looks slow is drawn again before it fails a build. One
exception: a loss that is certain whatever else the gate decides (`CERTAIN`) ends it early.
"""

from collections.abc import Sequence

from alexnet_bench.stats.evidence import Evidence
from alexnet_bench.stats.verdict import INCONCLUSIVE

PASS, REGRESSED, IMPROVED, NOT_COMPARABLE = "pass", "regressed", "improved", "not comparable"
UNDECIDED = (INCONCLUSIVE, NOT_COMPARABLE)
FALSE_ALARMS = 0.01


def decide(
    family: Sequence[Evidence], false_alarms: float = FALSE_ALARMS, weights: Sequence[float] | None = None
) -> list[str]:
    """The decisions of a gate, when no more draws are to come: one for each piece of evidence.

    Regressed: the loss is real (at the level of false alarms, for the whole family), a loss of the tolerance
    is not ruled out, and the mean loss is at least half of the tolerance, with a quarter of it in the draws
    after the first look alone. Improved: as much the other way.

    Args:
        family: the evidence, one item a quantity and variant.
        false_alarms: the level of false alarms, of all decisions together.
        weights: by which the decisions share that level; equal by default.
    """
    weights = [1.0] * len(family) if weights is None else weights
    judged = [(item, weight) for item, weight in zip(family, weights, strict=True) if item.decides]
    worse, better = (_holm([(item.p_value(sign), weight) for item, weight in judged]) for sign in (-1, 1))
    found = {
        id(item): _decision(item, of_worse, of_better, false_alarms)
        for (item, _), of_worse, of_better in zip(judged, worse, better, strict=True)
    }
    return [found.get(id(item), INCONCLUSIVE) for item in family]


def _holm(tests: Sequence[tuple[float, float]]) -> list[float]:
    """P-values adjusted for their number by Holm's step-down, each with its weight (Holm 1979, section 4)."""
    adjusted, highest, left = [1.0] * len(tests), 0.0, sum(weight for _, weight in tests)
    for index in sorted(range(len(tests)), key=lambda index: tests[index][0] / tests[index][1]):
        p_value, weight = tests[index]
        highest = max(highest, p_value / weight * left)
        adjusted[index] = min(1.0, highest)
        left -= weight
    return adjusted


def _decision(evidence: Evidence, worse: float, better: float, level: float) -> str:
    half = evidence.tolerance / 2
    if evidence.is_cleared:
        return IMPROVED if better < level and evidence.says(half) else PASS
    return REGRESSED if worse < level and evidence.says(-half) else INCONCLUSIVE
