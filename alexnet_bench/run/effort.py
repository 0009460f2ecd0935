"""How much is timed."""

from dataclasses import dataclass

from alexnet_bench.records.schema import MODES


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is timed.

    Args:
        modes: of `training` and `inference`, what is timed.
        draws: of each contender, at least.
        rounds: of each draw, until the variances are known.
        slice_seconds: a slice lasts about so long.
        interval: half-width of every ratio's 95% interval at which timing ends, as a share; None: at once.
        budget_seconds: timing ends before it has taken so long; None: no limit.
        draws_in_budget: that it holds, where building is quick.
    """

    modes: tuple[str, ...] = MODES
    draws: int
    rounds: int
    slice_seconds: float
    interval: float | None = None
    budget_seconds: float | None = None
    draws_in_budget: int = 8
