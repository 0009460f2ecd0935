"""Split labels into two parts that hold every class in the same proportion."""

import numpy as np

from alexnet_bench.seeds import derive_seed


def split_stratified(
    labels: np.ndarray, held_out: int, *, seed: int, purpose: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return (kept, held out): indices into `labels`, each ascending, together all of them.

    About `held_out` indices are held out: each class gives its proportional share, to within one,
    but at least one and never all of its members (a class of one is kept). The same labels, seed and
    purpose give the same split everywhere.
    """
    _, members = np.unique(labels, return_inverse=True)
    counts = np.bincount(members)
    order = _shuffled(len(labels), seed, purpose)
    by_class = order[np.argsort(members[order], kind="stable")]
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = rank < np.repeat(_shares(counts, held_out), counts)
    return np.sort(by_class[~held]), np.sort(by_class[held])


def _shares(counts: np.ndarray, held_out: int) -> np.ndarray:
    """How many of each class to hold out: largest remainders, within 1 … count - 1."""
    share, remainder = np.divmod(counts * held_out, counts.sum())
    spare = held_out - share.sum()
    share[np.argsort(-remainder, kind="stable")[:spare]] += 1
    return np.clip(share, np.minimum(1, counts - 1), counts - 1)


def _shuffled(length: int, seed: int, purpose: str) -> np.ndarray:
    # NumPy promises that a bit generator's raw stream never changes, but not that a shuffle's result
    # doesn't: a split made by sorting raw draws is the same under every version.
    bits = np.random.PCG64(derive_seed(seed, purpose))
    return np.argsort(bits.random_raw(length), kind="stable")
