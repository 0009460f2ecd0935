"""Data sets: labelled images, opened by name. One more is one more file here, with a `Description` in it."""

import importlib
import pkgutil
from collections.abc import Iterator

from alexnet_bench.data.dataset import Dataset, Description, Split
from alexnet_bench.errors import DataError, UnknownNameError
from alexnet_bench.words import plain

__all__ = ["DATASETS", "Dataset", "Split", "open_dataset"]


def _described() -> Iterator[Description]:
    for _, name, _ in pkgutil.iter_modules(__path__):
        # What needs TensorFlow is no data set, and would be loaded long before it is needed.
        if not name.startswith("tensorflow_"):
            held = vars(importlib.import_module(f"{__name__}.{name}")).values()
            yield from (value for value in held if isinstance(value, Description))


DATASETS = {description.name: description for description in _described()}


def open_dataset(spec: str) -> Dataset:
    """Open a data set: its name, and after a colon the folder it lies in (`cifar10:PATH`).

    Raises:
        UnknownNameError: no data set has that name.
        DataError: it is missing, truncated, corrupt or too small, or the path is missing or unwanted.
    """
    name, colon, path = spec.partition(":")
    if name not in DATASETS:
        raise UnknownNameError("data set", [name], DATASETS)
    description = DATASETS[name]
    if colon and not description.takes:
        raise DataError(f"the data set {name} takes no path; write {description.spec}")
    needs_it = description.takes and "[" not in description.spec
    if not path and (colon or needs_it):
        missing = "folder" if description.takes_path else "data set"
        raise DataError(f"'{spec}' names no {missing}; write {description.spec}")
    try:
        return description.open(path or None)
    except OSError as error:
        raise DataError(
            f"{plain(str(error.filename or spec))} cannot be read ({error.strerror or error}); "
            "check the path and its permissions"
        ) from error
