"""A user's own images: one folder a class, JPEG or PNG."""

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.files import need_folder, some
from alexnet_bench.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

CANVAS = 256
TEST_FRACTION = 0.2
FEWEST_IMAGES = 3
"""A class must reach training, validation and test."""
SUFFIXES = (".jpg", ".jpeg", ".png")
EXPECTED = "JPEG or PNG files in PATH/<class>/, or in PATH/train/<class>/ beside PATH/test/ or PATH/val/"

# A camera may write JPEGs that carry a second picture ("MPO"); they decode as any other.
END_MARKERS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
TAIL_BYTES = 64

ImagesByClass = dict[str, list[str]]


def open_folder(path: str | None) -> Dataset:
    """Return the images under `path`: `<class>/…`, or `train/<class>/…` beside `test/` or `val/`.

    Where there is no test folder, the same stratified 20% is always held out. Where there are both,
    `test/` is reported and `val/` left unused: validation is carved from training, by seed.
    """
    root = need_folder(path or "", EXPECTED)
    # A class of railway pictures may be called "train": only one that holds folders is a split.
    split_up = _subfolders(root / "train")
    train_folder = root / "train" if split_up else root
    test_folder = _test_folder(root) if split_up else None
    images = _read_classes(train_folder, fewest=FEWEST_IMAGES)
    if len(images) < 2:
        raise DataError(
            f"{train_folder} holds one class ({next(iter(images))}), expected two or more: {EXPECTED}"
        )
    if test_folder:
        train, test, test_name = _split(images), _split(_read_test(test_folder, images)), "test"
    else:
        everything, test_name = _split(images), "held-out"
        held_out = round(TEST_FRACTION * len(everything))
        train, test = everything.hold_out(held_out, seed=0, purpose="test")
    check_images(train.paths + test.paths)
    return Dataset(
        name=f"folder:{root.resolve().name}",
        classes=tuple(images),
        train=train,
        test=test,
        test_name=test_name,
        mirrored=True,
        size=CANVAS,
        channels=3,
    )


def _test_folder(root: Path) -> Path | None:
    """The test split: `test/` before `val/`, but one with class folders before one without.

    ImageNet's `test/` is unlabelled.
    """
    found = [root / name for name in ("test", "val") if (root / name).is_dir()]
    return next((folder for folder in found if _subfolders(folder)), found[-1] if found else None)


def _read_test(folder: Path, training: ImagesByClass) -> ImagesByClass:
    images = _read_classes(folder, fewest=1)
    if images.keys() != training.keys():
        differing = {"lacks": training.keys() - images.keys(), "alone has": images.keys() - training.keys()}
        differences = [f"{word} {some(sorted(names))}" for word, names in differing.items() if names]
        raise DataError(
            f"{folder} {' and '.join(differences)}; expected the class folders of training; "
            "add or remove class folders until both agree"
        )
    return images


def _read_classes(folder: Path, fewest: int) -> ImagesByClass:
    """Return each class's image files, both in order of name; at least `fewest` of each class."""
    class_folders = _subfolders(folder)
    if not class_folders:
        found = "images but no class folders" if _images(folder) else "no class folders"
        raise DataError(f"{folder} holds {found}; expected {EXPECTED}")
    images = {class_folder.name: _images(class_folder) for class_folder in class_folders}
    if empty := [str(folder / name) for name, files in images.items() if not files]:
        raise DataError(
            f"{some(empty)}: no JPEG or PNG files ({_contents(Path(empty[0]))}); "
            f"expected {EXPECTED}; add images or remove the class folder"
        )
    if few := [f"{folder / name} ({len(files)})" for name, files in images.items() if len(files) < fewest]:
        raise DataError(
            f"too few images in {some(few)}; expected {fewest} or more in each class, "
            "for training, validation and test; add images or remove the class folder"
        )
    return images


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _images(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.path
            for entry in entries
            if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".") and not entry.is_dir()
        )


def _contents(folder: Path) -> str:
    visible = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    kinds = {"folders" if entry.is_dir() else entry.suffix or "files without a suffix" for entry in visible}
    return f"it holds {some(sorted(kinds))}" if kinds else "it is empty"


def _split(images: ImagesByClass) -> Split:
    counts = [len(files) for files in images.values()]
    paths = tuple(path for files in images.values() for path in files)
    return Split(labels=np.repeat(np.arange(len(images), dtype=np.int64), counts), paths=paths)


def check_images(paths: Iterable[str]) -> None:
    """Raise for files that are no JPEG or PNG, or end too early; damage in between goes unseen."""
    faults = [f"{path} {fault}" for path in paths if (fault := _fault(path))]
    if faults:
        them = "them" if len(faults) > 1 else "it"
        raise DataError(
            f"corrupt image: {some(faults)}; expected JPEG or PNG; replace {them} or remove {them}"
        )


def _fault(path: str) -> str | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Path(path).open("rb") as file:
            tail = _tail(file)
            if not tail:
                return "is empty"
            with Image.open(file) as image:
                if image.format not in END_MARKERS:
                    return f"is {image.format}"
                if END_MARKERS[image.format] not in tail:
                    return _closer_look(file, image, END_MARKERS[image.format])
    except UnidentifiedImageError:
        return "is no image"
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        return f"cannot be decoded ({error})"
    return None


def _closer_look(file: BinaryIO, image: "Image.Image", marker: bytes) -> str | None:
    """Some sound files carry other data behind their end marker.

    A JPEG's thumbnail has an end marker of its own, so only decoding tells; but PIL forgives a PNG that
    lacks its marker, and TensorFlow does not.
    """
    image.load()
    file.seek(0)
    return None if marker in file.read() else "ends too early"


def _tail(file: BinaryIO) -> bytes:
    """Return the last bytes, and leave the file at its start."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    return tail


FOLDER = Description(
    spec="folder:PATH",
    help="your own JPEG or PNG files: PATH/<class>/, or PATH/train/<class>/ beside PATH/val or PATH/test",
    topology="alexnet-227",
    open=open_folder,
)
