import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alexnet_bench.data import Dataset, Split


def dataset(labels):
    """A data set whose every image holds its own number."""
    numbered = np.arange(len(labels)).astype(np.uint8).reshape(-1, 1, 1, 1)
    return Dataset(
        name="numbers",
        classes=tuple("abcdefghij"),
        train=Split(labels=labels, images=numbered),
        test=Split(labels=labels[:0], images=numbered[:0]),
        test_name="test",
        mirrored=False,
        size=1,
        channels=1,
    )


@settings(derandomize=True, database=None, max_examples=100, deadline=None)
@given(hnp.arrays(np.int64, st.integers(0, 120), elements=st.integers(0, 9)), st.integers(0, 2**32))
def test_carve_is_a_stratified_partition_of_the_training_images(labels, seed):
    train, validation = dataset(labels).carve(seed)
    images = [*train.images.ravel(), *validation.images.ravel()]
    assert sorted(images) == list(range(len(labels)))
    assert [*train.labels, *validation.labels] == [labels[number] for number in images]
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        assert np.sum(validation.labels == label) >= (count > 1)
        assert abs(np.sum(validation.labels == label) - 0.1 * count) <= 1.5


def test_carve_is_drawn_from_the_seed():
    digits = dataset(np.tile(np.arange(10), 10))
    first, again, other = (digits.carve(seed)[1].images.ravel().tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_take_keeps_the_order_asked_for():
    taken = dataset(np.array([4, 5, 6])).train.take([2, 0])
    assert (taken.labels.tolist(), taken.images.ravel().tolist(), len(taken)) == ([6, 4], [2, 0], 2)


def test_take_works_on_files():
    split = Split(labels=np.array([4, 5, 6]), paths=("a", "b", "c"))
    assert split.take([2, 0]).paths == ("c", "a")
    assert split.take(slice(1)).paths == ("a",)
    assert split.take(np.array([False, True, True])).paths == ("b", "c")


def test_a_split_agrees_with_its_labels():
    labels = np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="1 images has 2 labels"):
        Split(labels=labels, paths=("a",))
    with pytest.raises(ValueError, match="0 images has 2 labels"):
        Split(labels=labels)
    with pytest.raises(ValueError, match="not both"):
        Split(labels=labels, paths=("a", "b"), images=np.zeros((2, 1, 1, 1), np.uint8))


def test_a_data_set_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset(np.zeros(2, np.int64)).name = "other"
