"""How much is timed, by what is asked: a run, a comparison, a gate, a user's own test."""

from dataclasses import dataclass, replace

from alexnet_bench.errors import BenchError
from alexnet_bench.records.schema import MODES
from alexnet_bench.run.settings import Settings
from alexnet_bench.stats.estimate import FEWEST_UNITS

# Short slices pair best: what disturbs a machine lasts for tenths of a second.
SLICE_SECONDS = 0.1
COMPARISON_ROUNDS, COMPARISON_INTERVAL, COMPARISON_SECONDS = 40, 0.005, 300.0
# The t distribution of few draws has long tails: rather more draws than long ones.
GATE_ROUNDS, GATE_DRAWS_IN_BUDGET, GATE_SECONDS = 12, 16, 120.0


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is timed.

    Args:
        modes: of `training` and `inference`, what is timed.
        draws: of each contender, at least.
        tries: what gets into no steady state is drawn again, so many times as often as planned at most.
        rounds: of each draw, until the variances are known.
        slice_seconds: a slice lasts about so long.
        interval: half-width of every ratio's 95% interval at which timing ends, as a share; None: at once.
        budget_seconds: timing ends before it has taken so long; None: no limit.
        draws_in_budget: that it holds, where building is quick.
    """

    modes: tuple[str, ...] = MODES
    draws: int
    tries: int = 2
    rounds: int
    slice_seconds: float
    interval: float | None = None
    budget_seconds: float | None = None
    draws_in_budget: int = 8


def run_effort(settings: Settings) -> Effort:
    """As the preset says; a narrow interval needs the draws to tell how wide it is."""
    scale, interval = settings.scale, settings.interval or settings.scale.interval
    return Effort(
        modes=settings.mode,
        draws=scale.draws if interval is None else max(scale.draws, FEWEST_UNITS),
        rounds=scale.rounds,
        slice_seconds=scale.slice_seconds,
        interval=interval,
        budget_seconds=settings.budget,
    )


def comparison_effort(settings: Settings) -> Effort:
    """Until every ratio is known to the interval asked for, or the budget ends."""
    return Effort(
        modes=settings.mode,
        draws=FEWEST_UNITS,
        rounds=COMPARISON_ROUNDS,
        slice_seconds=SLICE_SECONDS,
        interval=settings.interval or COMPARISON_INTERVAL,
        budget_seconds=settings.budget or COMPARISON_SECONDS,
    )


def gate_effort(settings: Settings) -> Effort:
    """At least the draws of a first look, at most what the budget holds."""
    return Effort(
        modes=settings.mode,
        draws=FEWEST_UNITS,
        rounds=GATE_ROUNDS,
        slice_seconds=SLICE_SECONDS,
        budget_seconds=settings.budget or GATE_SECONDS,
        draws_in_budget=GATE_DRAWS_IN_BUDGET,
    )


def baseline_effort(settings: Settings) -> Effort:
    """All draws that the budget holds, as many as a gate of two sides makes at most."""
    return replace(gate_effort(settings), draws=GATE_DRAWS_IN_BUDGET)


def draws_effort(draws: int, modes: tuple[str, ...]) -> Effort:
    """So many draws of each variant, whatever they say."""
    if draws < 1:
        raise BenchError(f"draws is {draws}; it must be at least 1")
    return Effort(modes=modes, draws=draws, tries=1, rounds=GATE_ROUNDS, slice_seconds=SLICE_SECONDS)


def least_effort(modes: tuple[str, ...]) -> Effort:
    """Enough to see that a variant can be built and timed: after the warm-up, one slice of one step."""
    return Effort(modes=modes, draws=1, tries=1, rounds=1, slice_seconds=0.0)
