"""Data sets of TensorFlow Datasets: small ones that are made here, since most tests run without a network."""

import errno
import os
import re
import shutil
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from alexnet_bench.data import open_dataset, tfds
from alexnet_bench.network.topology import TOPOLOGIES
from alexnet_bench.run.schedule import Schedule
from alexnet_bench.run.settings import Settings


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made(tmp_path, monkeypatch, tensorflow_ready):
    """Makes a data set of TensorFlow Datasets: of splits, each some images with labels."""
    library = pytest.importorskip("tensorflow_datasets")
    # TensorFlow Datasets has found its folder when it is imported.
    monkeypatch.setattr(library.core.constants, "DATA_DIR", str(tmp_path / "data"))

    def make(name, shape, splits, labels=("cat", "dog")):
        class Made(library.core.GeneratorBasedBuilder, skip_registration=True):
            VERSION = library.core.Version("1.0.0")

            def _info(self):
                return library.core.DatasetInfo(
                    builder=self,
                    features=library.features.FeaturesDict(
                        {
                            "picture": library.features.Image(shape=shape),
                            "kind": library.features.ClassLabel(names=labels),
                        }
                    ),
                    supervised_keys=("picture", "kind"),
                )

            def _split_generators(self, manager):
                return {split: self._generate_examples(found) for split, found in splits.items()}

            def _generate_examples(self, found):
                for number, (image, label) in enumerate(found):
                    yield number, {"picture": image, "kind": label}

        Made.name = name
        monkeypatch.setattr(library, "builder", lambda asked: Made(data_dir=str(tmp_path / "data")))

    return make


def images(count, *shape, first=0):
    """Images of one shade each, of two classes in turn."""
    return [(np.full(shape, first + number, np.uint8), number % 2) for number in range(count)]


def test_small_images_are_read_at_their_size(made):
    made(
        "tiny_digits", (28, 28, 1), {"train": images(20, 28, 28, 1), "test": images(6, 28, 28, 1, first=100)}
    )
    digits = open_dataset("tfds:tiny_digits")
    assert (digits.name, digits.classes, digits.test_name) == ("tfds:tiny_digits", ("cat", "dog"), "test")
    assert (digits.size, digits.channels, digits.mirrored) == (28, 1, False)
    assert (digits.train.images.shape, digits.train.images.dtype) == ((20, 28, 28, 1), np.uint8)
    assert sorted(digits.train.images[:, 0, 0, 0]) == list(range(20))
    assert all(digits.train.labels == digits.train.images[:, 0, 0, 0] % 2)
    assert sorted(digits.test.images[:, 3, 4, 0]) == list(range(100, 106))
    assert schedule("tfds:tiny_digits").topology.name == "alexnet-32"


def test_images_of_any_size_are_files(made):
    mixed = [image for side in (40, 70) for image in images(10, side, side + 9, 3, first=side)]
    made("tiny_pets", (None, None, 3), {"train": mixed, "validation": images(4, 30, 30, 3)})
    pets = open_dataset("tfds:tiny_pets")
    assert (pets.size, pets.channels, pets.mirrored, pets.test_name) == (256, 3, True, "test")
    assert (len(pets.train.paths), len(pets.test.paths)) == (20, 4)
    assert np.bincount(pets.train.labels).tolist() == [10, 10]
    assert schedule("tfds:tiny_pets").topology.name == "alexnet-227"

    from alexnet_bench.data.tensorflow_files import read_canvas

    shades = [int(read_canvas(path, 8)[4, 4, 0]) for path in pets.train.paths]
    assert all(shade % 2 == label for shade, label in zip(shades, pets.train.labels, strict=True))


def test_more_than_memory_should_hold_are_files_of_their_size(made, monkeypatch):
    splits = {"train": images(20, 16, 16, 3), "test": images(4, 16, 16, 3)}
    monkeypatch.setattr(tfds, "MOST_BYTES_IN_MEMORY", 24 * 16 * 16 * 3 - 1)
    made("many", (16, 16, 3), splits)
    many = open_dataset("tfds:many")
    assert (many.train.images, len(many.train.paths), len(many.test.paths)) == (None, 20, 4)
    assert (many.size, schedule("tfds:many").topology.name) == (16, "alexnet-32")


