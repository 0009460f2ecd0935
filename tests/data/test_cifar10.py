import numpy as np
import pytest

from alexnet_bench.data.cifar10 import CLASSES, open_cifar10
from alexnet_bench.data.dataset import Split
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


def refusal(folder):
    """The message with which the folder is refused."""
    with pytest.raises(DataError) as caught:
        open_cifar10(str(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_planes_become_channels(folder):
    train = open_cifar10(str(folder)).train
    assert (train.images.dtype, train.labels.dtype) == (np.uint8, np.int64)
    assert train.images[0, 7, 11].tolist() == [1, 11, 7]
    assert train.images.flags.c_contiguous
    assert train.labels[:12].tolist() == [*range(10), 0, 1]


def test_without_the_official_batch_the_fifth_is_held_out(folder):
    cifar = open_cifar10(str(folder))
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("held-out", 4 * IMAGES, IMAGES)
    assert set(cifar.test.images[..., 0].ravel()) == {5}
    assert set(cifar.train.images[..., 0].ravel()) == {1, 2, 3, 4}


def test_with_the_official_batch_all_five_train(folder):
    write_batch(folder / "test_batch.bin", red=6)
    cifar = open_cifar10(str(folder))
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("test", 5 * IMAGES, IMAGES)
    assert set(cifar.test.images[..., 0].ravel()) == {6}


def test_describes_itself(folder):
    cifar = open_cifar10(str(folder))
    assert (cifar.name, cifar.classes) == ("cifar10", CLASSES)
    assert (cifar.mirrored, cifar.size, cifar.channels) == (True, 32, 3)


def test_names_classes_after_the_folders_own_list(folder):
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    assert open_cifar10(str(folder)).classes == tuple("abcdefghij")


def test_without_a_path_downloads():
    def fetch(name, remedy):
        assert (name, "cifar10:PATH" in remedy) == ("cifar10", True)
        split = Split(labels=np.zeros(3, np.int64), images=np.zeros((3, 32, 32, 3), np.uint8))
        return split, split.take([0])

    cifar = open_cifar10(download=fetch)
    assert (cifar.test_name, len(cifar.train), len(cifar.test)) == ("test", 3, 1)


def test_missing_folder(tmp_path):
    assert f"{tmp_path / 'none'}: no such folder" in refusal(tmp_path / "none")


def test_archive_in_the_folders_place(tmp_path):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.touch()
    assert f"{archive} is a file, not a folder" in refusal(archive)


def test_missing_batches_are_all_named(folder):
    for number in (2, 4):
        (folder / f"data_batch_{number}.bin").unlink()
    message = refusal(folder)
    assert f"{folder} lacks data_batch_2.bin, data_batch_4.bin;" in message
    assert "cifar-10-binary.tar.gz" in message


@pytest.mark.parametrize("name", ["data_batch_3.bin", "data_batch_5.bin"])
def test_truncated_batch(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path} is truncated: 61,459 bytes, expected a multiple of 3,073" in refusal(folder)


def test_truncated_test_batch(folder):
    (folder / "test_batch.bin").touch()
    assert "test_batch.bin is truncated: 0 bytes" in refusal(folder)


def test_unknown_label(folder):
    path = folder / "data_batch_1.bin"
    data = bytearray(path.read_bytes())
    data[3073] = 10
    path.write_bytes(data)
    assert f"{path} holds a label 10, expected 0 to 9" in refusal(folder)


def test_wrong_number_of_class_names(folder):
    (folder / "batches.meta.txt").write_text("cat\ndog\n")
    assert "batches.meta.txt names 2 classes, expected 10" in refusal(folder)
