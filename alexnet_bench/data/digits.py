"""1,797 real handwritten digits of 8 × 8 pixels; `digits.LICENSE.txt` says whose."""

from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split, split_stratified

FILE = Path(__file__).with_name("digits.npz")
TEST_IMAGES = 360


def open_digits(path: str | None = None) -> Dataset:
    """Return the digits, 360 of them always the same test split, stratified by class."""
    with np.load(FILE) as held:
        labels = held["labels"].astype(np.int64)
        images = _eight_bit(held["images"])
    everything = Split(images=images[..., np.newaxis], labels=labels)
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
    )


def _eight_bit(counts: np.ndarray) -> np.ndarray:
    """Scale 0 … 16, the scanner's counts, to 0 … 255."""
    return np.rint(counts * (255 / 16)).astype(np.uint8)


DIGITS = Description(
    spec="digits",
    help="1,797 handwritten digits, 8 × 8, grey; shipped with alexnet-bench",
    topology="alexnet-8",
    open=open_digits,
)
