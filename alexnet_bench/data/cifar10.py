"""CIFAR-10: 60,000 colour photographs, 32 × 32 pixels, in the standard binary batches."""

from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.files import download_archive, need_files, need_folder, read_whole
from alexnet_bench.errors import DataError
from alexnet_bench.words import plain

SIZE = 32
RECORD_BYTES = 1 + 3 * SIZE * SIZE
CLASSES: tuple[str, ...] = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TRAINING_BATCHES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_BATCH = "test_batch.bin"
CLASS_FILE = "batches.meta.txt"
# Nine times what a batch has.
MOST_BYTES, MOST_BYTES_OF_NAMES = 2**28, 2**16
ARCHIVE = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
REMEDY = f"unpack {ARCHIVE} and name the folder with data_batch_1.bin in it: cifar10:PATH"


def open_cifar10(path: str | None = None) -> Dataset:
    """Return CIFAR-10 from the binary batches in the folder `path`, or else downloaded.

    A folder without the official test batch trains on batches 1 to 4 and holds batch 5 out.
    """
    folder = _downloaded() if path is None else need_folder(path, "the binary batches of CIFAR-10")
    need_files(folder, TRAINING_BATCHES, REMEDY)
    classes = _read_classes(folder / CLASS_FILE)
    official = [TEST_BATCH] if (folder / TEST_BATCH).exists() else []
    *batches, test = (_read_batch(folder / name) for name in (*TRAINING_BATCHES, *official))
    train = Split(
        images=np.concatenate([batch.images for batch in batches]),
        labels=np.concatenate([batch.labels for batch in batches]),
    )
    return Dataset(
        name="cifar10",
        classes=classes,
        train=train,
        test=test,
        test_name="test" if official else "held-out",
        mirrored=True,
        size=SIZE,
        channels=3,
    )


def _downloaded() -> Path:
    """The binary version: Keras' own data set is the one of pickles, which may run code as they are read."""
    folder = download_archive("cifar10", ARCHIVE, SHA256, REMEDY)
    # Releases of Keras differ in whether they return the archive's folder or the one that it is in.
    return next((found.parent for found in folder.rglob(TRAINING_BATCHES[0])), folder)


def _read_batch(path: Path) -> Split:
    data = np.frombuffer(read_whole(path, MOST_BYTES, f"unpack {ARCHIVE} again"), np.uint8)
    if not data.size or data.size % RECORD_BYTES:
        raise DataError(
            f"{path} is truncated: {data.size:,} bytes, expected a multiple of {RECORD_BYTES:,} "
            f"(a label and 3 × 32 × 32 pixels each); unpack {ARCHIVE} again"
        )
    records = data.reshape(-1, RECORD_BYTES)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise DataError(
            f"{path} holds a label {labels.max()}, expected 0 to {len(CLASSES) - 1} "
            f"(is it CIFAR-10's binary version?); unpack {ARCHIVE} again"
        )
    planes = records[:, 1:].reshape(-1, 3, SIZE, SIZE)
    return Split(images=np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels=labels)


def _read_classes(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return CLASSES
    text = read_whole(path, MOST_BYTES_OF_NAMES, f"unpack {ARCHIVE} again").decode("utf-8", "replace")
    names = tuple(plain(line.strip()) for line in text.splitlines() if line.strip())
    if len(names) != len(CLASSES):
        raise DataError(f"{path} names {len(names)} classes, expected {len(CLASSES)}; unpack {ARCHIVE} again")
    return names


CIFAR10 = Description(
    spec="cifar10[:PATH]",
    help="60,000 photographs, 32 × 32, colour; standard binary batches, or downloaded",
    topology="alexnet-32",
    open=open_cifar10,
)
