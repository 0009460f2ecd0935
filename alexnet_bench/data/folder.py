"""A user's own images: one folder a class."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.data.files import need_folder, some
from alexnet_bench.data.images import KINDS, SUFFIXES, check_images
from alexnet_bench.errors import DataError
from alexnet_bench.words import counted, joined, plain

CANVAS = 256
TEST_FRACTION = 0.2
FEWEST_IMAGES = 3
"""A class must reach training, validation and test."""
TRAINING_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation")
EXPECTED = f"{KINDS} files in PATH/<class>/, or in PATH/train/<class>/ beside PATH/test/ or PATH/val/"


def open_folder(path: str | None) -> Dataset:
    """Return the images under `path`: `<class>/…`, or `train/<class>/…` beside `test/` or `val/`.

    Where there is no test folder, the same stratified 20% is always held out. Where there are both,
    `test/` is reported and `val/` left unused: validation is carved from training, by seed.
    """
    root = need_folder(path or "", EXPECTED)
    train_folder, test_folder = _split_folders(root)
    training = _ClassFolders(train_folder)
    training.check(FEWEST_IMAGES)
    if len(training.images) < 2:
        raise DataError(
            f"{_shown(train_folder)} holds one class ({_shown(next(iter(training.images)))}), "
            f"expected two or more: {EXPECTED}"
        )
    parts = [training]
    if test_folder:
        parts.append(_ClassFolders(test_folder))
        parts[1].check(1)
        _check_classes(parts[1], training)
        train, test = (_split(part.images) for part in parts)
    else:
        everything = _split(training.images)
        train, test = everything.hold_out(round(TEST_FRACTION * len(everything)), seed=0, purpose="test")
    return Dataset(
        name=f"folder:{_shown(root.resolve().name)}",
        classes=tuple(map(_shown, training.images)),
        train=train,
        test=test,
        test_name="test" if test_folder else "held-out",
        mirrored=True,
        size=CANVAS,
        channels=3,
        notes=(*_skipped(parts), *_unread(root, [part.folder for part in parts])),
    )


@dataclass(frozen=True)
class _ClassFolders:
    """The class folders in a folder."""

    folder: Path

    @cached_property
    def files(self) -> dict[str, list[str]]:
        """Each class's files, both in order of name."""
        # A link in a class to what it lies in would make its images those of all classes.
        around = {_identity(folder) for folder in (self.folder, *self.folder.parents)}
        return {folder.name: _files(folder, around) for folder in _subfolders(self.folder)}

    @cached_property
    def images(self) -> dict[str, list[str]]:
        """Those that are images by their names."""
        return {name: [path for path in files if _is_image(path)] for name, files in self.files.items()}

    def check(self, fewest: int) -> None:
        """Raise unless there are classes, of at least so many images."""
        if not self.files:
            found = "images but no class folders" if self.beside() else "no class folders"
            raise DataError(f"{_shown(self.folder)} holds {found}; expected {EXPECTED}")
        if empty := [name for name, images in self.images.items() if not images]:
            kinds = sorted({_kind(path) for path in self.files[empty[0]]})
            held = f"it holds {some(kinds)}" if kinds else "it is empty"
            raise DataError(
                f"{some(_shown(self.folder / name) for name in empty)}: no {KINDS} files ({held}); "
                f"expected {EXPECTED}; add images or remove the class folder"
            )
        counts = {name: len(images) for name, images in self.images.items()}
        if few := [f"{_shown(self.folder / name)} ({n})" for name, n in counts.items() if n < fewest]:
            raise DataError(
                f"too few images in {some(few)}; expected {fewest} or more in each class, "
                "for training, validation and test; add images or remove the class folder"
            )

    def beside(self) -> list[str]:
        """The images that are in no class folder."""
        with os.scandir(self.folder) as entries:
            return [entry.path for entry in entries if _is_image(entry.path) and not entry.is_dir()]


