"""Statistics: pure functions of arrays. They read no files and know nothing of variants.

`verdict` is imported by its own name: only reports need it, and statsmodels takes a second to load.
"""

from alexnet_bench.stats.allocation import Components, best_rounds, variance_components
from alexnet_bench.stats.chance import beats_chance, chance_error
from alexnet_bench.stats.crossed import crossed_estimate
from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, estimate, rounding_deviation, unpaired
from alexnet_bench.stats.rounds import (
    Slices,
    faster_half,
    log_ratios,
    middle_half,
    over_draws,
    paired_rounds,
    round_deviation,
    slower_half_gap,
)
from alexnet_bench.stats.steady import FEWEST_WARM_STEPS, drifts, is_warm

__all__ = [
    "FEWEST_UNITS",
    "FEWEST_WARM_STEPS",
    "Components",
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
    "log_ratios",
    "middle_half",
    "over_draws",
    "paired_rounds",
    "round_deviation",
    "rounding_deviation",
    "slower_half_gap",
    "unpaired",
    "variance_components",
]
