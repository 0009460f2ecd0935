import os
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from damaged_bytes import damaged
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.data import open_dataset
from alexnet_bench.errors import DataError

IMAGES = 20


def write_batch(path, red):
    """Twenty images whose red plane is `red`, green counts the pixels of a row, blue the rows."""
    columns, rows = np.meshgrid(np.arange(32), np.arange(32))
    planes = np.stack([np.full((32, 32), red), columns, rows]).astype(np.uint8).ravel()
    records = [np.concatenate([[image % 10], planes]) for image in range(IMAGES)]
    path.write_bytes(np.array(records, np.uint8).tobytes())


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 6):
        write_batch(tmp_path / f"data_batch_{number}.bin", red=number)
    return tmp_path


def test_planes_become_channels(folder):
    train = open_dataset(f"cifar10:{folder}").train
    assert (train.images.dtype, train.labels.dtype) == (np.uint8, np.int64)
    assert train.images[0, 7, 11].tolist() == [1, 11, 7]
    assert train.images.flags.c_contiguous
    assert train.labels[:12].tolist() == [*range(10), 0, 1]


def test_without_the_official_batch_the_fifth_is_held_out(folder):
    cifar = open_dataset(f"cifar10:{folder}")
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("held-out", 4 * IMAGES, IMAGES)
    assert set(cifar.test.images[..., 0].ravel()) == {5}
    assert set(cifar.train.images[..., 0].ravel()) == {1, 2, 3, 4}


def test_with_the_official_batch_all_five_train(folder):
    write_batch(folder / "test_batch.bin", red=6)
    cifar = open_dataset(f"cifar10:{folder}")
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("test", 5 * IMAGES, IMAGES)
    assert set(cifar.test.images[..., 0].ravel()) == {6}


def test_describes_itself(folder):
    cifar = open_dataset(f"cifar10:{folder}")
    assert (cifar.name, len(cifar.classes), cifar.classes[3]) == ("cifar10", 10, "cat")
    assert (cifar.mirrored, cifar.size, cifar.channels) == (True, 32, 3)


def test_names_classes_after_the_folders_own_list(folder):
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    assert open_dataset(f"cifar10:{folder}").classes == tuple("abcdefghij")


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-bin"])
def test_without_a_path_downloads_the_binary_version(folder, tmp_path, monkeypatch, inside):
    """The one of pickles, which Keras' own data set is, would run what is in them."""
    unpacked, asked = tmp_path / "unpacked", []
    write_batch(folder / "test_batch.bin", red=6)
    (unpacked / inside).mkdir(parents=True)
    for batch in folder.glob("*.bin"):
        batch.rename(unpacked / inside / batch.name)

    def get_file(name, url, *, file_hash, extract):
        asked.append((name, url, len(file_hash), extract))
        return str(unpacked)

    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(utils=SimpleNamespace(get_file=get_file)))
    cifar = open_dataset("cifar10")

    name = "cifar-10-binary.tar.gz"
    assert asked == [(name, f"https://www.cs.toronto.edu/~kriz/{name}", 64, True)]
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("test", 5 * IMAGES, IMAGES)


def test_the_version_of_pickles_is_not_read(tmp_path, refusal):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harmed",))

    for name in ("data_batch_1", "data_batch_2", "test_batch", "batches.meta"):
        (tmp_path / name).write_bytes(pickle.dumps(Harm()))
        (tmp_path / f"{name}.bin").write_bytes(pickle.dumps(Harm()))
    assert "lacks data_batch_3.bin" in refusal(f"cifar10:{tmp_path}")
    for number in (3, 4, 5):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(pickle.dumps(Harm()))
    assert "is truncated" in refusal(f"cifar10:{tmp_path}")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("name", ["test_batch.bin", "batches.meta.txt"])
def test_what_is_no_regular_file_is_not_waited_for(folder, refusal, name):
    os.mkfifo(folder / name)
    assert f"{folder / name} is no regular file" in refusal(f"cifar10:{folder}")


def test_files_that_are_too_large_are_not_read(folder, refusal):
    os.truncate(folder / "data_batch_1.bin", 3073 * 10**9)
    assert "has 3,073,000,000,000 bytes, expected 268,435,456 at most" in refusal(f"cifar10:{folder}")


@given(st.data())
def test_damaged_bytes_are_refused_or_read_and_never_another_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cifar")
    for number in range(1, 6):
        write_batch(folder / f"data_batch_{number}.bin", red=number)
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij"))
    path = folder / data.draw(st.sampled_from(["data_batch_2.bin", "batches.meta.txt"]))
    path.write_bytes(damaged(path.read_bytes(), data))
    try:
        cifar = open_dataset(f"cifar10:{folder}")
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert cifar.train.labels.max() < 10 and cifar.train.images.shape[1:] == (32, 32, 3)
        assert len(cifar.classes) == 10 and all(name.isprintable() for name in cifar.classes)


def test_archive_in_the_folders_place(tmp_path, refusal):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.touch()
    assert f"{archive} is a file, not a folder" in refusal(f"cifar10:{archive}")


def test_missing_batches_are_all_named(folder, refusal):
    for number in (2, 4):
        (folder / f"data_batch_{number}.bin").unlink()
    message = refusal(f"cifar10:{folder}")
    assert f"{folder} lacks data_batch_2.bin, data_batch_4.bin;" in message
    assert "cifar-10-binary.tar.gz" in message


def with_label_10(data):
    return data[:3073] + bytes([10]) + data[3074:]


@pytest.mark.parametrize(
    ("name", "damage", "expected"),
    [
        (
            "data_batch_3.bin",
            lambda data: data[:-1],
            "is truncated: 61,459 bytes, expected a multiple of 3,073",
        ),
        ("data_batch_5.bin", lambda data: data[:-1], "is truncated: 61,459 bytes"),
        ("test_batch.bin", lambda data: b"", "is truncated: 0 bytes"),
        ("data_batch_1.bin", with_label_10, "holds a label 10, expected 0 to 9"),
        ("batches.meta.txt", lambda data: b"cat\ndog\n", "names 2 classes, expected 10"),
    ],
)
def test_damaged_files(folder, refusal, name, damage, expected):
    path = folder / name
    path.write_bytes(damage(path.read_bytes() if path.exists() else b""))
    assert f"{path} {expected}" in refusal(f"cifar10:{folder}")
