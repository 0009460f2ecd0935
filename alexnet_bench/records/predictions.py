"""What trials left beside their records: the test images that they got right, and their first filters."""

import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from alexnet_bench.errors import BenchWarning, RecordError
from alexnet_bench.records.files import is_there, reading
from alexnet_bench.records.schema import Trial

# Some hundred times what those of ImageNet's test images take.
MOST_BYTES = 2**26


@dataclass(frozen=True)
class Predictions:
    """The files of some runs' trials; one that cannot be read counts as absent, with a warning.

    Args:
        folders: of the runs, by their ids; none where only the records are at hand.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    _places: dict[tuple[str, str | None], NDArray[np.uint8] | None] = field(default_factory=dict, init=False)

    def right(self, trial: Trial, top: int) -> NDArray[np.bool_] | None:
        """Whether each test image's class is among the `top` likeliest: (images,); None without a file."""
        # A file is read once, whoever asks: a control's is asked for by every arm.
        key = trial.run_id, trial.predictions
        if key not in self._places:
            self._places[key] = self._place_of_class(trial)
        places = self._places[key]
        return None if places is None else places < top

    def classes(self, trial: Trial) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Each test image's class, and the one it was taken for: (images,) both; None without a file."""
        kept = self._read(trial, likeliest=2, labels=1)
        if not kept:
            return None
        # What is no number of a class becomes one that no data set has.
        with np.errstate(invalid="ignore"):
            return kept["labels"].astype(np.int64), kept["likeliest"][:, 0].astype(np.int64)

    def places(self, trial: Trial) -> NDArray[np.int64] | None:
        """Of cross-validation, the place of each test image among all: (images,); None of other trials."""
        kept = self._read(trial, places=1)
        return np.asarray(kept["places"], "int64") if kept else None

    def filters(self, trial: Trial) -> NDArray[np.float32] | None:
        """The kernels of conv1: (towers, height, width, channels, kernels a tower); None where not kept."""
        kept = self._read(trial, filters=5)
        return np.asarray(kept["filters"], "float32") if kept else None

    def _place_of_class(self, trial: Trial) -> NDArray[np.uint8] | None:
        """The place of each image's class among the likeliest, from 0 on; their number where it is none."""
        kept = self._read(trial, likeliest=2, labels=1)
        if not kept:
            return None
        hits = kept["likeliest"] == kept["labels"][:, None]
        return np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1]).astype(np.uint8)

    def _read(self, trial: Trial, **dimensions: int) -> dict[str, NDArray[Any]]:
        """The arrays wanted of a trial's file, by their numbers of dimensions; none where not kept."""
        folder, name = self.folders.get(trial.run_id), trial.predictions
        if folder is None or name is None:
            return {}
        try:
            found = _arrays(_inside(folder, name), dimensions)
            if len({len(array) for name, array in found.items() if name != "filters"}) > 1:
                raise ValueError("its arrays are of different numbers of images")
            return found
        # A damaged or crafted archive is told by errors of many kinds.
        except Exception as error:
            warnings.warn(
                f"{folder / name} cannot be read ({error}); it counts as absent, and what rests on the "
                "images that its trial got right is left out",
                BenchWarning,
                stacklevel=2,
            )
            return {}


def _inside(folder: Path, name: str) -> Path:
    """The file of a name that a record gives, which may have been written by anybody."""
    own, file = (Path(os.path.realpath(path)) for path in (folder, folder / name))
    if not file.is_relative_to(own) or ".." in Path(name).parts:
        raise RecordError("it lies outside of its run's folder")
    return file


def _arrays(file: Path, dimensions: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    if not is_there(file):
        return {}
    with reading(file, MOST_BYTES) as opened, zipfile.ZipFile(opened) as archive:
        if not {f"{name}.npy" for name in dimensions} <= set(archive.namelist()):
            return {}
        return {name: _array(archive, f"{name}.npy", count) for name, count in dimensions.items()}


def _array(archive: zipfile.ZipFile, name: str, dimensions: int) -> NDArray[Any]:
    """An array of numbers; its header is not believed, and nothing in it is executed."""
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} has more than {MOST_BYTES} bytes")
    packed = io.BytesIO(archive.read(name))
    if npy.read_magic(packed) != (1, 0):
        raise ValueError(f"{name} is of another version than 1.0")
    shape, is_fortran, dtype = npy.read_array_header_1_0(packed)
    if dtype.kind not in "iuf" or len(shape) != dimensions or not all(shape):
        raise ValueError(f"{name} is {dtype} {shape}, not {dimensions} dimensions of numbers")
    values = np.frombuffer(packed.getbuffer()[packed.tell() :], dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")
