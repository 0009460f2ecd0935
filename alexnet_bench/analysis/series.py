"""What a history says of each series: its changes of level, and losses that no single gate found."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.analysis.conditions import grouped
from alexnet_bench.analysis.quantities import Thresholds
from alexnet_bench.records.history import SERIES, Entry
from alexnet_bench.stats.changes import changes
from alexnet_bench.stats.drift import as_step, chain_drift, trend_drift
from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate
from alexnet_bench.stats.gate import IMPROVED, REGRESSED

# A change stays news for so many entries.
NEWEST = 10


@dataclass(frozen=True, kw_only=True)
class Span:
    """How much faster the code became from one revision to another.

    Args:
        gain: as a logarithm.
        since, until: the commits before and after; the times of their entries where they have no name.
        count: entries from one to the other.
    """

    gain: Estimate
    since: str
    until: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ChangePoint(Span):
    """A change of level between two entries.

    Args:
        at: the place of the later one among the entries that were set against the yardstick.
        also: what else changed from one to the other, in words.
        is_news: whether it is among the newest entries.
    """

    at: int
    also: tuple[str, ...]
    is_news: bool


@dataclass(frozen=True, kw_only=True)
class Series:
    """Rows of a history that tell of one another.

    Args:
        rows: in order of time; they agree in the columns of `SERIES`.
        threshold: the tolerance, as a share; None where the gate does not guard it.
    """

    rows: Sequence[Entry]
    threshold: float | None

    @cached_property
    def measured(self) -> list[Entry]:
        """The rows that were set against the yardstick."""
        return [row for row in self.rows if row.images_per_teraflop is not None]

    @property
    def change(self) -> float | None:
        """Speed against the yardstick of the last entry over that of the first, less one."""
        if len(self.measured) < 2:
            return None
        return float(np.expm1(self._log_speeds[-1] - self._log_speeds[0]))

    @cached_property
    def changes(self) -> list[ChangePoint]:
        """Where the speed against the yardstick changes its level."""
        return [self._change_point(at, gain) for at, gain in changes(self._log_speeds).items()]

    @property
    def levels(self) -> list[tuple[int, int, float]]:
        """First and last entry of each level, and its speed in images per teraflop (geometric mean)."""
        places = [0, *(found.at for found in self.changes), len(self.measured)]
        return [
            (start, end - 1, float(np.exp(self._log_speeds[start:end].mean())))
            for start, end in pairwise(places)
            if end > start
        ]

    @property
    def recent_losses(self) -> list[ChangePoint]:
        """Changes for the worse among the newest entries."""
        return [found for found in self.changes if found.is_news and found.gain.mean < 0]

    @cached_property
    def chain_loss(self) -> Span | None:
        """What the ratios of the newest gates add up to, if that is a loss as great as the tolerance."""
        if self.threshold is None:
            return None
        chain = self._chain()
        found = chain_drift([as_step(_gain(row)) for row in chain], self._loss)
        if found is None:
            return None
        since, until = chain[-found.count].base, chain[-1].commit
        return Span(gain=found, since=str(since), until=str(until), count=found.count)

    @cached_property
    def trend_loss(self) -> Span | None:
        """The trend since the last change of level, if it comes to a loss as great as the tolerance."""
        if self.threshold is None:
            return None
        start = self.changes[-1].at if self.changes else 0
        found = trend_drift(self._log_speeds[start:], self._loss)
        if found is None:
            return None
        first, last = self.measured[start], self.measured[-1]
        return Span(gain=found, since=_name(first), until=_name(last), count=found.count)

    @cached_property
    def _log_speeds(self) -> NDArray[np.float64]:
        return np.log(np.array([row.images_per_teraflop for row in self.measured], dtype=float))

    @property
    def _loss(self) -> float:
        assert self.threshold is not None
        return float(-np.log1p(-self.threshold))

    def _change_point(self, at: int, gain: Estimate) -> ChangePoint:
        before, after = self.measured[at - 1], self.measured[at]
        return ChangePoint(
            gain=gain,
            since=_name(before),
            until=_name(after),
            count=1,
            at=at,
            also=_differences(before, after),
            is_news=at >= len(self.measured) - NEWEST,
        )

    def _chain(self) -> list[Entry]:
        """The newest rows of which each was gated against the commit of the one before, oldest first."""
        chain: list[Entry] = []
        wanted = self.rows[-1].commit
        for row in reversed(self.rows):
            if row.commit == wanted:
                if not _is_link(row):
                    break
                chain.insert(0, row)
                wanted = row.base
        return chain


def series_of(rows: Sequence[Entry], thresholds: Thresholds) -> list[Series]:
    """The series of a history, whose rows are in order of time, in the order in which they began."""
    return [
        Series(rows=some, threshold=thresholds.of(some[0].variant, some[0].mode))
        for some in grouped(rows, attrgetter(*SERIES)).values()
    ]


def _is_link(row: Entry) -> bool:
    """Whether a row tells what its commit changed, and no gate has found a change already."""
    return (
        None not in (row.commit, row.base, row.low, row.high)
        and row.commit != row.base
        and row.versions == row.base_versions
        and row.pairs >= FEWEST_UNITS
        and row.decision not in (REGRESSED, IMPROVED)
    )


def _gain(row: Entry) -> Estimate:
    mean, low, high = (float(np.log(getattr(row, name))) for name in ("ratio", "low", "high"))
    return Estimate(mean=mean, low=low, high=high, count=row.pairs)


def _differences(before: Entry, after: Entry) -> tuple[str, ...]:
    versions, later = before.versions, after.versions
    found = [
        f"{name} {versions.get(name)} → {later.get(name)}"
        for name in sorted(versions.keys() | later.keys())
        if versions.get(name) != later.get(name)
    ]
    return (*found, "another network") if before.fingerprint != after.fingerprint else tuple(found)


def _name(row: Entry) -> str:
    return str(row.commit or row.time)
