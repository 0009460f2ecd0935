"""What one interval for each arm costs: ways to share the error rate between arms, on simulated differences.

    python tests/validation/families.py results/reference/families.json
    python tests/validation/families.py results/reference/families.json --table
    python tests/validation/families.py results/reference/families.json --check

Arms share a control whose values are as noisy as theirs, so that two arms' differences correlate by a half.
None of them differs from the control, or a third of them do (at least one), or all: each by what a t test at
Bonferroni's level finds four times in five. Three ways share 5% between the arms:

- Holm's step-down, which has no intervals;
- Bonferroni: each arm's interval is at a level of 5% over the number of arms;
- max-t: the intervals are widened by the distribution of the largest |t| of as many arms (simulated).
"""

import json
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from script import simulate, tabulated

SWEEPS, CRITICAL_SWEEPS, LEVEL, POWER = 10_000, 100_000, 0.05, 0.8
ARMS, SEEDS = (1, 3, 9, 27), (4, 5, 8, 16)
WAYS = ("holm", "bonferroni", "max-t")


def main() -> None:
    simulate(__doc__, _cases, table, shown=("docs/verdicts.md", "families"))


def _cases() -> list[dict[str, Any]]:
    return [_case(number, *case) for number, case in enumerate(product(ARMS, SEEDS))]


def _case(number: int, arms: int, seeds: int) -> dict[str, Any]:
    rng = np.random.default_rng([2026, number])
    bonferroni = float(stats.t.isf(LEVEL / arms / 2, seeds - 1))
    effect = _effect_found(bonferroni, seeds)
    reals = {"none": 0, "third": max(1, arms // 3), "all": arms}
    t_values = {what: _t_values(rng, arms, seeds, real, effect) for what, real in reals.items()}
    highest = [
        np.abs(_t_values(rng, arms, seeds, 0, 0.0)).max(axis=1) for _ in range(CRITICAL_SWEEPS // SWEEPS)
    ]
    # Of the half-widths of intervals, in standard errors.
    widths = {"bonferroni": bonferroni, "max-t": float(np.quantile(np.concatenate(highest), 1 - LEVEL))}
    case: dict[str, Any] = {
        "arms": arms,
        "seeds": seeds,
        "sweeps": SWEEPS,
        "effect": effect,
        "widths": widths,
    }
    for way in WAYS:
        called = {what: _different(values, seeds, widths.get(way)) for what, values in t_values.items()}
        case[way] = {
            "false": float(called["none"].any(axis=1).mean()),
            "found_of_third": float(called["third"][:, : reals["third"]].mean()),
            "found_of_all": float(called["all"].mean()),
        }
    print(json.dumps(case), flush=True)
    return case


def _effect_found(critical: float, seeds: int) -> float:
    """The effect that a t test with this critical value finds at its power, in deviations of a difference."""
    sizes = np.linspace(0, 20, 20001)
    return float(sizes[np.argmax(stats.nct.sf(critical, seeds - 1, sizes * np.sqrt(seeds)) >= POWER)])


def _t_values(
    rng: np.random.Generator, arms: int, seeds: int, real: int, effect: float
) -> NDArray[np.float64]:
    """Paired t of every arm: (sweeps, arms); the first ones differ."""
    values = rng.normal(0, np.sqrt(0.5), (SWEEPS, arms + 1, seeds))
    differences = values[:, 1:] - values[:, :1]
    differences[:, :real] += effect
    errors = differences.std(axis=2, ddof=1) / np.sqrt(seeds)
    t_values: NDArray[np.float64] = differences.mean(axis=2) / errors
    return t_values


def _different(t_values: NDArray[np.float64], seeds: int, critical: float | None) -> NDArray[np.bool_]:
    """Which arms are called different: by a critical value, or, without one, by Holm's step-down."""
    if critical is not None:
        return np.abs(t_values) > critical
    arms = t_values.shape[1]
    p_values = 2 * stats.t.sf(np.abs(t_values), seeds - 1)
    order = np.argsort(p_values, axis=1)
    ordered = np.take_along_axis(p_values, order, axis=1) < LEVEL / (arms - np.arange(arms))
    found = np.zeros_like(ordered)
    np.put_along_axis(found, order, np.logical_and.accumulate(ordered, axis=1), axis=1)
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, as Markdown."""
    return tabulated(
        [
            {
                "arms": row["arms"],
                "seeds": row["seeds"],
                "half-width: Bonferroni, max-t": ", ".join(f"{it:.2f}" for it in row["widths"].values()),
                "reports with a false verdict": _by_way(row, "false"),
                "found, where a third differ": _by_way(row, "found_of_third"),
                "found, where all differ": _by_way(row, "found_of_all"),
            }
            for row in rows
        ]
    )


def _by_way(row: dict[str, Any], what: str) -> str:
    return ", ".join(f"{row[way][what]:.1%}" for way in WAYS)


if __name__ == "__main__":
    main()
