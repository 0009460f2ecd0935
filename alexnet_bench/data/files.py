"""Folders and files that a data set needs, or the error that says which are missing."""

from collections.abc import Iterable
from pathlib import Path

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