def _split_folders(root: Path) -> tuple[Path, Path | None]:
    """The folders of training and, if there is one, of test.

    A class of railway pictures may be called "train": only one that holds folders is a split. Of several for
    test, `test/` goes before `val/`, but one with class folders before one without: ImageNet's `test/` is
    unlabelled.
    """
    found = {folder.name.lower(): folder for folder in _subfolders(root)}
    training = [found[name] for name in TRAINING_NAMES if name in found and _subfolders(found[name])]
    if not training:
        return root, None
    test = [found[name] for name in TEST_NAMES if name in found]
    return training[0], next(filter(_subfolders, test), test[-1] if test else None)


def _check_classes(test: _ClassFolders, training: _ClassFolders) -> None:
    lacking, alone = training.images.keys() - test.images.keys(), test.images.keys() - training.images.keys()
    differing = {"lacks": lacking, "alone has": alone}
    differences = [f"{word} {some(map(_shown, sorted(names)))}" for word, names in differing.items() if names]
    if differences:
        raise DataError(
            f"{_shown(test.folder)} {' and '.join(differences)}; expected the class folders of training; "
            "add or remove class folders until both agree"
        )


def _skipped(parts: Iterable[_ClassFolders]) -> list[str]:
    """What lies among the images and is none, kind by kind."""
    found, beside = defaultdict[str, list[str]](list), 0
    for part in parts:
        beside += len(part.beside())
        for name, files in part.files.items():
            for path in files:
                if not _is_image(path):
                    found[_kind(path)].append(name)
    notes = [
        f"{counted(len(names), f'{kind} file')} in {_classes(len(set(names)))} "
        f"{'was' if len(names) == 1 else 'were'} skipped"
        for kind, names in sorted(found.items())
    ]
    if beside:
        notes.append(
            f"{counted(beside, 'image')} in no class folder {'was' if beside == 1 else 'were'} skipped"
        )
    return notes


def _unread(root: Path, folders: Sequence[Path]) -> list[str]:
    """Of a folder that is split up, the folders that are neither training nor test."""
    others = [folder.name for folder in _subfolders(root) if folder not in folders]
    if root in folders or not others:
        return []
    read = joined([f"{_shown(folder.name)}/" for folder in folders])
    return [f"only {read} {'is' if len(folders) == 1 else 'are'} read, not {some(map(_shown, others))}"]


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files(folder: Path, seen: set[tuple[int, int]]) -> list[str]:
    """The files in a folder and its subfolders, in order of name, none that is hidden.

    Links are followed, but into no folder twice: they may lead in circles.
    """
    files, pending, seen = list[str](), [folder], set(seen)
    while pending:
        current = pending.pop()
        if (identity := _identity(current)) in seen:
            continue
        seen.add(identity)
        with os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith("."):
                    continue
                # A link that leads nowhere is a file: one that cannot be read.
                is_folder = Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()
                if is_folder:
                    pending.append(Path(entry.path))
                else:
                    files.append(entry.path)
    return sorted(files)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_image(path: str) -> bool:
    name = os.path.basename(path)  # noqa: PTH119
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _kind(path: str) -> str:
    return _shown(Path(path).suffix.lower()) or "suffixless"


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count} classes"


def _shown(name: str | Path) -> str:
    """A name or path as it can be shown: what is not UTF-8 is written out, as are line ends."""
    return plain(str(name))


def _split(images: dict[str, list[str]]) -> Split:
    counts = [len(files) for files in images.values()]
    paths = tuple(path for files in images.values() for path in files)
    return Split(
        labels=np.repeat(np.arange(len(images), dtype=np.int64), counts),
        paths=paths,
        orientations=check_images(paths),
    )


FOLDER = Description(
    spec="folder:PATH",
    help="your own photographs: PATH/<class>/, or PATH/train/<class>/ beside PATH/val or PATH/test",
    topology="alexnet-227",
    open=open_folder,
)
