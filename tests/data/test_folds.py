"""Cross-validation: every image is tested once a round, by networks that were given nothing of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alexnet_bench.data import Split, open_dataset
from alexnet_bench.data.folds import FOLDS
from alexnet_bench.run.tuning import TUNING_SEEDS

LABELS = st.lists(st.integers(0, 4), min_size=8, max_size=80)


def numbered(labels):
    """A data set in folds whose every image holds its own number."""
    images = np.arange(len(labels)).astype(np.uint8).reshape(-1, 1, 1, 1)
    split = Split(labels=np.asarray(labels, np.int64), images=images)
    return replace(open_dataset("digits"), train=split, test=split.take([]), folds=FOLDS)


def numbers(split):
    return split.images.ravel().tolist()


@given(LABELS, st.integers(0, 10))
def test_so_many_seeds_in_a_row_as_there_are_folds_test_every_image_once(labels, repetition):
    dataset = numbered(labels)
    parts = [dataset.of_seed(repetition * FOLDS + fold) for fold in range(FOLDS)]

    assert sorted(number for part in parts for number in numbers(part.test)) == list(range(len(labels)))
    for part in parts:
        assert sorted([*numbers(part.train), *numbers(part.test)]) == list(range(len(labels)))
        assert numbers(part.test) == part.places.tolist()
        assert abs(len(part.test) - len(labels) / FOLDS) < 1
        for label in set(labels):
            assert abs(np.sum(part.test.labels == label) - labels.count(label) / FOLDS) < 1


def test_the_next_round_has_other_folds():
    dataset = numbered([0] * 20 + [1] * 20)

    assert numbers(dataset.of_seed(0).test) != numbers(dataset.of_seed(FOLDS).test)


@pytest.mark.parametrize("seed", [0, 5, 31])
def test_rates_of_a_seed_are_chosen_without_what_it_tests(seed):
    """Validation images of the tuning seed come from within the training images of the seed."""
    dataset = numbered([0] * 20 + [1] * 20)
    tested, choosing = dataset.of_seed(seed), dataset.of_seed(TUNING_SEEDS[0] + seed)

    training, validation = choosing.carve(TUNING_SEEDS[0] + seed)

    assert not {*numbers(training), *numbers(validation)} & {*numbers(tested.test)}


def test_a_data_set_without_folds_is_itself_for_every_seed():
    digits = open_dataset("digits")

    assert digits.of_seed(3) is digits


@pytest.mark.parametrize("parts", [[""], ["train", "val"]], ids=["class folders", "train and val"])
def test_all_images_of_a_folder_are_in_folds(tmp_path, parts):
    for part in parts:
        for name, count in (("cat", 10), ("dog", 6)):
            folder = tmp_path / "pets" / part / name
            folder.mkdir(parents=True)
            for number in range(count // len(parts)):
                Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / f"{part}{number}.png")

    pets = open_dataset(f"folds:{tmp_path / 'pets'}")

    assert (pets.name, pets.test_name, pets.folds) == ("folds:pets", "held-out", FOLDS)
    assert sorted(pets.train.paths) == sorted(map(str, tmp_path.rglob("*.png")))
    assert [len(pets.of_seed(seed).test) for seed in range(FOLDS)] == [4] * FOLDS
