"""Every split is a partition, holds the classes in proportion, and never changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alexnet_bench.data.dataset import split_stratified

LABELS = hnp.arrays(np.int64, st.integers(0, 120), elements=st.integers(0, 9))
SEEDS = st.integers(0, 2**64)
FRACTIONS = st.floats(0, 1)

same_examples = settings(derandomize=True, database=None, max_examples=150, deadline=None)


@same_examples
@given(LABELS, SEEDS, FRACTIONS)
def test_parts_are_a_partition(labels, seed, fraction):
    kept, held = split_stratified(labels, round(fraction * len(labels)), seed=seed, purpose="test")
    assert sorted([*kept, *held]) == list(range(len(labels)))


@same_examples
@given(LABELS, SEEDS, FRACTIONS)
def test_each_class_gives_its_share(labels, seed, fraction):
    """To within one image; every class of two or more stays on both sides."""
    held_out = round(fraction * len(labels))
    _, held = split_stratified(labels, held_out, seed=seed, purpose="test")
    for label in np.unique(labels):
        count, given_up = np.sum(labels == label), np.sum(labels[held] == label)
        assert abs(given_up - held_out * count / len(labels)) <= 1
        assert min(1, count - 1) <= given_up <= max(0, count - 1)


@same_examples
@given(st.integers(2, 9), st.integers(2, 30), SEEDS)
def test_even_classes_give_the_exact_number(classes, count, seed):
    labels = np.tile(np.arange(classes), count)
    held_out = classes + (seed % (classes * (count - 1) - classes + 1))
    _, held = split_stratified(labels, held_out, seed=seed, purpose="test")
    assert len(held) == held_out


def test_split_never_changes():
    """A fixed test split that moved would make old and new records differ in secret."""
    _, held = split_stratified(np.tile(np.arange(3), 10), 6, seed=0, purpose="test")
    assert held.tolist() == [1, 5, 6, 7, 8, 24]


def test_seed_and_purpose_each_draw_another_split():
    labels = np.zeros(100, np.int64)
    draws = [(0, "test"), (1, "test"), (0, "validation")]
    held = [split_stratified(labels, 50, seed=seed, purpose=purpose)[1].tolist() for seed, purpose in draws]
    assert held[0] != held[1] != held[2] != held[0]
