import gzip
import struct

import numpy as np
import pytest

from alexnet_bench.data.fashion_mnist import CLASSES, open_fashion_mnist
from alexnet_bench.data.files import download
from alexnet_bench.errors import DataError


def write_idx(path, array, dimensions=None):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, dimensions or array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture
def folder(tmp_path):
    for part, count in (("train", 20), ("t10k", 10)):
        images = np.arange(count * 784).reshape(count, 28, 28).astype(np.uint8)
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", (np.arange(count) % 10).astype(np.uint8))
    return tmp_path


def no_download(*_):
    raise AssertionError("downloaded")


def refusal(folder):
    """The message with which the folder is refused."""
    with pytest.raises(DataError) as caught:
        open_fashion_mnist(str(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_reads_the_four_files(folder):
    fashion = open_fashion_mnist(str(folder))
    assert (len(fashion.train), len(fashion.test), fashion.test_name) == (20, 10, "test")
    assert (fashion.train.images.shape, fashion.train.images.dtype) == ((20, 28, 28, 1), np.uint8)
    assert fashion.train.images[1, 2, 3, 0] == (784 + 2 * 28 + 3) % 256
    assert (fashion.train.labels[:12].tolist(), fashion.train.labels.dtype) == ([*range(10), 0, 1], np.int64)


def test_describes_itself(folder):
    fashion = open_fashion_mnist(str(folder))
    assert (fashion.name, fashion.classes) == ("fashion-mnist", CLASSES)
    assert (fashion.mirrored, fashion.size, fashion.channels) == (True, 28, 1)


def test_without_a_path_reads_the_debian_package(folder):
    assert len(open_fashion_mnist(debian_folder=folder, download=no_download).train) == 20


def test_without_package_downloads(tmp_path):
    images, labels = np.zeros((4, 28, 28), np.uint8), np.zeros((4, 1), np.uint8)

    def fetch(name, remedy):
        return download(name, remedy, load=lambda: ((images, labels), (images[:1], labels[:1])))

    fashion = open_fashion_mnist(debian_folder=tmp_path / "none", download=fetch)
    assert (fashion.train.images.shape, fashion.test.images.shape) == ((4, 28, 28, 1), (1, 28, 28, 1))
    assert (fashion.train.labels.shape, fashion.train.labels.dtype) == ((4,), np.int64)


def test_failed_download_names_both_remedies(tmp_path):
    def fail():
        raise Exception("URL fetch failure on\nhttps://example.org: no network")

    def fetch(name, remedy):
        return download(name, remedy, load=fail)

    with pytest.raises(DataError) as caught:
        open_fashion_mnist(debian_folder=tmp_path / "none", download=fetch)
    message = str(caught.value)
    assert "URL fetch failure on https://example.org: no network" in message
    assert "dataset-fashion-mnist" in message
    assert "fashion-mnist:PATH" in message
    assert "\n" not in message


def test_download_keeps_standard_output_clean(capsys):
    """Standard output is the command's results, or a worker's protocol."""
    pair = (np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))

    def chatty():
        print("Downloading data")
        return pair, pair

    download("fashion_mnist", "", load=chatty)
    assert capsys.readouterr() == ("", "Downloading data\n")


def test_missing_folder(tmp_path):
    assert f"{tmp_path / 'none'}: no such folder; expected the four gzipped IDX files" in refusal(
        tmp_path / "none"
    )


def test_missing_files_are_all_named(folder):
    for name in ("train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"):
        (folder / name).unlink()
    assert f"{folder} lacks train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz;" in refusal(folder)


def test_truncated_gzip(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert f"{path} is no complete gzip file" in refusal(folder)


def test_not_gzip_at_all(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert f"{path} is no complete gzip file" in refusal(folder)


def test_damaged_gzip(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    data = bytearray(path.read_bytes())
    data[30:60] = bytes(30)
    path.write_bytes(data)
    assert f"{path} is no complete gzip file" in refusal(folder)


def test_truncated_data(folder):
    path = folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))
    assert f"{path} holds 9 bytes of data, expected 10 (10)" in refusal(folder)


def test_truncated_header(folder):
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:10]))
    assert f"{path} is truncated: it ends inside its 16-byte header" in refusal(folder)


def test_empty_idx(folder):
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(b""))
    assert f"{path} begins with nothing, expected 00000803" in refusal(folder)


def test_wrong_magic(folder):
    """The labels under the images' name."""
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    assert f"{path} begins with 00000801, expected 00000803" in refusal(folder)


def test_other_image_size(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    write_idx(path, np.zeros((20, 32, 30), np.uint8))
    assert f"{path} holds images of 32 × 30 pixels, expected 28 × 28" in refusal(folder)


def test_labels_without_images(folder):
    path = folder / "train-labels-idx1-ubyte.gz"
    write_idx(path, np.zeros(21, np.uint8))
    assert f"{path} holds 21 labels, expected 20" in refusal(folder)


def test_unknown_label(folder):
    path = folder / "train-labels-idx1-ubyte.gz"
    write_idx(path, np.full(20, 10, np.uint8))
    assert f"{path} holds a label 10, expected 0 to 9" in refusal(folder)


def test_no_images(folder):
    write_idx(folder / "t10k-images-idx3-ubyte.gz", np.zeros((0, 28, 28), np.uint8))
    write_idx(folder / "t10k-labels-idx1-ubyte.gz", np.zeros(0, np.uint8))
    assert "holds no label, expected 0 to 9" in refusal(folder)
