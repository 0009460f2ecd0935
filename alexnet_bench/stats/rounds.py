"""Ratios of two speeds that were measured in the same rounds."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Slices:
    """Timed slices of one side: equally long sequences, an entry a slice.

    Args:
        rounds: the round in which it was timed.
        draws: the building it was taken from.
        rates: work over seconds.
    """

    rounds: Sequence[Hashable]
    draws: Sequence[Hashable]
    rates: Sequence[float]

    def __post_init__(self) -> None:
        if not len(self.rounds) == len(self.draws) == len(self.rates):
            raise ValueError("rounds, draws and rates differ in length")


def paired_rounds(arm: Slices, control: Slices) -> list[NDArray[np.float64]]:
    """The log ratios of arm to control, paired by round: an array a draw.

    A built model keeps its own bias for as long as it lives, so draws are the independent units: those of
    the arm, or of the control where it was built less often. Rounds that one side lacks are left out.
    """
    partners = defaultdict(list)
    for key, draw, rate in zip(control.rounds, control.draws, control.rates, strict=True):
        partners[key].append((draw, np.log(rate)))
    pairs = [
        (arm_draw, control_draw, np.log(rate) - log_rate)
        for key, arm_draw, rate in zip(arm.rounds, arm.draws, arm.rates, strict=True)
        for control_draw, log_rate in partners.get(key, ())
    ]
    arm_draws, control_draws = ({pair[side] for pair in pairs} for side in (0, 1))
    unit = 0 if len(arm_draws) <= len(control_draws) else 1
    by_draw = defaultdict(list)
    for pair in pairs:
        by_draw[pair[unit]].append(pair[2])
    return [np.array(ratios, dtype=float) for ratios in by_draw.values()]


def log_ratios(arm: Slices, control: Slices) -> NDArray[np.float64]:
    """The log ratio of arm to control in each draw: the mean over its rounds."""
    return np.array([ratios.mean() for ratios in paired_rounds(arm, control)], dtype=float)
