"""Data sets that Keras downloads."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout

import numpy as np

from alexnet_bench.data.dataset import Split
from alexnet_bench.errors import DataError

Pair = tuple[np.ndarray, np.ndarray]


def download(
    name: str, remedy: str, load: Callable[[], tuple[Pair, Pair]] | None = None
) -> tuple[Split, Split]:
    """Return the (train, test) of `keras.datasets.<name>`, downloaded unless Keras has it already.

    Args:
        name: the module in `keras.datasets`.
        remedy: what to do where it cannot be downloaded, for the error.
        load: replaces Keras' own `load_data`.
    """
    try:
        # Keras draws its progress on standard output, which belongs to the command's results.
        with redirect_stdout(sys.stderr):
            train, test = (load or _keras_loader(name))()
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} could not be downloaded ({reason}); {remedy}") from error
    return _split(*train), _split(*test)


def _keras_loader(name: str) -> Callable[[], tuple[Pair, Pair]]:
    import keras

    return getattr(keras.datasets, name).load_data


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    if images.ndim == 3:
        images = images[..., np.newaxis]
    return Split(images=images, labels=labels.ravel().astype(np.int64))
