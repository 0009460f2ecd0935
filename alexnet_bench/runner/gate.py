"""Times head against base until a gate can decide."""

from functools import partial
from typing import Any

from alexnet_bench.gate.decisions import enough
from alexnet_bench.gate.quantities import Thresholds
from alexnet_bench.runner.compare import SLICE_SECONDS
from alexnet_bench.runner.effort import Effort
from alexnet_bench.runner.settings import Settings
from alexnet_bench.runner.timing_plan import IsKnown
from alexnet_bench.stats import FEWEST_UNITS

DEFAULT_BUDGET_SECONDS = 120.0
# Decisions are of few errors, where the t distribution of few draws has long tails: rather more draws than
# long ones.
ROUNDS, DRAWS_IN_BUDGET = 12, 16


def gate_timing(settings: Settings, thresholds: Thresholds) -> dict[str, Any]:
    """How `compare` times for a gate: until a loss is ruled out everywhere, else until the budget ends."""
    effort = Effort(
        modes=settings.mode,
        draws=FEWEST_UNITS,
        rounds=ROUNDS,
        slice_seconds=SLICE_SECONDS,
        budget_seconds=settings.budget or DEFAULT_BUDGET_SECONDS,
        draws_in_budget=DRAWS_IN_BUDGET,
    )
    is_known: IsKnown = partial(enough, thresholds=thresholds)
    return {"effort": effort, "is_known": is_known}