def test_of_two_that_open_it_first_one_writes_it_and_the_other_waits(made, monkeypatch):
    made("tiny_digits", (28, 28, 1), {"train": images(20, 28, 28, 1), "test": images(6, 28, 28, 1)})
    written, second_waits, write_out = [], threading.Event(), tfds._write_out

    def write(name, folder):
        written.append(name)
        assert second_waits.wait(60)
        write_out(name, folder)

    monkeypatch.setattr(tfds, "_write_out", write)
    monkeypatch.setattr(warnings, "warn", lambda *what, **how: second_waits.set())
    with ThreadPoolExecutor(2) as pool:
        one, other = (pool.submit(open_dataset, "tfds:tiny_digits") for _ in range(2))
    assert one.result().digest == other.result().digest
    assert written == ["tiny_digits"]


def schedule(dataset):
    return Schedule(Settings(variants="alexnet", measure="accuracy", dataset=dataset))


def test_without_labels_a_test_split_is_none_and_without_one_a_fifth_is_held_out(made):
    made("no_test", (16, 16, 3), {"train": images(20, 16, 16, 3)})
    held_out = open_dataset("tfds:no_test")
    assert (held_out.test_name, len(held_out.train), len(held_out.test)) == ("held-out", 16, 4)
    unlabelled = [(image, -1) for image, _ in images(6, 16, 16, 3)]
    made("unlabelled", (16, 16, 3), {"train": images(20, 16, 16, 3), "test": unlabelled})
    assert open_dataset("tfds:unlabelled").test_name == "held-out"


def test_it_is_written_out_once_and_needed_no_more(made, cache, monkeypatch):
    made("tiny_digits", (28, 28, 1), {"train": images(20, 28, 28, 1), "test": images(6, 28, 28, 1)})
    before = open_dataset("tfds:tiny_digits").digest
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert open_dataset("tfds:tiny_digits").digest == before
    places = [path.name for path in (cache / "alexnet-bench" / "tfds").iterdir() if path.is_dir()]
    assert places == ["tiny_digits"]


def test_what_lacks_a_part_is_written_anew_and_what_finds_no_room_is_told(made, cache, refusal, monkeypatch):
    made("tiny_digits", (28, 28, 1), {"train": images(20, 28, 28, 1), "test": images(6, 28, 28, 1)})
    before, folder = open_dataset("tfds:tiny_digits").digest, cache / "alexnet-bench" / "tfds" / "tiny_digits"
    (folder / "about.json").unlink()
    assert open_dataset("tfds:tiny_digits").digest == before

    def full(file, array):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shutil.rmtree(folder)
    monkeypatch.setattr(np, "save", full)
    assert "tiny_digits (No space left on device); make room" in refusal("tfds:tiny_digits")
    assert not [path for path in folder.parent.iterdir() if path.is_dir()]


@pytest.mark.parametrize("file", ["about.json", "train/images.npy", "test/labels.npy"])
def test_what_was_written_out_and_is_damaged_is_named(made, cache, refusal, file):
    made("tiny_digits", (28, 28, 1), {"train": images(20, 28, 28, 1), "test": images(6, 28, 28, 1)})
    open_dataset("tfds:tiny_digits")
    folder = cache / "alexnet-bench" / "tfds" / "tiny_digits"
    for left in (b"", b"no array", (folder / file).read_bytes()[:-1]):
        (folder / file).write_bytes(left)
        assert re.search(r"tiny_digits is damaged \(.*; remove it", refusal("tfds:tiny_digits"))


def test_what_is_no_data_set_of_images_is_refused(made, refusal):
    made("tiny_digits", (28, 28, 1), {"validation": images(6, 28, 28, 1)})
    assert "a training split" in refusal("tfds:tiny_digits")


def test_without_the_extra_it_says_what_to_install(monkeypatch, refusal):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert refusal("tfds:mnist") == (
        'tfds:mnist takes TensorFlow Datasets: `pip install "alexnet-bench[tfds]"`'
    )


@pytest.mark.parametrize("name", ["../mnist", "mnist\n", "/etc", "", "mn ist"])
def test_names_that_are_none(name, refusal):
    assert "name" in refusal(f"tfds:{name}")


def test_every_size_has_a_topology_that_there_is():
    from alexnet_bench.run.schedule import LARGEST, TOPOLOGIES_BY_SIZE

    assert {name for _, name in TOPOLOGIES_BY_SIZE} | {LARGEST} <= TOPOLOGIES.keys()
    assert all(TOPOLOGIES[name].size == most for most, name in TOPOLOGIES_BY_SIZE)
