"""How to divide time between new draws and more rounds of one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Components:
    """How the variance of a log ratio splits.

    Args:
        draw: variance between draws.
        round: variance between the rounds of one draw.
    """

    draw: float
    round: float


def variance_components(draws: Sequence[NDArray[np.float64]]) -> Components | None:
    """Components of a one-way random-effects layout, by the method of moments (unequal sizes allowed).

    Args:
        draws: the log ratios of each draw's rounds.

    Returns:
        None where there are not two draws with two rounds.
    """
    groups = [np.asarray(values, dtype=float) for values in draws if len(values)]
    total = sum(values.size for values in groups)
    if len(groups) < 2 or total <= len(groups):
        return None
    within = sum(((values - values.mean()) ** 2).sum() for values in groups) / (total - len(groups))
    mean = sum(values.sum() for values in groups) / total
    between = sum(values.size * (values.mean() - mean) ** 2 for values in groups) / (len(groups) - 1)
    size = (total - sum(values.size**2 for values in groups) / total) / (len(groups) - 1)
    return Components(draw=max(0.0, float((between - within) / size)), round=float(within))


def best_rounds(components: Components, draw_seconds: float, round_seconds: float) -> float:
    """The rounds a draw that make the variance of the mean least for the time they take.

    Args:
        components: of the log ratio.
        draw_seconds: what a draw costs before its first round.
        round_seconds: what a round costs.

    Returns:
        Infinity where draws do not differ.
    """
    if not components.draw:
        return math.inf
    return math.sqrt(components.round / components.draw * draw_seconds / round_seconds)
