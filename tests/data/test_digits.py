import zlib

import numpy as np
import pytest

from alexnet_bench.data import open_dataset


@pytest.fixture(scope="module")
def digits():
    return open_dataset("digits")


def test_digits_are_eight_bit_grey_images(digits):
    for split, count in ((digits.train, 1437), (digits.test, 360)):
        assert (split.images.shape, split.images.dtype) == ((count, 8, 8, 1), np.uint8)
        assert (split.labels.shape, split.labels.dtype) == ((count,), np.int64)
    assert (digits.train.images.min(), digits.train.images.max()) == (0, 255)


def test_digits_describe_themselves(digits):
    assert (digits.name, digits.classes, digits.test_name) == ("digits", tuple("0123456789"), "test")
    assert (digits.mirrored, digits.size, digits.channels) == (False, 8, 1)


def test_test_split_holds_every_digit_evenly(digits):
    assert set(np.bincount(digits.test.labels)) <= {34, 35, 36, 37}


def test_test_split_never_changes(digits):
    """Old records were measured on these images."""
    assert zlib.crc32(digits.test.images.tobytes()) == 3516836886


def test_train_and_test_are_all_digits(digits):
    counts = np.bincount(digits.train.labels) + np.bincount(digits.test.labels)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_images_are_scikit_learns(digits):
    """The digest that they had when they came with it: the same images and labels in the same order."""
    assert digits.digest == "44fff929dbc90b38"
