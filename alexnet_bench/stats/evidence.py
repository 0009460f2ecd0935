"""What is known of a loss: from draws of head and base timed together, or from sessions at different times.

All values are logarithms of how good something is: of speeds as they are, of times, bytes and the like with
their sign changed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from alexnet_bench.stats.estimate import CONFIDENCE, FEWEST_UNITS, Estimate, deviation
from alexnet_bench.stats.rounds import over_draws, round_deviation

MISSES = 0.01
# So small that it adds next to nothing to the false alarms.
CERTAIN = 1e-5


class Evidence(Protocol):
    """What is known of one quantity of one variant."""

    @property
    def loss(self) -> float:
        """The tolerance: the smallest loss that must be found."""

    @property
    def decides(self) -> bool:
        """Whether there is enough evidence for any decision."""

    @property
    def is_cleared(self) -> bool:
        """Whether a loss as large as the tolerance is ruled out."""

    @property
    def gain(self) -> Estimate:
        """How much better head is, with its interval."""

    def p_value(self, sign: int) -> float:
        """One-sided, of "head is no better" (sign 1) or "no worse" (-1)."""

    def says(self, gain: float) -> bool:
        """Whether the point estimate is a gain (or a loss, below zero) as large."""


@dataclass(frozen=True, kw_only=True)
class PairedDraws:
    """Draws of head and base that were timed together.

    Args:
        draws: how much better head is: an array a draw, an entry a round, in time order.
        loss: the tolerance.
    """

    draws: Sequence[NDArray[np.float64]]
    loss: float

    @property
    def decides(self) -> bool:
        """Whether there are enough draws."""
        return len(self.draws) >= FEWEST_UNITS

    @property
    def is_cleared(self) -> bool:
        """Whether a loss of the tolerance was ruled out at a look: after 4, 8, 16, … draws, or after all."""
        count = len(self.draws)
        return any(self._rules_out(look) for look in {*_looks(count), count})

    @property
    def is_settled(self) -> bool:
        """Whether no more draws are wanted: at a planned look, a loss was ruled out, or it was certain.

        Certain it can be from the second look on.
        """
        looks = _looks(len(self.draws))
        return any(self._rules_out(look) for look in looks) or any(
            self.p_value(-1, look) < CERTAIN for look in looks[1:]
        )

    @property
    def gain(self) -> Estimate:
        """How much better head is, over draws."""
        return over_draws(self.draws)

    def p_value(self, sign: int, count: int | None = None) -> float:
        """One-sided t test over the first draws, or over all."""
        draws = self.draws[:count]
        mean, error = _mean_and_error(draws)
        if error == 0:
            return 0.0 if sign * mean > 0 else 1.0
        return float(stats.t.sf(sign * mean / error, len(draws) - 1))

    def says(self, gain: float) -> bool:
        """Whether the mean of all draws is as large, and that of those after the first look half as large."""
        means = np.array([draw.mean() for draw in self.draws])
        later = means[FEWEST_UNITS:] if len(means) > FEWEST_UNITS else means
        sign = math.copysign(1.0, gain)
        return sign * means.mean() >= abs(gain) and sign * later.mean() >= abs(gain) / 2

    def _rules_out(self, count: int) -> bool:
        """Whether the first draws rule out a loss of the tolerance."""
        if count < FEWEST_UNITS:
            return False
        mean, error = _mean_and_error(self.draws[:count])
        return _is_ruled_out(mean + self.loss, error, count - 1)


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Head and base that were measured at different times, each in its own sessions.

    From one session to the next a machine changes by more than the draws within a session tell, so that
    sessions are what is counted. Their spread is taken to be that of base and head alike.

    Args:
        head: a value a session.
        base: likewise.
        loss: the tolerance.
        deviation: of sessions, where too few of them tell; None where it is not known either.
    """

    head: Sequence[float]
    base: Sequence[float]
    loss: float
    deviation: float | None = None

    @property
    def decides(self) -> bool:
        """Whether the spread of sessions is known."""
        return bool(len(self.head) and len(self.base)) and (self._tells_spread or self.deviation is not None)

    @property
    def is_cleared(self) -> bool:
        """Whether such a loss is ruled out."""
        return _is_ruled_out(self._mean + self.loss, self._error, self._freedom)

    @property
    def gain(self) -> Estimate:
        """How much better head is; the count is that of all sessions."""
        mean, count = self._mean, len(self.head) + len(self.base)
        if not self.decides:
            return Estimate(mean=mean, count=count)
        width = float(stats.t.ppf((1 + CONFIDENCE) / 2, self._freedom)) * self._error
        return Estimate(mean=mean, low=mean - width, high=mean + width, count=count)

    def p_value(self, sign: int) -> float:
        """One-sided, by Student's t test of two samples of the same spread."""
        if self._error == 0:
            return 0.0 if sign * self._mean > 0 else 1.0
        return float(stats.t.sf(sign * self._mean / self._error, self._freedom))

    def says(self, gain: float) -> bool:
        """Whether the means differ by as much."""
        return self._mean >= gain if gain > 0 else self._mean <= gain

    @property
    def _mean(self) -> float:
        return float(np.mean(self.head) - np.mean(self.base))

    @property
    def _tells_spread(self) -> bool:
        return len(self.head) + len(self.base) > FEWEST_UNITS

    @property
    def _freedom(self) -> float:
        return len(self.head) + len(self.base) - 2 if self._tells_spread else math.inf

    @property
    def _error(self) -> float:
        spread = self.deviation
        if self._tells_spread:
            squares = sum(float(np.var(side)) * len(side) for side in (self.head, self.base))
            spread = math.sqrt(squares / self._freedom)
        assert spread is not None
        return spread * math.sqrt(1 / len(self.head) + 1 / len(self.base))


def _looks(count: int) -> list[int]:
    """The planned looks, in numbers of draws, that have been reached after `count` draws."""
    if count < FEWEST_UNITS:
        return []
    return [FEWEST_UNITS * 2**power for power in range(int(math.log2(count / FEWEST_UNITS)) + 1)]


def _is_ruled_out(room: float, error: float, freedom: float) -> bool:
    return room > 0 and (error == 0 or float(stats.t.sf(room / error, freedom)) < MISSES)


def _mean_and_error(draws: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    means = np.array([draw.mean() for draw in draws])
    return float(means.mean()), deviation(means, round_deviation(draws)) / math.sqrt(means.size)
