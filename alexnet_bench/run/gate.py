"""How much is timed for a gate."""

from dataclasses import replace

from alexnet_bench.run.compare import SLICE_SECONDS
from alexnet_bench.run.effort import Effort
from alexnet_bench.run.settings import Settings
from alexnet_bench.stats import FEWEST_UNITS

DEFAULT_BUDGET_SECONDS = 120.0
# The t distribution of few draws has long tails: rather more draws than long ones.
ROUNDS, DRAWS_IN_BUDGET = 12, 16


def baseline_effort(settings: Settings) -> Effort:
    """All draws that the budget holds, as many as a gate of two sides makes at most."""
    return replace(gate_effort(settings), draws=DRAWS_IN_BUDGET)


def gate_effort(settings: Settings) -> Effort:
    """At least the draws of a first look, at most what the budget holds."""
    return Effort(
        modes=settings.mode,
        draws=FEWEST_UNITS,
        rounds=ROUNDS,
        slice_seconds=SLICE_SECONDS,
        budget_seconds=settings.budget or DEFAULT_BUDGET_SECONDS,
        draws_in_budget=DRAWS_IN_BUDGET,
    )
