"""Changes that are crossed: all their sums, or the half of them that has an even number of changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

Changes = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Factorial:
    """A full or half factorial of two levels: each change is made or not.

    Args:
        changes: names of variants that each make one.
        half: of all sums, those of an even number of changes alone. Then a term cannot be told from its
            alias, the term of all other changes (the defining word is all of them).
    """

    changes: Changes
    half: bool = False

    @property
    def cells(self) -> list[Changes]:
        """The sums, fewest changes first."""
        return [cell for cell in _subsets(self.changes) if not self.half or len(cell) % 2 == 0]

    @property
    def terms(self) -> list[Changes]:
        """Main effects and interactions; of two that cannot be told apart, the one of fewer changes."""
        terms = [term for term in _subsets(self.changes) if term]
        if not self.half:
            return terms
        return [term for term in terms if (len(term), term) < (len(other := self.alias(term)), other)]

    def alias(self, term: Changes) -> Changes:
        """What cannot be told from a term; nothing in a full factorial."""
        return tuple(change for change in self.changes if change not in term) if self.half else ()

    def weights(self, term: Changes) -> list[float]:
        """Of the cells' values in a term.

        Of one change: the mean difference that it makes, over all cells of the others. Of two: by how much
        one changes the difference that the other makes; and so on.
        """
        free = len(self.changes) - len(term) - self.half
        return [(-1) ** len(set(term) - set(cell)) / 2**free for cell in self.cells]


def _subsets(changes: Sequence[str]) -> Iterator[Changes]:
    return chain.from_iterable(combinations(changes, size) for size in range(len(changes) + 1))
