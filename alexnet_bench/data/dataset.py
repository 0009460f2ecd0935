"""What a data set is: labelled images in a training and a test split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from alexnet_bench.data.digest import digest_of
from alexnet_bench.seeds import FIRST_TUNING_SEED, derive_seed

# Raised with whatever makes other pixels of the same files, which a run that was begun must not mix.
READING = 1
# Of the training images: 5,000 of CIFAR-10's 50,000, 144 of the digits' 1,437.
VALIDATION_SHARE = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """Labelled images: either all in memory (images) or files to decode (paths).

    Attributes:
        labels: index into the data set's classes, int64 [n].
        images: uint8 [n, height, width, channels], or None.
        paths: the image files, or ().
        orientations: as EXIF has them, uint8, 1 (upright) to 8; of files, upright where they are left out.
    """

    labels: np.ndarray
    images: np.ndarray | None = None
    paths: tuple[str, ...] = ()
    orientations: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.images is not None and self.paths:
            raise ValueError("a split holds images or paths, not both")
        held = len(self.paths) if self.images is None else len(self.images)
        if held != len(self.labels):
            raise ValueError(f"a split of {held} images has {len(self.labels)} labels")
        if self.paths and self.orientations is None:
            object.__setattr__(self, "orientations", np.ones(held, np.uint8))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | Sequence[int] | slice) -> "Split":
        """Return the images at `indices` (or under a slice or boolean mask), in that order."""
        chosen = np.arange(len(self))[indices]
        return Split(
            labels=self.labels[chosen],
            images=None if self.images is None else self.images[chosen],
            paths=tuple(self.paths[i] for i in chosen) if self.paths else (),
            orientations=None if self.orientations is None else self.orientations[chosen],
        )

    def hold_out(self, count: int, *, seed: int, purpose: str) -> tuple["Split", "Split"]:
        """Return (kept, held out), each in the order of this split.

        About `count` images are held out: each class gives its proportional share, to within one, but at
        least one and never all of its members (a class of one is kept). The same labels, seed and purpose
        give the same split everywhere.
        """
        counts = np.unique(self.labels, return_counts=True)[1]
        by_class = self._shuffled_by_class(seed, purpose)
        rank = np.arange(len(self)) - np.repeat(np.cumsum(counts) - counts, counts)
        held = rank < np.repeat(_shares(counts, count), counts)
        return self.take(np.sort(by_class[~held])), self.take(np.sort(by_class[held]))

    def folds(self, count: int, *, seed: int) -> list[np.ndarray]:
        """The indices of `count` parts, ascending in each; every image is in one.

        Parts, and a class's shares of them, are equally large to within one image. The same labels and seed
        give the same parts everywhere.
        """
        by_class = self._shuffled_by_class(seed, "folds")
        return [np.sort(by_class[number::count]) for number in range(count)]

    def _shuffled_by_class(self, seed: int, purpose: str) -> np.ndarray:
        """The indices of the images, class by class, at random within each."""
        # NumPy promises that a bit generator's raw stream never changes, but not that a shuffle's result
        # doesn't: a split made by sorting raw draws is the same under every version.
        bits = np.random.PCG64(derive_seed(seed, purpose))
        order = np.argsort(bits.random_raw(len(self)), kind="stable")
        return order[np.argsort(self.labels[order], kind="stable")]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """A named data set.

    Attributes:
        name: as the user would recognise it, without the directories it lies in.
        classes: their names, in the order of the labels.
        train: everything that may be trained or chosen on.
        test: reported, once.
        mirrored: whether a mirror image keeps its class.
        size: side of the square images in pixels; for a folder, the canvas they are scaled to.
        channels: 1 (grey) or 3 (RGB).
        test_name: "test", or "held-out" where the test split was taken from the training images.
        notes: what its owner should know of how it was read, such as files that were skipped; a line each.
        validation_share: of the training images, that are kept to choose on.
        folds: parts in which `train` is cross-validated; None where `test` is what is reported.
        places: of the images of `test` among those that are cross-validated, int64 [n]; None of others.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    mirrored: bool
    size: int
    channels: int
    test_name: str = "test"
    notes: tuple[str, ...] = ()
    validation_share: float = VALIDATION_SHARE
    folds: int | None = None
    places: np.ndarray | None = None

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits: equal where images, labels and their order are, wherever the data set lies.

        The first time, it reads every file of a folder whole.

        Raises:
            DataError: a file cannot be read.
        """
        return digest_of((self.train, self.test))

    @property
    def memory_bytes(self) -> int:
        """What its images take in memory; files take none, but for those that there is room to keep."""
        splits = (self.train, self.test)
        return sum(split.images.nbytes for split in splits if split.images is not None)

    @property
    def reading(self) -> int | None:
        """The version of how its files become pixels; None of one that has no files."""
        return READING if self.train.paths else None

    def of_seed(self, seed: int) -> "Dataset":
        """What a trial with this seed trains on and reports: itself, unless it is cross-validated.

        Then each seed holds out another fold, and so many seeds in a row as there are folds hold out every
        image once; the next ones do so in other folds. A tuning seed has the folds of the seed that it
        chooses for, so that nothing is chosen on what is tested.
        """
        if self.folds is None:
            return self
        repetition, fold = divmod(seed % FIRST_TUNING_SEED, self.folds)
        held_out = self.train.folds(self.folds, seed=repetition)[fold]
        kept = np.setdiff1d(np.arange(len(self.train)), held_out)
        return replace(
            self, train=self.train.take(kept), test=self.train.take(held_out), folds=None, places=held_out
        )

    def carve(self, seed: int) -> tuple[Split, Split]:
        """Return (train, validation), stratified by class, both from the training split.

        The same seed gives the same validation images on every machine.
        """
        held_out = round(self.validation_share * len(self.train))
        return self.train.hold_out(held_out, seed=seed, purpose="validation")


@dataclass(frozen=True, kw_only=True)
class Description:
    """A data set that can be opened; describing it loads nothing.

    Attributes:
        spec: how it is asked for: its name, and `:PATH` or `:NAME` where it takes one, in brackets where it
            need not.
        help: one line.
        open: opens it from a path or name, or from None where none was given.
        topology: what is trained on it, unless another is asked for; None: one for the size of its images.
    """

    spec: str
    help: str
    topology: str | None
    open: Callable[[str | None], Dataset]

    @property
    def name(self) -> str:
        """What it is asked for by."""
        return self.spec.partition(":")[0].removesuffix("[")

    @property
    def takes(self) -> str:
        """What may follow the name: a path, a name, or nothing."""
        return self.spec.partition(":")[2].removesuffix("]")

    @property
    def takes_path(self) -> bool:
        """Whether a path may follow the name."""
        return self.takes == "PATH"


def _shares(counts: np.ndarray, held_out: int) -> np.ndarray:
    """How many of each class to hold out: largest remainders, within 1 … count - 1."""
    share, remainder = np.divmod(counts * held_out, counts.sum())
    spare = held_out - share.sum()
    share[np.argsort(-remainder, kind="stable")[:spare]] += 1
    return np.clip(share, np.minimum(1, counts - 1), counts - 1)
