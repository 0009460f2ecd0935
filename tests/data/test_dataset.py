"""Every split is a partition, holds the classes in proportion, and never changes."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alexnet_bench.data import Split, open_dataset

LABELS = hnp.arrays(np.int64, st.integers(0, 120), elements=st.integers(0, 9))
SEEDS = st.integers(0, 2**64)


def numbered(labels):
    """A split whose every image holds its own number."""
    labels = np.asarray(labels, np.int64)
    return Split(labels=labels, images=np.arange(len(labels)).astype(np.uint8).reshape(-1, 1, 1, 1))


def dataset(labels):
    split = numbered(labels)
    return replace(open_dataset("digits"), train=split, test=split.take([]))


def held_out(labels, count, seed=0, purpose="test"):
    """The numbers of the images that are held out of a split."""
    return numbered(labels).hold_out(count, seed=seed, purpose=purpose)[1].images.ravel().tolist()


@given(LABELS, SEEDS, st.floats(0, 1))
def test_what_is_held_out_is_a_stratified_part(labels, seed, fraction):
    """To within one image of its class's share; every class of two or more stays on both sides."""
    count = round(fraction * len(labels))

    kept, held = numbered(labels).hold_out(count, seed=seed, purpose="test")

    images = [*kept.images.ravel(), *held.images.ravel()]
    assert sorted(images) == list(range(len(labels)))
    assert [*kept.labels, *held.labels] == [labels[number] for number in images]
    for label, members in zip(*np.unique(labels, return_counts=True), strict=True):
        given_up = np.sum(held.labels == label)
        assert abs(given_up - count * members / len(labels)) <= 1
        assert min(1, members - 1) <= given_up <= max(0, members - 1)


@given(st.integers(2, 9), st.integers(2, 30), SEEDS)
def test_even_classes_give_the_exact_number(classes, members, seed):
    count = classes + (seed % (classes * (members - 1) - classes + 1))

    assert len(held_out(np.tile(np.arange(classes), members), count, seed)) == count


def test_split_never_changes():
    """A fixed test split that moved would make old and new records differ in secret."""
    assert held_out(np.tile(np.arange(3), 10), 6) == [1, 5, 6, 7, 8, 24]


def test_seed_and_purpose_each_draw_another_split():
    labels = np.zeros(100)
    one, two, three = (held_out(labels, 50, *draw) for draw in ((0, "test"), (1, "test"), (0, "validation")))
    assert one != two != three != one


def test_carve_holds_a_tenth_of_the_training_images_out_drawn_from_the_seed():
    digits = dataset(np.tile(np.arange(10), 10))

    train, validation = digits.carve(1)

    assert (np.bincount(train.labels).tolist(), np.bincount(validation.labels).tolist()) == (
        [9] * 10,
        [1] * 10,
    )
    again, other = (digits.carve(seed)[1].images.tolist() for seed in (1, 2))
    assert validation.images.tolist() == again != other


def test_take_keeps_the_order_asked_for():
    taken = numbered([4, 5, 6]).take([2, 0])
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
    with pytest.raises(FrozenInstanceError):
        dataset(np.zeros(2)).name = "other"
