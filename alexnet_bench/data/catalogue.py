"""Every data set by name, and how to open one."""

from collections.abc import Callable
from dataclasses import dataclass

from alexnet_bench.data import cifar10, digits, fashion_mnist, folder
from alexnet_bench.data.dataset import Dataset
from alexnet_bench.errors import DataError, UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Description:
    """A data set that can be opened; describing it loads nothing.

    Attributes:
        spec: how it is asked for, an optional path in brackets.
        help: one line.
        default_topology: what it is trained at unless told otherwise.
        open: opens it from a path, or from None where none was given.
    """

    spec: str
    help: str
    default_topology: str
    open: Callable[[str | None], Dataset]

    @property
    def takes_path(self) -> bool:
        """Whether a path may follow the name."""
        return "PATH" in self.spec

    @property
    def needs_path(self) -> bool:
        """Whether a path must follow the name."""
        return self.takes_path and "[" not in self.spec


def _open_digits(_: str | None) -> Dataset:
    return digits.open_digits()


def _open_folder(path: str | None) -> Dataset:
    return folder.open_folder(path or "")


DATASETS: dict[str, Description] = {
    "digits": Description(
        spec="digits",
        help="1,797 handwritten digits, 8 × 8, grey; installed with scikit-learn",
        default_topology=digits.TOPOLOGY,
        open=_open_digits,
    ),
    "fashion-mnist": Description(
        spec="fashion-mnist[:PATH]",
        help="70,000 clothes, 28 × 28, grey; gzipped IDX files, Debian's package, or downloaded",
        default_topology=fashion_mnist.TOPOLOGY,
        open=fashion_mnist.open_fashion_mnist,
    ),
    "cifar10": Description(
        spec="cifar10[:PATH]",
        help="60,000 photographs, 32 × 32, colour; standard binary batches, or downloaded",
        default_topology=cifar10.TOPOLOGY,
        open=cifar10.open_cifar10,
    ),
    "folder": Description(
        spec="folder:PATH",
        help="your own JPEG or PNG files: PATH/<class>/, or PATH/train/<class>/ beside PATH/val or PATH/test",
        default_topology=folder.TOPOLOGY,
        open=_open_folder,
    ),
}


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
    if colon and not description.takes_path:
        raise DataError(f"'{spec}': {name} takes no path; write {description.spec}")
    if not path and (colon or description.needs_path):
        raise DataError(f"'{spec}' names no folder; write {description.spec}")
    try:
        return description.open(path or None)
    except OSError as error:
        raise DataError(
            f"{error.filename or spec} cannot be read ({error.strerror or error}); "
            "check the path and its permissions"
        ) from error
