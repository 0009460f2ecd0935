"""scikit-learn's digits: 1,797 real handwritten digits of 8 × 8 pixels, installed with it."""

import numpy as np

from alexnet_bench.data.dataset import Dataset, Split
from alexnet_bench.data.stratify import split_stratified

TOPOLOGY = "alexnet-8"
TEST_IMAGES = 360


def open_digits() -> Dataset:
    """Return the digits, 360 of them always the same test split, stratified by class."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    labels = digits.target.astype(np.int64)
    everything = Split(images=_eight_bit(digits.images)[..., np.newaxis], labels=labels)
    train, test = split_stratified(labels, TEST_IMAGES, seed=0, purpose="test")
    return Dataset(
        name="digits",
        classes=tuple(str(digit) for digit in range(10)),
        train=everything.take(train),
        test=everything.take(test),
        test_name="test",
        mirrored=False,
        size=8,
        channels=1,
        default_topology=TOPOLOGY,
    )


def _eight_bit(images: np.ndarray) -> np.ndarray:
    """Scale 0 … 16, the scanner's counts, to 0 … 255."""
    return np.rint(images * (255 / 16)).astype(np.uint8)
