"""Fashion-MNIST: 70,000 grey pictures of clothes, 28 × 28 pixels."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.files import download, need_files, need_folder
from alexnet_bench.errors import DataError

SIZE = 28
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
REMEDY = (
    "install Debian's package dataset-fashion-mnist, "
    "or name the folder of the four gzipped IDX files: fashion-mnist:PATH"
)
UNSIGNED_BYTE = 8
# Five times what the training images have.
MOST_BYTES = 2**28
FETCH_AGAIN = "fetch the file again"


def open_fashion_mnist(path: str | None = None) -> Dataset:
    """Return Fashion-MNIST from `path`; or from Debian's package, where installed; or downloaded."""
    if path is not None:
        train, test = _read(need_folder(path, "the four gzipped IDX files of Fashion-MNIST"))
    elif DEBIAN_FOLDER.is_dir():
        train, test = _read(DEBIAN_FOLDER)
    else:
        train, test = download("fashion_mnist", REMEDY)
    return Dataset(
        name="fashion-mnist",
        classes=CLASSES,
        train=train,
        test=test,
        mirrored=True,
        size=SIZE,
        channels=1,
    )


def _read(folder: Path) -> tuple[Split, Split]:
    pairs = [(f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    need_files(folder, [name for pair in pairs for name in pair], REMEDY)
    train, test = (_read_pair(folder / images, folder / labels) for images, labels in pairs)
    return train, test


def _read_pair(image_file: Path, label_file: Path) -> Split:
    images, labels = _read_idx(image_file, 3), _read_idx(label_file, 1)
    if images.shape[1:] != (SIZE, SIZE):
        height, width = images.shape[1:]
        raise DataError(
            f"{image_file} holds images of {height} × {width} pixels, expected {SIZE} × {SIZE}; {REMEDY}"
        )
    if len(images) != len(labels):
        raise DataError(
            f"{label_file} holds {len(labels):,} labels, expected {len(images):,}, "
            f"one for each image of {image_file.name}; fetch both again"
        )
    if not len(labels) or labels.max() >= len(CLASSES):
        found = f"a label {labels.max()}" if len(labels) else "no label"
        raise DataError(f"{label_file} holds {found}, expected 0 to {len(CLASSES) - 1}; fetch it again")
    return Split(images=images[..., np.newaxis], labels=labels.astype(np.int64))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Return the array of unsigned bytes, of that many dimensions, in the gzipped IDX file.

    No more is unpacked than it says that it holds: a small file may be packed from any number of bytes.
    """
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    size = len(magic) + 4 * dimensions
    try:
        with gzip.open(path) as file:
            header = file.read(size)
            if header[:4] != magic:
                raise DataError(
                    f"{path} begins with {header[:4].hex() or 'nothing'}, expected {magic.hex()} "
                    f"(IDX, unsigned bytes, {dimensions} dimensions); {FETCH_AGAIN}"
                )
            if len(header) < size:
                raise DataError(f"{path} is truncated: it ends inside its {size}-byte header; {FETCH_AGAIN}")
            shape = struct.unpack(f">{dimensions}I", header[4:])
            expected, sides = math.prod(shape), " × ".join(str(length) for length in shape)
            # With a length of 0 there are no bytes, and still no array of such lengths.
            if math.prod(max(length, 1) for length in shape) > MOST_BYTES:
                raise DataError(
                    f"{path} says it holds {sides} bytes, expected {MOST_BYTES:,} at most; {FETCH_AGAIN}"
                )
            data = file.read(expected + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is no complete gzip file ({error}); {FETCH_AGAIN}") from error
    if len(data) != expected:
        found = f"{len(data):,} bytes of data" if len(data) < expected else "more bytes of data"
        raise DataError(f"{path} holds {found}, expected {expected:,} ({sides}); {FETCH_AGAIN}")
    return np.frombuffer(data, np.uint8).reshape(shape)


FASHION_MNIST = Description(
    spec="fashion-mnist[:PATH]",
    help="70,000 clothes, 28 × 28, grey; gzipped IDX files, Debian's package, or downloaded",
    topology="alexnet-32",
    open=open_fashion_mnist,
)
