"""How `--until-conclusive` errs and what it saves: simulated sweeps, with looks, always watched, and planned.

    python tests/validation/looks.py results/reference/looks.json
    python tests/validation/looks.py results/reference/looks.json --table
    python tests/validation/looks.py results/reference/looks.json --check

A sweep is some arms that share a control; differences of an arm from the control have a deviation and a true
mean, in points, and the margin is half a point. Three plans are compared:

- looks: seeds are added up to 4, 8, 16 and 32, as `bench run --until-conclusive` does;
- watched: an anytime-valid t test (a normal mixture over effect sizes, invariant to scale) after each seed
  from the fourth on, the level shared by the arms (Bonferroni);
- fixed: as many seeds for every arm, once, as make as many arms conclusive as the looks did.
"""

import json
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from script import interval, simulate, tabulated

from alexnet_bench.run.settings import LOOKS
from alexnet_bench.stats.verdict import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    LEVEL,
    WORSE,
    Arm,
    verdicts,
)

SWEEPS, MARGIN, MOST = 2000, 0.5, LOOKS[-1]
DEVIATIONS = (0.3, 0.7, 1.0)
ALIKE = [(truth,) * arms for arms, truth in product((1, 5), (0.0, MARGIN, 1.5))]
MIXED = (0.0, 0.0, MARGIN, MARGIN, 1.5)
CASES = list(product(DEVIATIONS, (*ALIKE, MIXED)))
# Of the effect sizes that the watched test expects, in deviations.
MIXTURE_VARIANCE = 1.0
PLANS = ("looks", "watched", "fixed")


def main() -> None:
    simulate(__doc__, _cases, table, shown=("docs/verdicts.md", "looks"))


def _cases() -> list[dict[str, Any]]:
    return [_case(number, *case) for number, case in enumerate(CASES)]


def _case(number: int, deviation: float, truths: tuple[float, ...]) -> dict[str, Any]:
    differences = _sweeps(number, deviation, truths)
    looks = [_by_looks(sweep) for sweep in differences]
    found = {
        "looks": _rates(looks, truths),
        "watched": _rates([_watched(sweep) for sweep in differences], truths),
    }
    found["fixed"] = _fixed(differences, truths, found["looks"]["conclusive"])
    case = {"deviation": deviation, "truths": list(truths), "sweeps": SWEEPS, **found}
    print(json.dumps(case), flush=True)
    return case


def _sweeps(number: int, deviation: float, truths: tuple[float, ...]) -> NDArray[np.float64]:
    """Differences of every sweep: (sweeps, arms, seeds)."""
    rng = np.random.default_rng([2026, number])
    errors = rng.normal(0, deviation / np.sqrt(2), (SWEEPS, len(truths) + 1, MOST))
    return np.array(truths)[:, None] + errors[:, 1:] - errors[:, :1]


def _by_looks(sweep: NDArray[np.float64]) -> tuple[list[str], int]:
    """The verdicts of a sweep, and the trials it took."""
    found = verdicts([_arm(values, LOOKS) for values in sweep])
    seeds = [item.pairs for item in found]
    return [item.verdict for item in found], sum(seeds) + max(seeds)


def _watched(sweep: NDArray[np.float64]) -> tuple[list[str], int]:
    found, seeds = zip(*(_watch(values, LEVEL / len(sweep)) for values in sweep), strict=True)
    return list(found), sum(seeds) + max(seeds)


def _watch(values: NDArray[np.float64], level: float) -> tuple[str, int]:
    counts = np.arange(LOOKS[0], len(values) + 1)
    means = np.array([values[:count].mean() for count in counts])
    different, below, above = (
        _evidence(values, counts, against) >= 1 / level for against in (0.0, MARGIN, -MARGIN)
    )
    alike = below & above & (np.abs(means) < MARGIN)
    for count, mean, is_alike, is_different in zip(counts, means, alike, different, strict=True):
        if is_alike:
            return EQUIVALENT, int(count)
        if is_different:
            return WORSE if mean > 0 else BETTER, int(count)
    return INCONCLUSIVE, len(values)


