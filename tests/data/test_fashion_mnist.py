import gzip
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from damaged_bytes import damaged
from hypothesis import given
from hypothesis import strategies as st

from alexnet_bench.data import open_dataset
from alexnet_bench.errors import DataError


def idx(array):
    """A gzipped IDX file of unsigned bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


@pytest.fixture
def folder(tmp_path):
    for part, count in (("train", 20), ("t10k", 10)):
        images = np.arange(count * 784).reshape(count, 28, 28).astype(np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(images))
        labels = (np.arange(count) % 10).astype(np.uint8)
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(labels))
    return tmp_path


@pytest.fixture
def debian_folder(tmp_path, monkeypatch):
    """Where Debian's package would be: there is none."""
    monkeypatch.setattr("alexnet_bench.data.fashion_mnist.DEBIAN_FOLDER", tmp_path / "debian")
    return tmp_path / "debian"


def test_reads_the_four_files(folder):
    fashion = open_dataset(f"fashion-mnist:{folder}")
    assert (len(fashion.train), len(fashion.test), fashion.test_name) == (20, 10, "test")
    assert (fashion.train.images.shape, fashion.train.images.dtype) == ((20, 28, 28, 1), np.uint8)
    assert fashion.train.images[1, 2, 3, 0] == (784 + 2 * 28 + 3) % 256
    assert (fashion.train.labels[:12].tolist(), fashion.train.labels.dtype) == ([*range(10), 0, 1], np.int64)
    assert (fashion.name, len(fashion.classes), fashion.classes[9]) == ("fashion-mnist", 10, "Ankle boot")
    assert (fashion.mirrored, fashion.size, fashion.channels) == (True, 28, 1)


def test_without_a_path_reads_the_debian_package(folder, debian_folder, downloads):
    downloads("fashion_mnist", lambda: pytest.fail("downloaded"))
    debian_folder.symlink_to(folder)
    assert len(open_dataset("fashion-mnist").train) == 20


def test_without_package_downloads_and_keeps_standard_output_clean(debian_folder, downloads, capsys):
    """Standard output is the command's results, or a worker's protocol."""
    images, labels = np.zeros((4, 28, 28), np.uint8), np.zeros((4, 1), np.uint8)

    def load_data():
        print("Downloading data")
        return (images, labels), (images[:1], labels[:1])

    downloads("fashion_mnist", load_data)

    fashion = open_dataset("fashion-mnist")

    assert (fashion.train.images.shape, fashion.test.images.shape) == ((4, 28, 28, 1), (1, 28, 28, 1))
    assert (fashion.train.labels.shape, fashion.train.labels.dtype) == ((4,), np.int64)
    assert capsys.readouterr() == ("", "Downloading data\n")


def test_failed_download_names_both_remedies(debian_folder, downloads, refusal):
    def load_data():
        raise Exception("URL fetch failure on\nhttps://example.org: no network")

    downloads("fashion_mnist", load_data)

    message = refusal("fashion-mnist")

    assert "URL fetch failure on https://example.org: no network" in message
    assert "dataset-fashion-mnist" in message
    assert "fashion-mnist:PATH" in message


def test_missing_files_are_all_named(folder, refusal):
    for name in ("train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"):
        (folder / name).unlink()
    expected = f"{folder} lacks train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz;"
    assert expected in refusal(f"fashion-mnist:{folder}")


def unzipped(change):
    """A change of what a gzipped file holds."""
    return lambda data: gzip.compress(change(gzip.decompress(data)))


@pytest.mark.parametrize(
    ("name", "damage", "expected"),
    [
        ("train-images", lambda data: data[:-20], "is no complete gzip file"),
        ("train-images", gzip.decompress, "is no complete gzip file"),
        ("train-images", lambda data: data[:30] + bytes(30) + data[60:], "is no complete gzip file"),
        ("t10k-labels", unzipped(lambda data: data[:-1]), "holds 9 bytes of data, expected 10 (10)"),
        ("t10k-images", unzipped(lambda data: data[:10]), "is truncated: it ends inside its 16-byte header"),
        ("t10k-images", unzipped(lambda data: b""), "begins with nothing, expected 00000803"),
        (
            "train-images",
            lambda data: idx(np.zeros(20, np.uint8)),
            "begins with 00000801, expected 00000803",
        ),
        (
            "train-images",
            lambda data: idx(np.zeros((20, 32, 30), np.uint8)),
            "holds images of 32 × 30 pixels, expected 28 × 28",
        ),
        ("train-labels", lambda data: idx(np.zeros(21, np.uint8)), "holds 21 labels, expected 20"),
        ("train-labels", lambda data: idx(np.full(20, 10, np.uint8)), "holds a label 10, expected 0 to 9"),
    ],
)
def test_damaged_files(folder, refusal, name, damage, expected):
    (path,) = folder.glob(f"{name}*")
    path.write_bytes(damage(path.read_bytes()))
    assert f"{path} {expected}" in refusal(f"fashion-mnist:{folder}")


def test_no_images(folder, refusal):
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(idx(np.zeros(0, np.uint8)))
    assert "holds no label, expected 0 to 9" in refusal(f"fashion-mnist:{folder}")


def test_a_bomb_is_unpacked_no_further_than_it_says(folder, refusal):
    """A gibibyte of nothing in a megabyte."""
    packed = zlib.compressobj(wbits=31)
    parts = [packed.compress(struct.pack(">4B3I", 0, 0, 8, 3, 20, 28, 28))]
    parts += [packed.compress(bytes(2**20)) for _ in range(2**10)]
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"".join([*parts, packed.flush()]))
    tracemalloc.start()
    assert "holds more bytes of data, expected 15,680 (20 × 28 × 28)" in refusal(f"fashion-mnist:{folder}")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


# Fuzzing found the second.
@pytest.mark.parametrize("shape", [(2**32 - 1, 28, 28), (2**31, 2**32 - 1, 0)])
def test_more_images_than_there_can_be(folder, refusal, shape):
    header = struct.pack(">4B3I", 0, 0, 8, 3, *shape)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header))
    sides = " × ".join(map(str, shape))
    expected = f"says it holds {sides} bytes, expected 268,435,456 at most"
    assert expected in refusal(f"fashion-mnist:{folder}")


@given(st.data())
def test_damaged_bytes_are_refused_or_read_and_never_another_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fashion")
    for part, count in (("train", 20), ("t10k", 10)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(idx(np.zeros(shape, np.uint8)))
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    sound = path.read_bytes()
    if data.draw(st.booleans(), "unpacked"):
        path.write_bytes(gzip.compress(damaged(gzip.decompress(sound), data)))
    else:
        path.write_bytes(damaged(sound, data))
    try:
        fashion = open_dataset(f"fashion-mnist:{folder}")
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert (fashion.train.images.shape[1:], fashion.train.labels.max()) == ((28, 28, 1), 0)
