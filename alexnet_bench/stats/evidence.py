"""What is known of a loss: from draws of head and base timed together, or from sessions at different times.

All values are logarithms of how good something is: of speeds as they are, of times, bytes and the like with
their sign changed.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, Mean, mean_of
from alexnet_bench.stats.rounds import over_draws, round_deviation

MISSES = 0.01
# So small that it adds next to nothing to the false alarms.
CERTAIN = 1e-5


@dataclass(frozen=True, kw_only=True)
class _Known(ABC):
    """What is known of one quantity of one variant.

    Args:
        tolerance: the smallest loss that must be found.
    """

    tolerance: float

    @abstractmethod
    def _mean(self) -> Mean: ...

    def p_value(self, sign: int) -> float:
        """One-sided, of "head is no better" (sign 1) or "no worse" (-1)."""
        mean = self._mean()
        return (mean if sign > 0 else -mean).p_above(0)

    def _rules_out_a_loss(self, mean: Mean) -> bool:
        return mean.p_above(-self.tolerance) < MISSES


@dataclass(frozen=True, kw_only=True)
class PairedDraws(_Known):
    """Draws of head and base that were timed together: looked at after 4, 8, 16, … draws, and after all.

    Args:
        draws: how much better head is: an array a draw, an entry a round, in time order.
    """

    draws: Sequence[NDArray[np.float64]]

    @property
    def decides(self) -> bool:
        """Whether there are enough draws."""
        return len(self.draws) >= FEWEST_UNITS

    @property
    def is_cleared(self) -> bool:
        """Whether a loss of the tolerance was ruled out at a look."""
        looks = {*self._looks(), len(self.draws)} if self.decides else ()
        return any(self._rules_out_a_loss(self._mean(look)) for look in looks)

    @property
    def is_settled(self) -> bool:
        """Whether no more draws are wanted: at a planned look, a loss was ruled out, or it was certain.

        Certain it can be from the second look on.
        """
        means = [self._mean(look) for look in self._looks()]
        ruled_out = any(self._rules_out_a_loss(mean) for mean in means)
        return ruled_out or any((-mean).p_above(0) < CERTAIN for mean in means[1:])

    @property
    def gain(self) -> Estimate:
        """How much better head is, over draws."""
        return over_draws(self.draws)

    def says(self, gain: float) -> bool:
        """Whether all draws show such a gain (below zero, a loss), those after the first look half of it."""
        means = np.array([draw.mean() for draw in self.draws])
        later = means[FEWEST_UNITS:] if len(means) > FEWEST_UNITS else means
        sign = math.copysign(1.0, gain)
        return sign * means.mean() >= abs(gain) and sign * later.mean() >= abs(gain) / 2

    def _mean(self, count: int | None = None) -> Mean:
        """Over the first draws, or over all."""
        draws = self.draws[:count]
        return mean_of(np.array([draw.mean() for draw in draws]), round_deviation(draws))

    def _looks(self) -> list[int]:
        """The planned looks, in numbers of draws, that have been reached."""
        doublings = (len(self.draws) // FEWEST_UNITS).bit_length()
        return [FEWEST_UNITS * 2**power for power in range(doublings)]


@dataclass(frozen=True, kw_only=True)
class Apart(_Known):
    """Head and base that were measured at different times, each in its own sessions.

    From one session to the next a machine changes by more than the draws within a session tell, so that
    sessions are what is counted. Their spread is taken to be that of base and head alike (Student's test).

    Args:
        head: a value a session.
        base: likewise.
        deviation: of sessions, where too few of them tell; None where it is not known either.
    """

    head: Sequence[float]
    base: Sequence[float]
    deviation: float | None = None

    @property
    def decides(self) -> bool:
        """Whether the spread of sessions is known."""
        return bool(len(self.head) and len(self.base)) and (self._tells_spread or self.deviation is not None)

    @property
    def is_cleared(self) -> bool:
        """Whether such a loss is ruled out."""
        return self._rules_out_a_loss(self._mean())

    @property
    def gain(self) -> Estimate:
        """How much better head is; the count is that of all sessions."""
        count = len(self.head) + len(self.base)
        return self._mean().estimate(count) if self.decides else Estimate(mean=self._difference, count=count)

    def says(self, gain: float) -> bool:
        """Whether the means differ by such a gain, or such a loss, below zero."""
        return self._difference >= gain if gain > 0 else self._difference <= gain

    def _mean(self) -> Mean:
        freedom, spread = math.inf, self.deviation
        if self._tells_spread:
            freedom = len(self.head) + len(self.base) - 2
            squares = sum(float(np.var(side)) * len(side) for side in (self.head, self.base))
            spread = math.sqrt(squares / freedom)
        assert spread is not None
        error = spread * math.sqrt(1 / len(self.head) + 1 / len(self.base))
        return Mean(value=self._difference, error=error, freedom=freedom)

    @property
    def _difference(self) -> float:
        return float(np.mean(self.head) - np.mean(self.base))

    @property
    def _tells_spread(self) -> bool:
        return len(self.head) + len(self.base) > FEWEST_UNITS


Evidence = PairedDraws | Apart
