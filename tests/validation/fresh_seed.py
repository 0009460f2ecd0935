"""How often the interval of the probability that an arm is better with a fresh seed holds the truth.

    python tests/validation/fresh_seed.py results/reference/fresh-seed.json
    python tests/validation/fresh_seed.py results/reference/fresh-seed.json --table
    python tests/validation/fresh_seed.py results/reference/fresh-seed.json --check

Simulated gains of an arm over its control, one a seed, with a mean of so many deviations. The estimate and
its interval take them for normal; here they are that, or skewed (now and then a seed is much worse: a gamma
distribution of shape 4), or with heavy tails (Student's t with 5 degrees of freedom), or normal and rounded
to whole test images, of which a deviation is one: as coarse as errors of few images get. A tie is half.
"""

import json
import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from script import simulate, tabulated

from alexnet_bench.stats.error_rates import rounding_deviation
from alexnet_bench.stats.fresh_seed import probability_above_zero

SWEEPS = 5_000
SEEDS, MEANS = (4, 8, 16, 32), (0.0, 0.5, 1.0, 2.0)
HEAVY = 5
# Of each kind of gain: draws of mean 0 and deviation 1, the probability that one is above a value, and the
# step to which what they make is rounded.
Kind = tuple[Callable[..., NDArray[np.float64]], Callable[[float], float], float]
KINDS: dict[str, Kind] = {
    "normal": (lambda rng, size: rng.normal(size=size), stats.norm.sf, 0.0),
    "skewed": (
        lambda rng, size: (4 - rng.gamma(4.0, size=size)) / 2,
        lambda value: stats.gamma.cdf(4 - 2 * value, 4),
        0.0,
    ),
    "heavy tails": (
        lambda rng, size: rng.standard_t(HEAVY, size=size) / math.sqrt(HEAVY / (HEAVY - 2)),
        lambda value: stats.t.sf(value * math.sqrt(HEAVY / (HEAVY - 2)), HEAVY),
        0.0,
    ),
    "whole images": (lambda rng, size: rng.normal(size=size), stats.norm.sf, 1.0),
}


def main() -> None:
    simulate(__doc__, _cases, table, shown=("docs/verdicts.md", "fresh-seed"))


def _cases() -> list[dict[str, Any]]:
    return [_case(number, *case) for number, case in enumerate(product(KINDS, MEANS, SEEDS))]


def _case(number: int, name: str, mean: float, seeds: int) -> dict[str, Any]:
    draw, above, step = KINDS[name]
    gains = mean + draw(np.random.default_rng([2026, 18, number]), (SWEEPS, seeds))
    if step:
        gains = step * np.round(gains / step)
    # What rounds to zero is a tie.
    truth = (above(step / 2 - mean) + above(-step / 2 - mean)) / 2
    found = np.array([probability_above_zero(values, rounding_deviation(step)) for values in gains])
    held = (found[:, 1] <= truth) & (truth <= found[:, 2])
    case = {
        "gains": name,
        "mean": mean,
        "seeds": seeds,
        "sweeps": SWEEPS,
        "truth": float(truth),
        "held": int(held.sum()),
        "too_high": float((found[:, 0] > truth).mean()),
        "estimate": float(np.median(found[:, 0])),
        "low": float(np.median(found[:, 1])),
        "high": float(np.median(found[:, 2])),
    }
    print(json.dumps(case), flush=True)
    return case


def table(rows: list[dict[str, Any]]) -> str:
    """A line a kind of gains and number of seeds; of the means, in their order."""
    lines = []
    for name, seeds in product(KINDS, SEEDS):
        own = [row for row in rows if (row["gains"], row["seeds"]) == (name, seeds)]
        lines.append(
            {
                "gains": name,
                "seeds": seeds,
                "better with a fresh seed": _each(row["truth"] for row in own),
                "interval holds that": _each(row["held"] / row["sweeps"] for row in own),
                "estimate is above that": _each(row["too_high"] for row in own),
                "median interval": ", ".join(f"{row['low']:.0%} to {row['high']:.0%}" for row in own),
            }
        )
    return tabulated(lines)


def _each(shares: Any) -> str:
    return ", ".join(f"{share:.1%}" for share in shares)


if __name__ == "__main__":
    main()
