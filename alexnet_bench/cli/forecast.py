"""How long a run still takes: what its parts are estimated to take, times how that turned out so far."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

# The estimate counts as much as so many seconds in which it was right.
ESTIMATE_COUNTS_SECONDS = 15.0


@dataclass
class _Part:
    """A part that is under way, and how much of it is done."""

    kind: str
    cost: float
    share: float = 0.0


class Forecast:
    """What is left of a run, by kinds of parts whose estimates may be wrong by factors of their own.

    Parts of a kind may be under way side by side; several threads may say how far they are.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = dict[str, float]()
        self._done, self._spent, self._since = dict[str, float](), dict[str, float](), dict[str, float]()
        self._under_way = dict[Hashable, _Part]()

    def plan(self, kind: str, cost: float) -> None:
        """So many seconds of a kind are left by the estimate, none of it under way."""
        self._left[kind] = cost

    def begin(self, key: Hashable, kind: str, cost: float) -> None:
        """A part is begun, which was planned."""
        self._left.setdefault(kind, cost)
        self._since.setdefault(kind, self._clock())
        self._under_way[key] = _Part(kind, cost)

    def at(self, key: Hashable, share: float) -> None:
        """So much of a part is done."""
        if part := self._under_way.get(key):
            part.share = min(1.0, share)

    def end(self, key: Hashable) -> None:
        """A part is done, whole or not."""
        part = self._under_way.pop(key, None)
        if part is None:
            return
        kind = part.kind
        self._done[kind] = self._done.get(kind, 0.0) + part.cost
        self._left[kind] = max(0.0, self._left[kind] - part.cost)
        if not self._of(kind):
            self._spent[kind] = self._seconds(kind)
            del self._since[kind]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left or under way."""
        return not (any(self._left.values()) or self._under_way)

    @property
    def seconds(self) -> float:
        """How long what is left will take."""
        return sum(self._ahead(kind) * self._pace(kind) for kind in list(self._left))

    def _ahead(self, kind: str) -> float:
        """Seconds that are left by the estimate; of what is under way, its rest at least."""
        begun = sum(part.cost for part in self._of(kind))
        return max(self._left[kind], begun) - self._done_under_way(kind)

    def _pace(self, kind: str) -> float:
        """How many seconds one of the estimate's takes."""
        done = self._done.get(kind, 0.0) + self._done_under_way(kind)
        return (self._seconds(kind) + ESTIMATE_COUNTS_SECONDS) / (done + ESTIMATE_COUNTS_SECONDS)

    def _done_under_way(self, kind: str) -> float:
        return sum(part.cost * part.share for part in self._of(kind))

    def _seconds(self, kind: str) -> float:
        """How long parts of a kind have been under way."""
        # Another thread may end the last part meanwhile.
        since = self._since.get(kind)
        return self._spent.get(kind, 0.0) + (0.0 if since is None else self._clock() - since)

    def _of(self, kind: str) -> list[_Part]:
        return [part for part in list(self._under_way.values()) if part.kind == kind]
