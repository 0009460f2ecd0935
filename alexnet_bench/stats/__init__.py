"""Statistics: pure functions of arrays. They read no files and know nothing of variants.

What judges (`verdict`, `claim`, `gate`) and what looks for changes over time is imported by its own name.
"""

from alexnet_bench.stats.error_rates import (
    LEARNED_SHARE,
    beats_chance,
    chance_error,
    crossed_estimate,
    rounding_deviation,
)
from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, estimate, unpaired
from alexnet_bench.stats.rounds import (
    Slices,
    best_rounds,
    faster_half,
    middle_half,
    over_draws,
    paired_rounds,
    round_deviation,
    slower_half_gap,
    variance_components,
)
from alexnet_bench.stats.steady import FEWEST_WARM_STEPS, drifts, is_warm

__all__ = [
    "FEWEST_UNITS",
    "FEWEST_WARM_STEPS",
    "LEARNED_SHARE",
    "Estimate",
    "Slices",
    "beats_chance",
    "best_rounds",
    "chance_error",
    "crossed_estimate",
    "drifts",
    "estimate",
    "faster_half",
    "is_warm",
    "middle_half",
    "over_draws",
    "paired_rounds",
    "round_deviation",
    "rounding_deviation",
    "slower_half_gap",
    "unpaired",
    "variance_components",
]
