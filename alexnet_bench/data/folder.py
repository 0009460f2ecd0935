"""A user's own images: one folder a class, JPEG or PNG."""

import os
from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Split
from alexnet_bench.data.files import need_folder, some
from alexnet_bench.data.images import check_images
from alexnet_bench.data.stratify import split_stratified
from alexnet_bench.errors import DataError

TOPOLOGY = "alexnet-227"
CANVAS = 256
TEST_FRACTION = 0.2
FEWEST_IMAGES = 3
"""A class must reach training, validation and test."""
SUFFIXES = (".jpg", ".jpeg", ".png")
EXPECTED = "JPEG or PNG files in PATH/<class>/, or in PATH/train/<class>/ beside PATH/test/ or PATH/val/"

ImagesByClass = dict[str, list[str]]


def open_folder(path: str) -> Dataset:
    """Return the images under `path`: `<class>/…`, or `train/<class>/…` beside `test/` or `val/`.

    Where there is no test folder, the same stratified 20% is always held out. Where there are both,
    `test/` is reported and `val/` left unused: validation is carved from training, by seed.
    """
    root = need_folder(path, EXPECTED)
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
        train, test, test_name = *_hold_out(_split(images)), "held-out"
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
        default_topology=TOPOLOGY,
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
        missing, extra = sorted(training.keys() - images.keys()), sorted(images.keys() - training.keys())
        differences = [
            f"{word} {some(names)}" for word, names in (("lacks", missing), ("alone has", extra)) if names
        ]
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


def _hold_out(everything: Split) -> tuple[Split, Split]:
    held_out = round(TEST_FRACTION * len(everything))
    train, test = split_stratified(everything.labels, held_out, seed=0, purpose="test")
    return everything.take(train), everything.take(test)
