"""Where the files of a data set come from, or the error that says which are missing."""

import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path, PurePosixPath

import numpy as np

from alexnet_bench.data.dataset import Split
from alexnet_bench.errors import DataError
from alexnet_bench.words import plain


def need_folder(path: str | Path, expected: str) -> Path:
    """Return `path` as an absolute folder; `expected` completes "expected …" where it is none."""
    try:
        folder = Path(path).expanduser().absolute()
    except RuntimeError:
        raise DataError(f"{plain(str(path))}: there is no such home folder; expected {expected}") from None
    if folder.is_dir():
        return folder
    if folder.exists():
        raise DataError(
            f"{plain(str(folder))} is a file, not a folder; expected {expected} (unpack an archive first)"
        )
    raise DataError(f"{plain(str(folder))}: no such folder; expected {expected}; check the path")


def need_files(folder: Path, names: Iterable[str], remedy: str) -> None:
    """Raise unless every one of `names` is a file in `folder`."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{plain(str(folder))} lacks {', '.join(missing)}; {remedy}")


def read_whole(path: Path, most: int, remedy: str) -> bytes:
    """The bytes of a file that may hold so many.

    Raises:
        DataError: it holds more, or is a pipe or a device, which may have no end.
    """
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise DataError(f"{plain(str(path))} is no regular file; {remedy}")
    if status.st_size > most:
        raise DataError(
            f"{plain(str(path))} has {status.st_size:,} bytes, expected {most:,} at most; {remedy}"
        )
    return path.read_bytes()


def some(names: Iterable[str], most: int = 3) -> str:
    """Join the first few names, and say how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def download(name: str, remedy: str) -> tuple[Split, Split]:
    """Return the (train, test) of `keras.datasets.<name>`, downloaded unless Keras has it already."""
    with downloading(name, remedy):
        import keras

        train, test = getattr(keras.datasets, name).load_data()
    return _split(*train), _split(*test)


def download_archive(name: str, url: str, sha256: str, remedy: str) -> Path:
    """Return the folder of an archive's files, downloaded and unpacked unless Keras has it already."""
    with downloading(name, remedy):
        import keras

        fetched = keras.utils.get_file(PurePosixPath(url).name, url, file_hash=sha256, extract=True)
    return Path(fetched)


@contextmanager
def downloading(name: str, remedy: str) -> Iterator[None]:
    """Turn whatever a download raises into an error of the data, and keep standard output clean."""
    try:
        # Keras draws its progress on standard output, which belongs to the command's results.
        with redirect_stdout(sys.stderr):
            yield
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} could not be downloaded ({reason}); {remedy}") from error


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    if images.ndim == 3:
        images = images[..., np.newaxis]
    return Split(images=images, labels=labels.ravel().astype(np.int64))
