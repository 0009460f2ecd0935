"""Whatever TensorFlow Datasets has of images with a label each.

A data set is written out once, into the user's cache folder, and read from there: small images of one size
as arrays, others, and more of them than memory should hold, as the files that they are. So a trial waits for
no conversion, a newer TensorFlow Datasets changes no data, and it is not needed again.
"""

import contextlib
import fcntl
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np

from alexnet_bench.data.cache import cache_place
from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.files import downloading
from alexnet_bench.data.folder import CANVAS, TEST_FRACTION
from alexnet_bench.data.images import check_images
from alexnet_bench.errors import BenchWarning, DataError
from alexnet_bench.words import plain

NAME = re.compile(r"[A-Za-z0-9][\w.+=:/-]*")
# In this order; ImageNet's test split, for one, has no labels.
TEST_SPLITS = ("test", "validation")
LARGEST_IN_MEMORY = 64
# Of a set's images: every worker holds them, and its own choice of them.
MOST_BYTES_IN_MEMORY = 2**30
# What is written is not mirrored, nor are grey pictures, which mostly show something written.
WRITTEN = ("svhn_cropped", "omniglot")
ABOUT = "about.json"
REMEDY = "see https://www.tensorflow.org/datasets/catalog for names, and check the network"


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What the images that are written out do not say themselves; `size` is 0 where they are of any size."""

    classes: tuple[str, ...]
    test: str | None
    mirrored: bool
    size: int
    channels: int
    are_files: bool = False

    @property
    def are_arrays(self) -> bool:
        """Whether they are read into memory."""
        return bool(self.size) and not self.are_files


def open_tfds(name: str | None) -> Dataset:
    """Return a data set by the name that TensorFlow Datasets has for it, `mnist` or `imagenette/160px-v2`."""
    if name is None or not NAME.fullmatch(name):
        raise DataError(f"tfds:{plain(name or '')} is no name of a data set; {REMEDY}")
    folder = cache_place(f"tfds/{quote(name, safe='')}")
    if folder is None:
        raise DataError("there is no home folder to keep data sets in; set XDG_CACHE_HOME to a folder")
    if not (folder / ABOUT).is_file():
        with _first(name, folder):
            # Another process may have been first.
            if not (folder / ABOUT).is_file():
                _write_out(name, folder)
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=_About)
        train, test = (_read(folder / part, about) for part in ("train", about.test or "train"))
    except (ValueError, EOFError) as error:
        raise DataError(
            f"{folder} is damaged ({plain(str(error))}); remove it, and it is written anew"
        ) from None
    if about.test is None:
        train, test = train.hold_out(round(TEST_FRACTION * len(train)), seed=0, purpose="test")
    return Dataset(
        name=f"tfds:{name}",
        classes=about.classes,
        train=train,
        test=test,
        test_name="test" if about.test else "held-out",
        mirrored=about.mirrored,
        size=about.size or CANVAS,
        channels=about.channels,
    )


def _read(folder: Path, about: _About) -> Split:
    if about.are_arrays:
        images, labels = (np.load(folder / f"{what}.npy") for what in ("images", "labels"))
        return Split(images=images, labels=labels)
    files = sorted(folder.glob("*/*"))
    paths = tuple(map(str, files))
    labels = np.array([int(file.parent.name) for file in files], np.int64)
    return Split(paths=paths, labels=labels, orientations=check_images(paths))


@contextlib.contextmanager
def _first(name: str, folder: Path) -> Iterator[None]:
    """Hold the writing of a data set, for which others wait; the lock ends with its holder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            warnings.warn(
                f"waiting for another process, which is writing out tfds:{name}", BenchWarning, stacklevel=2
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            # Without locks, whoever is done last is the one whose files stay.
            pass
        yield


def _write_out(name: str, folder: Path) -> None:
    """Write a data set's splits into a folder, which is there once it is whole."""
    builder = _builder(name)
    image, label = _features(name, builder)
    splits = [split for split in TEST_SPLITS if split in builder.info.splits]
    test = next((split for split in splits if _is_labelled(builder, split, label)), None)
    features = builder.info.features
    height, width, channels = features[image].shape
    is_small = height == width is not None and height <= LARGEST_IN_MEMORY and channels in (1, 3)
    count = sum(builder.info.splits[split].num_examples for split in filter(None, ("train", test)))
    fits = is_small and count * height * width * channels <= MOST_BYTES_IN_MEMORY
    about = _About(
        classes=tuple(map(plain, features[label].names)),
        test=test,
        mirrored=channels == 3 and builder.name not in WRITTEN,
        size=height if is_small else 0,
        channels=channels if fits else 3,
        are_files=not fits,
    )
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        for split in filter(None, ("train", test)):
            (fresh / split).mkdir(parents=True)
            write = _write_arrays if fits else _write_files
            write(_examples(builder, split, image, label, decoded=fits), fresh / split)
        (fresh / ABOUT).write_bytes(msgspec.json.encode(about))
        # What somebody took a part of.
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except OSError as error:
        raise DataError(
            f"tfds:{name} cannot be written into {folder} ({error.strerror or error}); make room, or set "
            "XDG_CACHE_HOME to another folder"
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _builder(name: str) -> Any:
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise DataError(
            f'tfds:{name} takes TensorFlow Datasets: `pip install "alexnet-bench[tfds]"`'
        ) from None
    with downloading(f"tfds:{name}", REMEDY):
        builder = tfds.builder(name)
        builder.download_and_prepare()
    return builder


def _features(name: str, builder: Any) -> tuple[str, str]:
    """What a data set calls its image and its label."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    keys = builder.info.supervised_keys
    image, label = keys if keys and len(keys) == 2 else (None, None)
    kinds = {image: tfds.features.Image, label: tfds.features.ClassLabel}
    are_those = all(isinstance(key, str) and type(features[key]) is kind for key, kind in kinds.items())
    if not are_those or "train" not in builder.info.splits:
        raise DataError(
            f"tfds:{name} is no data set of images with a label each and a training split; {REMEDY}"
        )
    return str(image), str(label)


def _is_labelled(builder: Any, split: str, label: str) -> bool:
    (first,) = builder.as_dataset(split=split).take(1).as_numpy_iterator()
    return bool(first[label] >= 0)


def _examples(
    builder: Any, split: str, image: str, label: str, *, decoded: bool
) -> Iterator[tuple[Any, int]]:
    """Images, as arrays or as the bytes of their files, and labels, in the order in which they are stored."""
    import tensorflow_datasets as tfds

    decoders = None if decoded else {image: tfds.decode.SkipDecoding()}
    for example in builder.as_dataset(split=split, decoders=decoders).as_numpy_iterator():
        yield example[image], int(example[label])


def _write_arrays(examples: Iterator[tuple[Any, int]], folder: Path) -> None:
    images, labels = zip(*examples, strict=True)
    np.save(folder / "images.npy", np.stack(images))
    np.save(folder / "labels.npy", np.array(labels, np.int64))


def _write_files(examples: Iterator[tuple[Any, int]], folder: Path) -> None:
    for number, (contents, label) in enumerate(examples):
        place = folder / f"{label:06}"
        place.mkdir(exist_ok=True)
        (place / f"{number:08}").write_bytes(contents)


TFDS = Description(
    spec="tfds:NAME",
    help="images with a label each of TensorFlow Datasets (extra tfds), such as tfds:mnist",
    topology=None,
    open=open_tfds,
)