def _evidence(values: NDArray[np.float64], counts: NDArray[np.int64], against: float) -> NDArray[np.float64]:
    """E-values of "the mean is `against`" after so many values: Bayes factors of t with a normal mixture."""
    shifted = values - against
    means = np.array([shifted[:count].mean() for count in counts])
    errors = np.array([shifted[:count].std(ddof=1) for count in counts]) / np.sqrt(counts)
    squared, freedom, scale = (means / errors) ** 2, counts - 1, 1 + counts * MIXTURE_VARIANCE
    logs = -0.5 * np.log(scale) + counts / 2 * (
        np.log1p(squared / freedom) - np.log1p(squared / freedom / scale)
    )
    return np.exp(logs)


def _fixed(differences: NDArray[np.float64], truths: tuple[float, ...], conclusive: float) -> dict[str, Any]:
    """The least number of seeds that makes as many arms conclusive, and what it costs."""
    low, high = LOOKS[0] - 1, MOST
    best = _rates([_at(sweep, high) for sweep in differences], truths)
    if best["conclusive"] < conclusive:
        return best
    while high - low > 1:
        middle = (low + high) // 2
        found = _rates([_at(sweep, middle) for sweep in differences], truths)
        if found["conclusive"] >= conclusive:
            high, best = middle, found
        else:
            low = middle
    return best


def _at(sweep: NDArray[np.float64], seeds: int) -> tuple[list[str], int]:
    found = verdicts([_arm(values[:seeds]) for values in sweep])
    return [item.verdict for item in found], seeds * (len(sweep) + 1)


def _arm(values: NDArray[np.float64], looks: tuple[int, ...] = ()) -> Arm:
    return Arm(differences=values, better="lower", margin=MARGIN, looks=looks)


def _rates(sweeps: list[tuple[list[str], int]], truths: tuple[float, ...]) -> dict[str, Any]:
    """Shares of sweeps with a false verdict on any arm, of arms with a verdict, and the mean of trials."""
    wrong = sum(any(map(_is_false_side, found, truths)) for found, _ in sweeps)
    alike = sum(any(map(_is_false_equivalent, found, truths)) for found, _ in sweeps)
    every = [verdict for found, _ in sweeps for verdict in found]
    return {
        "false_side": wrong / len(sweeps),
        "false_side_at_most": interval(wrong, len(sweeps))[1],
        "false_equivalent": alike / len(sweeps),
        "false_equivalent_at_most": interval(alike, len(sweeps))[1],
        "conclusive": 1 - every.count(INCONCLUSIVE) / len(every),
        "mean_trials": float(np.mean([trials for _, trials in sweeps])),
    }


def _is_false_side(verdict: str, truth: float) -> bool:
    return verdict == BETTER or (verdict == WORSE and truth == 0)


def _is_false_equivalent(verdict: str, truth: float) -> bool:
    return verdict == EQUIVALENT and truth >= MARGIN


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    return tabulated([_line(row, plan) for row, plan in product(rows, PLANS)])


def _line(row: dict[str, Any], plan: str) -> dict[str, object]:
    found = row[plan]
    side, equivalent = (
        f"{found[name]:.1%} (at most {found[f'{name}_at_most']:.1%})"
        for name in ("false_side", "false_equivalent")
    )
    return {
        "arms": len(row["truths"]),
        "deviation, points": f"{row['deviation']:g}",
        "true effects, points": ", ".join(f"{truth:g}" for truth in dict.fromkeys(row["truths"])),
        "plan": plan,
        "false better or worse": side,
        "false equivalent": equivalent if max(row["truths"]) >= MARGIN else "–",
        "arms with a verdict": f"{found['conclusive']:.0%}",
        "mean trials": f"{found['mean_trials']:.1f}",
    }


if __name__ == "__main__":
    main()
