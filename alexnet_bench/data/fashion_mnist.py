"""Fashion-MNIST: 70,000 grey pictures of clothes, 28 × 28 pixels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Split
from alexnet_bench.data.download import download
from alexnet_bench.data.files import need_files, need_folder
from alexnet_bench.data.idx import read_idx
from alexnet_bench.errors import DataError

TOPOLOGY = "alexnet-32"
SIZE = 28
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
REMEDY = (
    "install Debian's package dataset-fashion-mnist, "
    "or name the folder of the four gzipped IDX files: fashion-mnist:PATH"
)


def open_fashion_mnist(
    path: str | None = None,
    *,
    debian_folder: Path = DEBIAN_FOLDER,
    download: Callable[[str, str], tuple[Split, Split]] = download,
) -> Dataset:
    """Return Fashion-MNIST from `path`; or from Debian's package, where installed; or downloaded."""
    if path is not None:
        train, test = _read(need_folder(path, "the four gzipped IDX files of Fashion-MNIST"))
    elif debian_folder.is_dir():
        train, test = _read(debian_folder)
    else:
        train, test = download("fashion_mnist", REMEDY)
    return Dataset(
        name="fashion-mnist",
        classes=CLASSES,
        train=train,
        test=test,
        test_name="test",
        mirrored=True,
        size=SIZE,
        channels=1,
        default_topology=TOPOLOGY,
    )


def _read(folder: Path) -> tuple[Split, Split]:
    pairs = [(f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    need_files(folder, [name for pair in pairs for name in pair], REMEDY)
    train, test = (_read_pair(folder / images, folder / labels) for images, labels in pairs)
    return train, test


def _read_pair(image_file: Path, label_file: Path) -> Split:
    images, labels = read_idx(image_file, 3), read_idx(label_file, 1)
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
