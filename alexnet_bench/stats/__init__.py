"""Statistics: pure functions of arrays. They read no files and know nothing of variants."""

from alexnet_bench.stats.chance import beats_chance, chance_error
from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, estimate
from alexnet_bench.stats.rounds import Slices, log_ratios

__all__ = ["FEWEST_UNITS", "Estimate", "Slices", "beats_chance", "chance_error", "estimate", "log_ratios"]
