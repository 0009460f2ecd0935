"""What a data set is: labelled images in a training and a test split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alexnet_bench.data.stratify import split_stratified

VALIDATION_FRACTION = 0.1
"""Share of the training images that validates: 5,000 of CIFAR-10's 50,000, 144 of the digits' 1,437."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """Labelled images: either all in memory (images) or files to decode (paths).

    Attributes:
        labels: index into the data set's classes, int64 [n].
        images: uint8 [n, height, width, channels], or None.
        paths: the image files, or ().
    """

    labels: np.ndarray
    images: np.ndarray | None = None
    paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.images is not None and self.paths:
            raise ValueError("a split holds images or paths, not both")
        held = len(self.paths) if self.images is None else len(self.images)
        if held != len(self.labels):
            raise ValueError(f"a split of {held} images has {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | Sequence[int] | slice) -> "Split":
        """Return the images at `indices` (or under a slice or boolean mask), in that order."""
        chosen = np.arange(len(self))[indices]
        return Split(
            labels=self.labels[chosen],
            images=None if self.images is None else self.images[chosen],
            paths=tuple(self.paths[i] for i in chosen) if self.paths else (),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """A named data set.

    Attributes:
        name: as the user would recognise it, without the directories it lies in.
        classes: their names, in the order of the labels.
        train: everything that may be trained or chosen on.
        test: reported, once.
        test_name: "test", or "held-out" where the test split was taken from the training images.
        mirrored: whether a mirror image keeps its class.
        size: side of the square images in pixels; for a folder, the canvas they are scaled to.
        channels: 1 (grey) or 3 (RGB).
        default_topology: the topology that suits `size`.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    test_name: str
    mirrored: bool
    size: int
    channels: int
    default_topology: str

    def carve(self, seed: int, fraction: float = VALIDATION_FRACTION) -> tuple[Split, Split]:
        """Return (train, validation), stratified by class, both from the training split.

        The same seed gives the same validation images on every machine.
        """
        if not 0 < fraction < 1:
            raise ValueError(f"a validation fraction lies between 0 and 1, not {fraction}")
        held_out = round(fraction * len(self.train))
        kept, validating = split_stratified(self.train.labels, held_out, seed=seed, purpose="validation")
        return self.train.take(kept), self.train.take(validating)
