"""Where the files of a data set come from, or the error that says which are missing."""

import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from alexnet_bench.data.dataset import Split
from alexnet_bench.errors import DataError


def need_folder(path: str | Path, expected: str) -> Path:
    """Return `path` as an absolute folder; `expected` completes "expected …" where it is none."""
    folder = Path(path).expanduser().absolute()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise DataError(f"{folder} is a file, not a folder; expected {expected} (unpack an archive first)")
    raise DataError(f"{folder}: no such folder; expected {expected}; check the path")


def need_files(folder: Path, names: Iterable[str], remedy: str) -> None:
    """Raise unless every one of `names` is a file in `folder`."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)}; {remedy}")


def some(names: Iterable[str], most: int = 3) -> str:
    """Join the first few names, and say how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def download(name: str, remedy: str) -> tuple[Split, Split]:
    """Return the (train, test) of `keras.datasets.<name>`, downloaded unless Keras has it already."""
    try:
        # Keras draws its progress on standard output, which belongs to the command's results.
        with redirect_stdout(sys.stderr):
            import keras

            train, test = getattr(keras.datasets, name).load_data()
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} could not be downloaded ({reason}); {remedy}") from error
    return _split(*train), _split(*test)


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    if images.ndim == 3:
        images = images[..., np.newaxis]
    return Split(images=images, labels=labels.ravel().astype(np.int64))
