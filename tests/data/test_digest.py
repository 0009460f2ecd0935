"""The digest of a data set changes with its images and labels, and with nothing else."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alexnet_bench.data import Split, open_dataset
from alexnet_bench.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def pets(tmp_path):
    """Writes a folder of four cats and four dogs, of one colour each; returns its path."""

    def write(name="pets", colours=range(8)):
        for number, colour in enumerate(colours):
            file = tmp_path / name / ("cat" if number < 4 else "dog") / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4), (colour, 0, 0)).save(file)
        return tmp_path / name

    return write


def digest(folder):
    return open_dataset(f"folder:{folder}").digest


def data_set(labels, images):
    split = Split(labels=np.array(labels), images=np.array(images, np.uint8).reshape(-1, 1, 1, 1))
    return replace(open_dataset("digits"), train=split, test=split.take([]))


IMAGES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 255)), min_size=1, max_size=6)


@given(IMAGES, IMAGES)
def test_it_is_equal_where_labels_and_images_are(one, other):
    digests = [data_set(*zip(*rows, strict=True)).digest for rows in (one, other)]

    assert (digests[0] == digests[1]) == (one == other)
    assert all(len(found) == 16 and set(found) <= set("0123456789abcdef") for found in digests)


@given(IMAGES)
def test_what_is_trained_on_and_what_is_tested_on_are_not_the_same(rows):
    whole = data_set(*zip(*rows, strict=True))

    assert replace(whole, train=whole.test, test=whole.train).digest != whole.digest


def test_it_is_that_of_the_images_wherever_they_lie(pets):
    assert digest(pets("here/pets")) == digest(pets("there/others"))


@pytest.mark.parametrize("change", ["one pixel", "another label", "one image more", "another name"])
def test_a_change_of_the_files_changes_it(pets, change):
    folder = pets()
    before = digest(folder)
    file = folder / "dog" / "7.png"

    if change == "one pixel":
        Image.new("RGB", (4, 4), (8, 0, 0)).save(file)
        # Written so soon after, it may bear the same time.
        os.utime(file, ns=(0, 0))
    elif change == "another label":
        file.rename(folder / "cat" / "7.png")
    elif change == "one image more":
        Image.new("RGB", (4, 4)).save(folder / "dog" / "8.png")
    else:
        file.rename(folder / "dog" / "last.png")

    assert digest(folder) != before


def test_unchanged_files_are_not_read_again(pets, cache):
    folder = pets()
    before = digest(folder)
    (kept,) = cache.rglob("*/digests/*")
    kept.write_text("0123456789abcdef", encoding="ascii")

    assert digest(folder) == "0123456789abcdef"
    os.utime(folder / "dog" / "7.png", ns=(0, 0))
    assert digest(folder) == before


@pytest.mark.parametrize("left", ["", "0123", "x" * 16, "\xff" * 16])
def test_a_damaged_cache_is_formed_again(pets, cache, left):
    folder = pets()
    before = digest(folder)
    (kept,) = cache.rglob("*/digests/*")
    kept.write_text(left, encoding="latin-1")

    assert digest(folder) == before
    assert kept.read_text() == before


def test_a_cache_that_cannot_be_written_is_no_error(pets, cache):
    """A file stands in for a folder without permission, into which root would write."""
    folder = pets()
    cache.write_text("in the way")

    assert digest(folder) == digest(folder)


@pytest.mark.parametrize("chosen", ["", "a/relative/path"])
def test_it_is_kept_in_the_home_where_no_cache_folder_is_named(pets, tmp_path, monkeypatch, chosen):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", chosen)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    digest(pets())

    assert list((tmp_path / "home" / ".cache" / "alexnet-bench" / "digests").iterdir())
    assert not (tmp_path / "a").exists()


def test_a_file_that_is_gone_is_an_error_of_the_data(pets):
    opened = open_dataset(f"folder:{pets()}")
    for path in opened.train.paths:
        Path(path).unlink()

    with pytest.raises(DataError, match=r"cannot be read \(No such file or directory\); check the path"):
        _ = opened.digest
