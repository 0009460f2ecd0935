"""Pass, regressed, improved or inconclusive: what the evidence on head and base lets a gate say.

Two errors matter, and each has its own level. A *false alarm* calls code that is as fast as before regressed:
Holm's step-down over all that a gate decides keeps them at `FALSE_ALARMS` together. A *miss* passes code that
is slower by what must not pass: one-sided t tests at `MISSES` for each look. Draws are added until a miss is
ruled out, after which nothing more can fail, or until time is up; only then may anything be called regressed.
So looking early cannot raise a false alarm, and what looks slow is drawn again before it fails a build. One
exception: a loss so sure that no family of decisions would doubt it (`CERTAIN`) ends a gate early.
"""

from collections.abc import Sequence

from alexnet_bench.stats.evidence import Evidence
from alexnet_bench.stats.verdict import INCONCLUSIVE, holm

PASS, REGRESSED, IMPROVED, NOT_COMPARABLE = "pass", "regressed", "improved", "not comparable"
UNTOLD = (INCONCLUSIVE, NOT_COMPARABLE)
FALSE_ALARMS = 0.005


def decide(family: Sequence[Evidence], false_alarms: float = FALSE_ALARMS) -> list[str]:
    """The decision on each of all that a gate decides at once, when no more draws are to come.

    Regressed takes that the loss is real (at the level of false alarms, for the whole family), that it is not
    cleared, and that half of what must not pass shows at least, in draws after the first look by themselves,
    too. Improved takes as much the other way.
    """
    judged = [item for item in family if item.decides]
    if not judged:
        return [INCONCLUSIVE for _ in family]
    worse, better = (holm([item.p_value(sign) for item in judged]) for sign in (-1, 1))
    found = {
        id(item): _decision(item, *p_values, false_alarms)
        for item, p_values in zip(judged, zip(worse, better, strict=True), strict=True)
    }
    return [found.get(id(item), INCONCLUSIVE) for item in family]


def _decision(evidence: Evidence, worse: float, better: float, level: float) -> str:
    half = evidence.loss / 2
    if evidence.is_cleared:
        return IMPROVED if better < level and evidence.says(half) else PASS
    return REGRESSED if worse < level and evidence.says(-half) else INCONCLUSIVE
