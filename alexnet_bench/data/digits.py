"""1,797 real handwritten digits of 8 × 8 pixels; `digits.LICENSE.txt` says whose."""

from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split

FILE = Path(__file__).with_name("digits.npz")
TEST_IMAGES = 360


def open_digits(path: str | None = None) -> Dataset:
    """Return the digits, 360 of them always the same test split, stratified by class."""
    with np.load(FILE) as held:
        labels = held["labels"].astype(np.int64)
        # The scanner counted from 0 to 16.
        images = np.rint(held["images"] * (255 / 16)).astype(np.uint8)
    everything = Split(images=images[..., np.newaxis], labels=labels)
    train, test = everything.hold_out(TEST_IMAGES, seed=0, purpose="test")
    return Dataset(
        name="digits",
        classes=tuple(str(digit) for digit in range(10)),
        train=train,
        test=test,
        mirrored=False,
        size=8,
        channels=1,
    )


DIGITS = Description(
    spec="digits",
    help="1,797 handwritten digits, 8 × 8, grey; shipped with alexnet-bench",
    topology="alexnet-8",
    open=open_digits,
)
