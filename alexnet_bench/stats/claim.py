"""Supported, contradicted or inconclusive: what paired differences let one say of a claim.

One interval judges a claim. The claims of a question share the error rate, and so do the looks (Bonferroni):
with k claims and m looks the interval is at a level of 0.05 / (k m), half of it on either side. Seen in the
direction that is predicted:

- A claim that names a size is supported if the whole interval lies above half of the size, and contradicted
  if it lies below.
- A claim that names none is supported if the interval lies above 0, however little, and otherwise
  contradicted if it lies below the margin: the effect goes the other way, or is too small to matter.
- Anything else is inconclusive.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alexnet_bench.stats.estimate import FEWEST_UNITS, Values
from alexnet_bench.stats.paired import POWER, Judged, at_looks, centre, interval, p_above, pairs_to_decide
from alexnet_bench.stats.verdict import INCONCLUSIVE, LEVEL

SUPPORTED, CONTRADICTED = "supported", "contradicted"
# Of the size that is claimed.
ENOUGH = 0.5


@dataclass(frozen=True, kw_only=True)
class ClaimVerdict(Judged):
    """What may be said of a claim: `supported`, `contradicted` or `inconclusive`.

    Args:
        remark: of a supported claim whether the interval holds the size (`as claimed`, `smaller than
            claimed`, `larger than claimed`) or, where none is named, that it lies below the margin (`too
            small to matter`); of a contradicted one `the other way`, `less than half of the size` or `too
            small to matter`.
        p_supported: two-sided, of an effect too small to support the claim, adjusted for claims and looks.
        p_contradicted: of one too large to contradict it, likewise.
        pairs_wanted: of an inconclusive claim, pairs that would decide four times in five if the effect is as
            it looks; None where it takes more than a thousand, or cannot be said.
    """

    remark: str = ""
    p_supported: float = math.nan
    p_contradicted: float = math.nan
    pairs_wanted: int | None = None


def judge_claim(
    differences: Values,
    *,
    predicts: Literal["lower", "higher"],
    size: float | None = None,
    margin: float = 0.0,
    least_deviation: float = 0.0,
    looks: Sequence[int] = (),
    family: int = 1,
    level: float = LEVEL,
) -> ClaimVerdict:
    """The verdict on a claim, by the rule above.

    Args:
        differences: of arm and control, one a pair: points, or logarithms of ratios; infinite where one side
            never got there.
        predicts: whether the arm's value is said to be `lower` or `higher`.
        size: by how much, in the unit of the differences and above zero; None where the claim does not say.
        margin: the largest difference that does not matter, for claims without a size.
        least_deviation: what the standard deviation of differences is at least (see `estimate`).
        looks: as in `Arm`.
        family: how many claims share the level.
        level: of all of them together.

    Raises:
        ValueError: the size is not above zero.
    """
    if size is not None and not size > 0:
        raise ValueError(f"the size of a claim is above zero, not {size}")
    if len(differences) < max([FEWEST_UNITS, *looks[:1]]):
        return ClaimVerdict()
    sign = 1.0 if predicts == "higher" else -1.0
    enough, too_little = (0.0, margin) if size is None else (ENOUGH * size, ENOUGH * size)
    shares = family * max(1, len(looks))
    for values in at_looks(differences, looks):
        seen = sign * values
        low, high = interval(seen, level / shares, least_deviation)
        verdict = SUPPORTED if low > enough else CONTRADICTED if high < too_little else INCONCLUSIVE
        if verdict != INCONCLUSIVE:
            break
    first, last = sorted((sign * low, sign * high))
    supported = 2 * shares * p_above(seen, enough, least_deviation)
    contradicted = 2 * shares * p_above(-seen, -too_little, least_deviation)
    wanted = None
    if verdict == INCONCLUSIVE:
        every = sign * np.asarray(differences, dtype=float)
        rooms = (centre(every) - enough, too_little - centre(every))
        tests = [(room, level / shares / 2, POWER) for room in rooms]
        wanted = pairs_to_decide(every, least_deviation, tests)
    return ClaimVerdict(
        verdict=verdict,
        remark=_remark(verdict, low, high, size, margin),
        effect=sign * centre(seen),
        low=first,
        high=last,
        pairs=seen.size,
        p_supported=min(supported, 1.0),
        p_contradicted=min(contradicted, 1.0),
        pairs_wanted=wanted,
    )


def _remark(verdict: str, low: float, high: float, size: float | None, margin: float) -> str:
    """How a claim is supported or contradicted, from its interval in the predicted direction."""
    if verdict == INCONCLUSIVE:
        return ""
    if verdict == CONTRADICTED:
        if high < 0:
            return "the other way"
        return "too small to matter" if size is None else "less than half of the size"
    if size is None:
        return "too small to matter" if high < margin else ""
    if low <= size <= high:
        return "as claimed"
    return "smaller than claimed" if high < size else "larger than claimed"
